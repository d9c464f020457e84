package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath/beneathtest"
)

func sample(t testing.TB) *Manifest {
	t.Helper()
	m, err := New(
		Own{Folders: []string{"usr/share/coffer", "etc/nginx"}, Built: []string{"usr/share/coffer/cache", "usr/bin/coffer"}},
		Set{Files: fstest.MapFS{
			"etc/nginx/nginx.conf":          {Data: []byte("events {}\n")},
			"etc/nginx/coffer/http.conf":    {Data: []byte("a on;\n")},
			"usr/share/coffer/edge/err.css": {Data: []byte("b {}\n")},
		}},
		Set{Prefix: "usr/share/coffer", Files: fstest.MapFS{
			"templates/login.tmpl": {Data: []byte("<form>")},
			"static/app.js":        {Data: []byte("export {}")},
		}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func install(t testing.TB, m *Manifest) string {
	t.Helper()
	root := t.TempDir()
	r, err := m.Install(root, slog.New(slog.DiscardHandler))
	if err != nil || len(r.Findings) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	return root
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// verify compares the tree with the manifest by other means than its own.
func verify(t *testing.T, m *Manifest, root string) {
	t.Helper()
	want := []string{}
	for _, e := range m.entries {
		want = append(want, e.Name)
		path := filepath.Join(root, e.Name)
		info, err := os.Lstat(path)
		must(t, err)
		text, err := os.ReadFile(path)
		st := info.Sys().(*syscall.Stat_t)
		if err != nil || info.Mode() != 0o444 || string(text) != string(e.Content) || int(st.Uid) != os.Geteuid() || st.Nlink != 1 {
			t.Errorf("%s: %v %d %q %v", e.Name, info.Mode(), st.Uid, text, err)
		}
	}
	var got []string
	for _, dir := range []string{"etc/nginx", "usr/share/coffer"} {
		must(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if e.IsDir() && (err != nil || info.Mode().Perm() != 0o755) {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
			if !e.IsDir() {
				rel, _ := filepath.Rel(root, path)
				got = append(got, rel)
			}
			return nil
		}))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the tree holds %v", got)
	}
}

func TestTamperingIsRepaired(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	for name, row := range map[string]struct {
		tamper func(root string) error
		path   string
		what   string
	}{
		"content":     {func(r string) error { return rewrite(r+"/usr/share/coffer/templates/login.tmpl", "<evil>") }, "/usr/share/coffer/templates/login.tmpl", "other content"},
		"same length": {func(r string) error { return rewrite(r+"/usr/share/coffer/templates/login.tmpl", "<FORM>") }, "/usr/share/coffer/templates/login.tmpl", "other content"},
		"longer":      {func(r string) error { return rewrite(r+"/etc/nginx/nginx.conf", "events {}\nload_module x;") }, "/etc/nginx/nginx.conf", "other content"},
		"mode":        {func(r string) error { return os.Chmod(r+"/etc/nginx/coffer/http.conf", 0o646) }, "/etc/nginx/coffer/http.conf", "mode 0646"},
		"set-id":      {func(r string) error { return unix.Chmod(r+"/usr/share/coffer/static/app.js", 0o4444) }, "/usr/share/coffer/static/app.js", "mode 4444"},
		"missing":     {func(r string) error { return os.Remove(r + "/etc/nginx/nginx.conf") }, "/etc/nginx/nginx.conf", "missing"},
		"missing folder": {func(r string) error { return os.RemoveAll(r + "/usr/share/coffer/static") },
			"/usr/share/coffer/static/app.js", "missing"},
		"a link": {func(r string) error { return swap(r+"/usr/share/coffer/static/app.js", "/etc/passwd") },
			"/usr/share/coffer/static/app.js", "a symbolic link"},
		"a link to the same content": {func(r string) error {
			return errors.Join(os.WriteFile(r+"/copy", []byte("export {}"), 0o444), swap(r+"/usr/share/coffer/static/app.js", "../../../../copy"))
		}, "/usr/share/coffer/static/app.js", "a symbolic link"},
		"a linked folder": {func(r string) error {
			return errors.Join(os.Rename(r+"/usr/share/coffer/templates", r+"/moved"), os.Symlink(r+"/moved", r+"/usr/share/coffer/templates"))
		}, "/usr/share/coffer/templates", "a symbolic link in place of a folder"},
		"a second name": {func(r string) error { return os.Link(r+"/etc/nginx/nginx.conf", r+"/second") }, "/etc/nginx/nginx.conf", "a file with a second name (hard link)"},
		"a FIFO": {func(r string) error {
			return errors.Join(os.Remove(r+"/etc/nginx/nginx.conf"), unix.Mkfifo(r+"/etc/nginx/nginx.conf", 0o444))
		}, "/etc/nginx/nginx.conf", "a FIFO"},
		"a folder for a file": {func(r string) error {
			return errors.Join(os.Remove(r+"/etc/nginx/nginx.conf"), os.MkdirAll(r+"/etc/nginx/nginx.conf/x/y", 0o755))
		}, "/etc/nginx/nginx.conf", "a directory"},
		"folder mode": {func(r string) error { return os.Chmod(r+"/usr/share/coffer/templates", 0o777) }, "/usr/share/coffer/templates", "mode 0777"},
		"extra file":  {func(r string) error { return os.WriteFile(r+"/usr/share/coffer/templates/evil.tmpl", nil, 0o644) }, "/usr/share/coffer/templates/evil.tmpl", "not part of the box"},
		"extra link":  {func(r string) error { return os.Symlink("/etc", r+"/usr/share/coffer/static/etc") }, "/usr/share/coffer/static/etc", "not part of the box"},
		"extra folder": {func(r string) error {
			return errors.Join(os.Mkdir(r+"/etc/nginx/conf.d", 0o755), os.WriteFile(r+"/etc/nginx/conf.d/evil.conf", nil, 0o644))
		}, "/etc/nginx/conf.d", "not part of the box"},
		"owner":        {func(r string) error { return chown(r + "/usr/share/coffer/templates/login.tmpl") }, "/usr/share/coffer/templates/login.tmpl", "owned by 10003:10003"},
		"folder owner": {func(r string) error { return chown(r + "/usr/share/coffer/templates") }, "/usr/share/coffer/templates", "owned by 10003:10003"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "owner") && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			m := sample(t)
			root := install(t, m)
			passwd, _ := os.ReadFile("/etc/passwd")
			must(t, row.tamper(root))
			r, err := m.Enforce(root, slog.New(slog.DiscardHandler))
			if err != nil || r.Standing() != 0 || r.Repaired() < 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Path == row.path && f.What == row.what && f.Repaired }) {
				t.Errorf("%+v", r.Findings)
			}
			verify(t, m, root)
			if again, _ := os.ReadFile("/etc/passwd"); string(again) != string(passwd) {
				t.Fatal("a file outside was changed")
			}
			if r, err := m.Enforce(root, slog.New(slog.DiscardHandler)); err != nil || len(r.Findings) > 0 {
				t.Errorf("a second look finds %+v, %v", r, err)
			}
		})
	}
}

