// Package native tests the box as it runs on a machine without containers: by
// `make run` in a fresh copy of the source tree.
//
// It owns the native tier and refuses to touch the machine's own files: all that
// it starts lives in a folder of the test.
package native
