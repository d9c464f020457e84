package boot

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

// Children are known by their parent, and what a process of nginx does by its
// title.
func TestWhoTakesConnections(t *testing.T) {
	for title, want := range map[string]bool{
		"nginx: worker process":                  true,
		"nginx: worker process is shutting down": false,
	} {
		c := &exec.Cmd{Path: "/bin/sh", Args: []string{title, "-c", "echo; read line || true"}}
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// The kernel shows the title a moment after the program is executed.
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		pid := c.Process.Pid
		if !slices.Contains(children(os.Getpid()), pid) || parentOf(pid) != os.Getpid() {
			t.Errorf("%q is nobody's child", title)
		}
		if got := takes(pid); got != want {
			t.Errorf("%q takes connections: %v, want %v", title, got, want)
		}
		in.Close()
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
		if takes(pid) || slices.Contains(children(os.Getpid()), pid) {
			t.Errorf("%q has ended and still takes connections", title)
		}
	}
}