// TestPlantsInEveryRow: whatever is planted in the place of a protected file or
// of a folder of the box's own is replaced by the true one, and never opened,
// followed or changed. What has no true copy is told and left alone.
func TestPlantsInEveryRow(t *testing.T) {
	m := sample(t)
	root := install(t, m)
	must(t, os.MkdirAll(root+"/usr/bin", 0o755))
	rows := slices.Clone(m.dirs)
	for _, e := range m.entries {
		rows = append(rows, e.Name)
	}
	for _, kind := range beneathtest.Kinds() {
		for _, name := range rows {
			t.Run(name+" "+kind.Name, func(t *testing.T) {
				victim := beneathtest.New(t)
				victim.Plant(kind, filepath.Join(root, name))
				r, err := m.Enforce(root, slog.New(slog.DiscardHandler))
				if err != nil || r.Standing() != 0 || !slices.ContainsFunc(r.Findings, func(f Finding) bool {
					return f.Path == "/"+name && strings.HasPrefix(strings.Replace(f.What, "a file in place", kind.What, 1), kind.What) && f.Repaired
				}) {
					t.Errorf("%+v, %v", r, err)
				}
				victim.Gone(filepath.Join(root, name))
				victim.Untouched()
				verify(t, m, root)
			})
		}
		for _, name := range append(m.Built, m.Built[0]+"/inside") {
			t.Run(name+" "+kind.Name, func(t *testing.T) {
				victim := beneathtest.New(t)
				path := filepath.Join(root, name)
				must(t, os.MkdirAll(filepath.Dir(path), 0o755))
				victim.Plant(kind, path)
				r, err := m.Enforce(root, slog.New(slog.DiscardHandler))
				if err != nil || r.Standing() != 1 || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Path == "/"+name && !f.Repaired }) {
					t.Errorf("%+v, %v", r, err)
				}
				victim.Stands(path)
				victim.Untouched()
				must(t, os.Remove(path), os.RemoveAll(filepath.Join(root, m.Built[0])))
			})
		}
	}
}

