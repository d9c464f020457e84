package edge_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A private key that is handed in passes through without lying in a file of
// nginx's for a moment.
func TestPairsTouchNoFile(t *testing.T) {
	var run string
	b := startWith(t, true, nil, func(r string) { run = r })
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, filepath.Join(run, "nginx/body"), unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	files := func() bool {
		events := make([]byte, 4096)
		n, err := unix.Read(watch, events)
		return err == nil && n > 0
	}
	for _, row := range []struct {
		method, path string
		kept         bool
	}{
		{"POST", "/api/v1/sources/text", true}, // this is seen at all
		{"PATCH", "/api/v1/settings/https", false},
		{"POST", "/settings/https", false},
	} {
		for name, body := range map[string]io.Reader{
			"with a length": bytes.NewReader(make([]byte, 200<<10)), "as a stream": io.MultiReader(bytes.NewReader(make([]byte, 200<<10))),
		} {
			res := b.do(t, row.method, row.path, body)
			if _, n := b.api.last(t); res.StatusCode != 200 || n != 200<<10 {
				t.Errorf("%s %s: %d, %d bytes", row.path, name, res.StatusCode, n)
			}
			if got := files(); got != row.kept {
				t.Errorf("%s %s: a file is written: %v", row.path, name, got)
			}
		}
	}
	for _, path := range []string{"/api/v1/settings/https", "/settings/https"} {
		if res := b.do(t, "POST", path, bytes.NewReader(make([]byte, 4<<20+1))); res.StatusCode != 413 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
