package beneathtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A test that relies on a victim relies on it being seen.
func TestWhatIsDoneIsSeen(t *testing.T) {
	dir := t.TempDir()
	for name, row := range map[string]struct {
		do   func(v *Victim) error
		want string
	}{
		"nothing":            {func(*Victim) error { return nil }, ""},
		"a look by a handle": {func(v *Victim) error { return open(v.File, unix.O_PATH) }, ""},
		"opened":             {func(v *Victim) error { return open(v.File, unix.O_RDONLY) }, "file was opened"},
		"opened by its other name": {func(v *Victim) error {
			return open(filepath.Join(dir, "hard link"), unix.O_RDONLY)
		}, "file was opened"},
		"a FIFO opened": {func(*Victim) error { return open(filepath.Join(dir, "FIFO"), unix.O_RDONLY|unix.O_NONBLOCK) }, "FIFO was opened"},
		"a new file": {func(v *Victim) error {
			return open(filepath.Join(dir, "link to a folder", "x"), unix.O_CREAT|unix.O_EXCL)
		}, "victim/x was made"},
	} {
		t.Run(name, func(t *testing.T) {
			v := New(t)
			for _, k := range Kinds() {
				v.Plant(k, filepath.Join(dir, k.Name))
			}
			if err := row.do(v); err != nil {
				t.Fatal(err)
			}
			events := v.events()
			seen := slices.ContainsFunc(events, func(e string) bool { return strings.HasSuffix(e, row.want) })
			if (len(events) > 0) != (row.want != "") || row.want != "" && !seen {
				t.Errorf("seen %q, want %q", events, row.want)
			}
			for _, k := range Kinds() {
				v.Stands(filepath.Join(dir, k.Name))
			}
			_ = os.Remove(filepath.Join(v.Folder, "x"))
		})
	}
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}