// All of them at once: there is nothing true left to lean on.
func TestPlantsAsEveryRow(t *testing.T) {
	m := sample(t)
	for _, kind := range beneathtest.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			root := install(t, m)
			victim := beneathtest.New(t)
			for _, e := range m.entries {
				victim.Plant(kind, filepath.Join(root, e.Name))
			}
			if r, err := m.Enforce(root, slog.New(slog.DiscardHandler)); err != nil || r.Standing() != 0 || r.Repaired() != m.Len() {
				t.Errorf("%+v, %v", r, err)
			}
			victim.Untouched()
			verify(t, m, root)
		})
	}
}

func rewrite(path, text string) error {
	return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte(text), 0o644), os.Chmod(path, 0o444))
}

func swap(path, target string) error { return errors.Join(os.Remove(path), os.Symlink(target, path)) }

func chown(path string) error { return os.Chown(path, 10003, 10003) }

// TestOldHandleIsWorthless: who changed a file's owner could keep it open, so
// repair makes a new file.
func TestOldHandleIsWorthless(t *testing.T) {
	m := sample(t)
	root := install(t, m)
	path := root + "/usr/share/coffer/templates/login.tmpl"
	must(t, os.Chmod(path, 0o666))
	held, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer held.Close()
	_, err = m.Enforce(root, slog.New(slog.DiscardHandler))
	must(t, err)
	_, err = held.WriteString("<evil>")
	must(t, err)
	verify(t, m, root)
}

func TestBuiltFiles(t *testing.T) {
	m := sample(t)
	root := install(t, m)
	cache, program := root+"/usr/share/coffer/cache", root+"/usr/bin/coffer"
	must(t, os.MkdirAll(cache+"/x", 0o755), os.WriteFile(cache+"/x/code", []byte("made here"), 0o666), os.Chmod(cache+"/x/code", 0o666),
		os.MkdirAll(root+"/usr/bin", 0o755), os.WriteFile(program, nil, 0o775), os.Chmod(program, 0o4775))
	r, err := m.Enforce(root, slog.New(slog.DiscardHandler))
	if err != nil || r.Standing() != 0 || r.Repaired() != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	for path, mode := range map[string]os.FileMode{cache: 0o555 | os.ModeDir, cache + "/x": 0o555 | os.ModeDir, cache + "/x/code": 0o444, program: 0o555} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	must(t, os.Chmod(cache, 0o755), os.Symlink("/etc", cache+"/link"))
	if r, err := m.Enforce(root, slog.New(slog.DiscardHandler)); err != nil || r.Standing() != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestFoldersOfTheSystemAreLeftAlone(t *testing.T) {
	m := sample(t)
	root := install(t, m)
	must(t, os.WriteFile(root+"/usr/share/other", nil, 0o666), os.Chmod(root+"/usr/share", 0o777))
	r, err := m.Enforce(root, slog.New(slog.DiscardHandler))
	if err != nil || r.Standing() != 1 || r.Findings[0].Path != "/usr/share" {
		t.Errorf("%+v, %v", r, err)
	}
	if info, err := os.Stat(root + "/usr/share"); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(root + "/usr/share/other"); err != nil {
		t.Error(err)
	}
}

// TestReadOnly runs itself as a user who may not change the tree.
func TestReadOnly(t *testing.T) {
	if root := os.Getenv("MANIFEST_TEST_ROOT"); root != "" {
		r, err := sample(t).Enforce(root, slog.New(slog.DiscardHandler))
		fmt.Printf("standing %d repaired %d %v %+v\n", r.Standing(), r.Repaired(), err, r.Findings)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	m := sample(t)
	root := install(t, m)
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		must(t, os.Chmod(dir, 0o755))
	}
	must(t, rewrite(root+"/etc/nginx/nginx.conf", "evil"))
	mount := func(flags uintptr) error { return unix.Mount(root, root, "", unix.MS_BIND|flags, "") }
	// A mount of its own that is read-only, as in a container with --read-only.
	if err := mount(0); err != nil {
		t.Skip("cannot mount:", err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(root, unix.MNT_DETACH)) })
	must(t, mount(unix.MS_REMOUNT|unix.MS_RDONLY))
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestReadOnly$")
	cmd.Env = []string{"MANIFEST_TEST_ROOT=" + root}
	out, err := cmd.CombinedOutput()
	must(t, err)
	if !strings.Contains(string(out), "standing 1 repaired 0 <nil>") || !strings.Contains(string(out), "other content (read-only file system)") {
		t.Errorf("%s", out)
	}
	if text, _ := os.ReadFile(root + "/etc/nginx/nginx.conf"); string(text) != "evil" {
		t.Errorf("%q", text)
	}
}

