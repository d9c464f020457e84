//go:build race

package confine

// raced is true under the race detector, whose runtime needs system calls that
// a confined program does not have.
const raced = true
