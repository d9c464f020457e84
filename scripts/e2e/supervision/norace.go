//go:build !race

package supervision

const raced = false
