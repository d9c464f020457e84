package restore

import (
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lay(t *testing.T, data string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(data, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

// tree is every file below a folder with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(content)
		return err
	}))
	return out
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// box is a volume with a restored state beside the present one.
func box(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	lay(t, data, map[string]string{
		"store/coffer.db": "old", "store/index/x": "old", "blobs/aa/1": "old", "secrets/session-key": "old", "secrets/setup-code": "old",
		"witness/owner": "kept", "restore/staged/store/coffer.db": "new", "restore/staged/blobs/bb/2": "new", "restore/staged/sealed.age": "sealed",
	})
	must(t, os.Mkdir(filepath.Join(data, "config"), 0o755))
	return data
}

func files() map[string][]byte {
	return map[string][]byte{"secrets/session-key": []byte("new"), "secrets/tls/authority.pem": []byte("new"), "config/coffer.yaml": []byte("new")}
}

func restored() map[string]string {
	return map[string]string{
		"store/coffer.db": "new", "blobs/bb/2": "new", "secrets/session-key": "new", "secrets/tls/authority.pem": "new", "config/coffer.yaml": "new",
		"witness/owner": "kept", "before/store/coffer.db": "old", "before/store/index/x": "old", "before/blobs/aa/1": "old",
		"before/secrets/session-key": "old", "before/secrets/setup-code": "old",
	}
}

func want(t *testing.T, data string, files map[string]string) {
	t.Helper()
	if got := tree(t, data); !maps.Equal(got, files) {
		t.Errorf("the volume holds\n%v\nwant\n%v", got, files)
	}
}

func TestRestore(t *testing.T) {
	data := box(t)
	lay(t, data, map[string]string{"before/store/coffer.db": "older"})
	must(t, Decide(data, files(), quiet()))
	done, err := Finish(data, quiet())
	must(t, err)
	if !done {
		t.Error("nothing was done")
	}
	want(t, data, restored())
	if done, err := Finish(data, quiet()); done || err != nil {
		t.Errorf("again: %v, %v", done, err)
	}
}

// Without a decision what is staged is nothing.
func TestUndecided(t *testing.T) {
	data := box(t)
	was := tree(t, data)
	if done, err := Finish(data, quiet()); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	want(t, data, was)
	must(t, os.RemoveAll(filepath.Join(data, "restore/staged/blobs")))
	if err := Decide(data, files(), quiet()); err == nil {
		t.Error("half of it is enough")
	}
	if done, err := Finish(filepath.Join(data, "none"), quiet()); done || err != nil {
		t.Errorf("no volume: %v, %v", done, err)
	}
}

// However many of the renames were done when the power went, the next start
// does the others.
func TestInterruptedAnywhere(t *testing.T) {
	steps := [][2]string{
		{"store", "before/store"}, {"restore/staged/store", "store"}, {"blobs", "before/blobs"}, {"restore/staged/blobs", "blobs"},
		{"secrets", "before/secrets"}, {"restore/kept/secrets", "secrets"}, {"config", "before/config"}, {"restore/kept/config", "config"},
	}
	for n := range len(steps) + 1 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			data := box(t)
			must(t, Decide(data, files(), quiet()))
			must(t, os.Mkdir(filepath.Join(data, "before"), 0o700))
			for _, s := range steps[:n] {
				must(t, os.Rename(filepath.Join(data, s[0]), filepath.Join(data, s[1])))
			}
			if done, err := Finish(data, quiet()); !done || err != nil {
				t.Errorf("%v, %v", done, err)
			}
			want(t, data, restored())
		})
	}
}

// A configuration of the owner's own stays, and files that are none of init's
// go nowhere.
func TestWhatIsNotTaken(t *testing.T) {
	data := box(t)
	lay(t, data, map[string]string{"config/coffer.yaml": "mine"})
	more := files()
	for _, name := range []string{"../../etc/passwd", "store/coffer.db", "secrets", "/secrets/x", "secrets/../witness/owner", "witness/owner", ""} {
		more[name] = []byte("evil")
	}
	var log strings.Builder
	must(t, Decide(data, more, slog.New(slog.NewTextHandler(&log, nil))))
	_, err := Finish(data, quiet())
	must(t, err)
	wanted := restored()
	wanted["config/coffer.yaml"] = "mine"
	want(t, data, wanted)
	if !strings.Contains(log.String(), "/etc/passwd") || strings.Contains(log.String(), "evil") {
		t.Errorf("the log says %s", log.String())
	}
}

// Where a folder cannot be renamed, the box starts as it was.
func TestMountedFolder(t *testing.T) {
	data := box(t)
	mounted := filepath.Join(data, "blobs")
	if err := syscall.Mount(mounted, mounted, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("SKIPPED: needs root to mount: %v", err)
	}
	defer func() { _ = syscall.Unmount(mounted, syscall.MNT_DETACH) }()
	must(t, Decide(data, files(), quiet()))
	var log strings.Builder
	if done, err := Finish(data, slog.New(slog.NewTextHandler(&log, nil))); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	if !strings.Contains(log.String(), "not restored") {
		t.Errorf("the log says %s", log.String())
	}
	want(t, data, map[string]string{
		"store/coffer.db": "old", "store/index/x": "old", "blobs/aa/1": "old", "secrets/session-key": "old", "secrets/setup-code": "old", "witness/owner": "kept",
	})
}

// What stands in for a folder is not put in place.
func TestPlanted(t *testing.T) {
	data := box(t)
	must(t, Decide(data, files(), quiet()))
	staged := filepath.Join(data, "restore/staged/store")
	must(t, os.RemoveAll(staged))
	must(t, os.Symlink("/etc", staged))
	if done, err := Finish(data, quiet()); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	if content, err := os.ReadFile(filepath.Join(data, "store/coffer.db")); string(content) != "old" {
		t.Errorf("%q, %v", content, err)
	}
	other := box(t)
	lay(t, other, map[string]string{"restore/decided.json": `{"staged":["../etc"]}`})
	if _, err := Finish(other, quiet()); err == nil {
		t.Error("a decision may name anything")
	}
}
