package restore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// again is a volume whose restore is done.
func again(t *testing.T) string {
	t.Helper()
	data := box(t)
	must(t, Decide(data, files(), quiet()))
	_, err := Finish(data, quiet())
	must(t, err)
	want(t, data, restored())
	return data
}

// before is what restored lays aside, back in its place.
func before() map[string]string {
	return map[string]string{
		"store/coffer.db": "old", "store/index/x": "old", "blobs/aa/1": "old", "secrets/session-key": "old", "secrets/setup-code": "old", "witness/owner": "kept",
		"before/store/coffer.db": "new", "before/blobs/bb/2": "new", "before/secrets/session-key": "new", "before/secrets/tls/authority.pem": "new", "before/config/coffer.yaml": "new",
	}
}

// What was there before a restore comes back, and what was restored after that.
func TestPutBack(t *testing.T) {
	data := again(t)
	at, err := Former(data)
	if must(t, err); at.IsZero() {
		t.Error("nobody says when")
	}
	for _, is := range []map[string]string{before(), restored()} {
		must(t, PutBack(data))
		if done, err := Finish(data, quiet()); !done || err != nil {
			t.Errorf("%v, %v", done, err)
		}
		want(t, data, is)
	}
}

func TestNothingToPutBack(t *testing.T) {
	data := box(t)
	was := tree(t, data)
	for _, half := range []bool{false, true} {
		if half { // which no restore leaves
			lay(t, data, map[string]string{"before/blobs/aa/1": "older"})
			was["before/blobs/aa/1"] = "older"
		}
		if at, err := Former(data); !at.IsZero() || err != nil {
			t.Errorf("%v, %v", at, err)
		}
		if err := errors.Join(PutBack(data), Forget(data)); !errors.Is(err, ErrNothing) {
			t.Errorf("%v", err)
		}
		if done, err := Finish(data, quiet()); done || err != nil {
			t.Errorf("%v, %v", done, err)
		}
		want(t, data, was)
	}
}

// However many of the renames were done when the power went, the next start
// does the others.
func TestPuttingBackInterrupted(t *testing.T) {
	steps := [][2]string{{"before", "restore/former"}}
	for _, name := range []string{"store", "blobs", "secrets", "config"} {
		steps = append(steps, [2]string{name, "before/" + name}, [2]string{"restore/former/" + name, name})
	}
	for n := range len(steps) + 1 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			data := again(t)
			must(t, PutBack(data))
			for i, s := range steps[:n] {
				must(t, os.Rename(filepath.Join(data, s[0]), filepath.Join(data, s[1])))
				if i == 0 {
					must(t, os.Mkdir(filepath.Join(data, "before"), 0o700))
				}
			}
			if done, err := Finish(data, quiet()); !done || err != nil {
				t.Errorf("%v, %v", done, err)
			}
			want(t, data, before())
		})
	}
}

// Where a folder cannot be renamed, the box starts as it was, and what was laid
// aside is still there.
func TestPutBackMounted(t *testing.T) {
	data := again(t)
	mounted := filepath.Join(data, "blobs")
	if err := syscall.Mount(mounted, mounted, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("SKIPPED: needs root to mount: %v", err)
	}
	defer func() { _ = syscall.Unmount(mounted, syscall.MNT_DETACH) }()
	must(t, PutBack(data))
	if done, err := Finish(data, quiet()); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	want(t, data, restored())
}

func TestForget(t *testing.T) {
	data := again(t)
	must(t, Forget(data))
	left := restored()
	for name := range left {
		if strings.HasPrefix(name, Before+"/") {
			delete(left, name)
		}
	}
	want(t, data, left)
	if err := PutBack(data); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
}

// What an attempt left that was never decided goes, not what is put back.
func TestLeftovers(t *testing.T) {
	data := again(t)
	lay(t, data, map[string]string{"restore/former/store/coffer.db": "stale", "restore/staged/store/coffer.db": "stale"})
	must(t, PutBack(data))
	_, err := Finish(data, quiet())
	must(t, err)
	want(t, data, before())
}
