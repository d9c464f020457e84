//go:build cgo

package posture

const cgo = true
