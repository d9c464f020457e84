//go:build race

package supervision

const raced = true
