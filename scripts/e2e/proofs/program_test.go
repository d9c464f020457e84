package proofs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/scripts/e2e/box"
	"coffer/weaken"
)

// compile runs the go command at the top of the tree, as what ships is built
// but for the tag.
func compile(ctx context.Context, args ...string) error {
	root, err := box.Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// weakenable builds the box so that protections can be left out.
func weakenable(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "coffer")
	if err := compile(t.Context(), "build", "-tags", "weaken", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to, "./entrypoint"); err != nil {
		t.Fatal(err)
	}
	return to
}

// leaveOut copies a program that can be weakened and writes into it what it
// leaves out.
func leaveOut(from, to string, what ...weaken.Protection) error {
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if n := bytes.Count(program, []byte(weaken.Blank)); n != 1 {
		return fmt.Errorf("%s can be weakened in %d places, want 1", from, n)
	}
	at := bytes.Index(program, []byte(weaken.Blank))
	names := ""
	for _, p := range what {
		names += string(p) + ","
	}
	if len(names) > len(weaken.Blank) {
		return errors.New("too many to be left out at once")
	}
	copy(program[at:], names)
	// A process that is being started meanwhile would hold the file open, and what
	// is open for writing is not executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return errors.Join(os.WriteFile(to, program, 0o755), os.Chmod(to, 0o755))
}
