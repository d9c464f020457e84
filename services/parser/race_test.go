//go:build race

package parser_test

// raceEnabled: the race detector reserves more memory than a child may have.
const raceEnabled = true
