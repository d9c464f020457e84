// Command coffer is the whole box: init, the services it starts, and the
// owner's commands are roles of this one program.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	_ "time/tzdata" // COFFER's zone works in an image without zone files

	"coffer/services/library"
)

// version is set when the program is built.
var version = "dev"

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// stdio is what a role talks through.
type stdio struct{ in, out, err *os.File }

// call is how a role was called.
type call struct {
	stdio
	args []string // after the role's name
	env  []string
}

// Exit codes, besides those that roles document.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run finds the role and plays it. The result is the exit code.
func run(ctx context.Context, args, env []string, io stdio) int {
	if len(args) == 0 {
		fmt.Fprint(io.err, usage())
		return exitUsage
	}
	for _, r := range roles() {
		if r.name == args[0] {
			return r.play(ctx, call{io, args[1:], env})
		}
	}
	fmt.Fprintf(io.err, "coffer: there is no command %q\n\n%s", strings.Join(args, " "), usage())
	return exitUsage
}

// fail prints why a role ends, one line per error, and what to do when that is
// known.
func (c call) fail(role string, err error) int {
	text := err.Error()
	if e, ok := errors.AsType[*library.Error](err); ok && e.Hint != "" {
		text += "\n" + e.Hint
	}
	for _, line := range strings.Split(text, "\n") {
		fmt.Fprintf(c.err, "coffer %s: %s\n", role, line)
	}
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

// errUsage marks an error in how a command was called.
var errUsage = errors.New("wrong use")