// TestRootsFilesServeAUser: without root the image's files are root's, which
// is no fault; another user's are one, and can only be told.
func TestRootsFilesServeAUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	root := install(t, sample(t))
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		must(t, os.Chmod(dir, 0o755))
	}
	as := func(want string) {
		t.Helper()
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestReadOnly$")
		cmd.Dir, cmd.Env = "/", []string{"MANIFEST_TEST_ROOT=" + root}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4242, Gid: 4242}}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("no %q in %s, %v", want, out, err)
		}
	}
	as("standing 0 repaired 0 <nil>")
	must(t, os.Chown(root+"/usr/share/coffer/static/app.js", 5555, 5555))
	as("standing 1 repaired 0 <nil> [{Path:/usr/share/coffer/static/app.js What:owned by 5555:5555")
}

func TestNothingOfOursUnderSlash(t *testing.T) {
	if _, err := os.Stat("/usr/share/coffer"); err == nil {
		t.Skip("the box is installed on this machine")
	}
	if _, err := sample(t).Enforce("/", slog.New(slog.DiscardHandler)); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("%v", err)
	}
}

func TestSetsMayNotCollide(t *testing.T) {
	set := Set{Prefix: "a", Files: fstest.MapFS{"x": {}}}
	if _, err := New(Own{}, set, set); err == nil {
		t.Error("two files have one name")
	}
}

func TestTimesTellContentsApart(t *testing.T) {
	m := sample(t)
	one, two := install(t, m), install(t, m)
	seen := map[time.Time]string{}
	for _, e := range m.entries {
		a, errA := os.Stat(filepath.Join(one, e.Name))
		b, errB := os.Stat(filepath.Join(two, e.Name))
		must(t, errA, errB)
		if !a.ModTime().Equal(b.ModTime()) || a.ModTime().After(time.Now().AddDate(20, 0, 0)) {
			t.Errorf("%s: %v and %v", e.Name, a.ModTime(), b.ModTime())
		}
		if other := seen[a.ModTime()]; other != "" {
			t.Errorf("%s and %s have one time", other, e.Name)
		}
		seen[a.ModTime()] = e.Name
	}
}

// BenchmarkClean is the cost of a start when nothing is wrong.
func BenchmarkClean(b *testing.B) {
	files := fstest.MapFS{}
	for i := range 80 {
		files[fmt.Sprintf("static/%d", i)] = &fstest.MapFile{Data: make([]byte, 16<<10)}
	}
	m, err := New(Own{Folders: []string{"usr/share/coffer"}}, Set{Prefix: "usr/share/coffer", Files: files})
	must(b, err)
	root := install(b, m)
	log := slog.New(slog.DiscardHandler)
	for b.Loop() {
		if r, err := m.Enforce(root, log); err != nil || len(r.Findings) > 0 {
			b.Fatal(r, err)
		}
	}
}
