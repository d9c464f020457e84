//go:build !cgo

package posture

const cgo = false
