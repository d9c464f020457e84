package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func testOptions(t *testing.T, uid int) Options {
	dir := t.TempDir()
	return Options{
		Data: filepath.Join(dir, "data"), Run: filepath.Join(dir, "run/coffer"),
		Roles: RolesFor(Owner{uid, uid}), Log: slog.New(slog.DiscardHandler),
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// show describes a path as mode uid:gid.
func show(t *testing.T, path string) string {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	return fmt.Sprintf("%04o %d:%d", st.Mode&0o7777, st.Uid, st.Gid)
}

func TestTable(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	defer unix.Umask(unix.Umask(0o077))
	must(t, os.MkdirAll(o.Data, 0o755), os.Chmod(o.Data, 0o1777)) // as in the image
	if _, err := Enforce(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		o.Data: "0755 0:0", o.Data + "/config": "0755 0:0", o.Data + "/secrets": "0711 0:0", o.Data + "/logs": "0755 0:0",
		o.Data + "/store": "0700 1000:1000", o.Data + "/blobs": "0700 1000:1000", o.Data + "/backups": "0700 1000:1000",
		o.Run: "0755 0:0", o.Run + "/nginx": "0700 10001:10001", o.Run + "/edge": "0750 0:10001", o.Run + "/parser": "0700 10004:10004",
		o.Data + "/.api-owner": "0644 0:0",
	}
	for path, mode := range want {
		if got := show(t, path); got != mode {
			t.Errorf("%s is %s, want %s", path, got, mode)
		}
	}
	if r, err := Enforce(t.Context(), o); err != nil || len(r.Made)+len(r.Repaired)+r.Moved != 0 {
		t.Errorf("a second start changed %+v, %v", r, err)
	}
	// Everything wrong, and mended.
	must(t, os.WriteFile(o.Data+"/service-token", []byte("x"), 0o666), os.Chmod(o.Data, 0o777),
		os.Chown(o.Data+"/secrets", 1000, 1000), os.Chmod(o.Data+"/secrets", 0o777), os.Chmod(o.Data+"/store", 0o755),
		os.Chown(o.Run+"/edge", 10001, 10001))
	want[o.Data+"/service-token"] = "0600 1000:1000"
	r, err := Enforce(t.Context(), o)
	if err != nil || len(r.Repaired) != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	for path, mode := range want {
		if got := show(t, path); got != mode {
			t.Errorf("%s is %s, want %s", path, got, mode)
		}
	}
}

// library fills each tree with files of one user.
func library(t *testing.T, o Options, files int) {
	t.Helper()
	uid := o.Roles.API.UID
	for i := range files {
		for _, tree := range trees() {
			dir := filepath.Join(o.Data, tree, fmt.Sprintf("%02d", i%7))
			must(t, os.MkdirAll(dir, 0o700), os.Chown(dir, uid, uid))
			file := filepath.Join(dir, fmt.Sprint(i))
			must(t, os.WriteFile(file, nil, 0o600), os.Chown(file, uid, uid))
		}
	}
}

func foreign(t *testing.T, data string, uid int) (wrong []string) {
	t.Helper()
	for _, tree := range trees() {
		must(t, filepath.WalkDir(filepath.Join(data, tree), func(path string, _ fs.DirEntry, err error) error {
			var st unix.Stat_t
			if e := unix.Lstat(path, &st); e != nil || err != nil {
				return errors.Join(e, err)
			}
			if int(st.Uid) != uid || int(st.Gid) != uid {
				wrong = append(wrong, path)
			}
			return nil
		}))
	}
	return wrong
}

func TestAnotherUserTakesOver(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	_, err := Enforce(t.Context(), o)
	must(t, err)
	library(t, o, 30)
	outside := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(outside, nil, 0o600), os.Link(outside, o.Data+"/store/second-name"), os.Symlink(outside, o.Data+"/store/link"),
		unix.Mkfifo(o.Data+"/blobs/fifo", 0o600), os.Lchown(o.Data+"/store/link", 1000, 1000))
	// A second name of the API's own file is a copy that somebody keeps.
	must(t, os.Link(o.Data+"/blobs/01/1", filepath.Join(t.TempDir(), "kept")))

	o.Roles.API = Owner{2000, 2000}
	var log bytes.Buffer
	o.Log, o.ProgressEvery = slog.New(slog.NewTextHandler(&log, nil)), time.Nanosecond
	r, err := Enforce(t.Context(), o)
	if err != nil || r.Moved != 30*4+7*4+4 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, words := range []string{"uid=2000 gid=2000 from=[1000]", "done=1\n", "done=100\n", "files=152 left_alone=3"} {
		if !strings.Contains(log.String(), words) {
			t.Errorf("the log does not tell %q:\n%s", words, &log)
		}
	}
	want := []string{o.Data + "/store/link", o.Data + "/store/second-name", o.Data + "/blobs/fifo"}
	if got := foreign(t, o.Data, 2000); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("not handed over: %v, want %v", got, want)
	}
	if got := show(t, outside); got != "0600 0:0" {
		t.Errorf("a planted second name got its file handed over: %s", got)
	}
	if r, err := Enforce(t.Context(), o); err != nil || r.Moved != 0 {
		t.Errorf("a second start moved %+v, %v", r, err)
	}
}

// TestOrdinaryStartsDoNotWalk would fail if anything below the table's rows
// were looked at.
func TestOrdinaryStartsDoNotWalk(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	_, err := Enforce(t.Context(), o)
	must(t, err)
	library(t, o, 3)
	deep := o.Data + "/blobs/00/0"
	must(t, os.Chown(deep, 4000, 4000), os.Chmod(deep, 0o604))
	if r, err := Enforce(t.Context(), o); err != nil || r.Moved+len(r.Repaired) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := show(t, deep); got != "0604 4000:4000" {
		t.Errorf("a file of the library was changed to %s", got)
	}
}

// TestTakingOverGoesOn stops the migration after each of its steps.
func TestTakingOverGoesOn(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	_, err := Enforce(t.Context(), o)
	must(t, err)
	library(t, o, 10)
	o.Roles.API = Owner{2000, 2000}
	for stop := range 60 {
		_, err := Enforce(&countdown{Context: t.Context(), left: stop}, o)
		if err == nil {
			break
		}
		rec, _ := os.ReadFile(o.Data + "/" + recordName)
		if !strings.Contains(string(rec), "moving") {
			t.Fatalf("interrupted, and the record says %s", rec)
		}
		if len(foreign(t, o.Data, o.Roles.API.UID)) == 0 {
			t.Fatal("interrupted, and complete")
		}
		if stop == 5 { // the owner changes again in the middle
			o.Roles.API = Owner{3000, 3000}
		}
	}
	if _, err := Enforce(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := foreign(t, o.Data, 3000); len(got) > 0 {
		t.Errorf("not handed over: %v", got)
	}
	if rec, _ := os.ReadFile(o.Data + "/" + recordName); string(rec) != `{"uid":3000,"gid":3000}`+"\n" {
		t.Errorf("the record says %s", rec)
	}
}

// countdown is cancelled after so many questions.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return errors.New("interrupted")
	}
	return nil
}

func TestDamagedRecord(t *testing.T) {
	asRoot(t)
	for name, content := range map[string]string{"empty": "", "not JSON": "x", "no user": "{}", "too large": strings.Repeat("x", 5000)} {
		o := testOptions(t, 1000)
		_, err := Enforce(t.Context(), o)
		must(t, err)
		library(t, o, 2)
		must(t, os.WriteFile(o.Data+"/"+recordName, []byte(content), 0o644))
		o.Roles.API = Owner{2000, 2000}
		if _, err := Enforce(t.Context(), o); err != nil || len(foreign(t, o.Data, 2000)) > 0 {
			t.Errorf("%s: %v, %v", name, err, foreign(t, o.Data, 2000))
		}
	}
}

// TestAsUser runs itself as a plain user.
func TestAsUser(t *testing.T) {
	if dir := os.Getenv("LAYOUT_TEST_DIR"); dir != "" {
		o := Options{Data: dir + "/data", Run: dir + "/run", Roles: RolesFor(Owner{1000, 1000}), Log: slog.New(slog.DiscardHandler)}
		r, err := Enforce(t.Context(), o)
		fmt.Printf("made %d repaired %d\n%v\n", len(r.Made), len(r.Repaired), err)
		return
	}
	asRoot(t)
	const uid = 4242
	for name, row := range map[string]struct {
		prepare func(dir string) error
		want    []string
	}{
		"a fresh volume": {func(d string) error {
			return errors.Join(os.Mkdir(d+"/data", 0), os.Chmod(d+"/data", 0o1777), os.Mkdir(d+"/run", 0), os.Chown(d+"/run", uid, uid), os.Chmod(d+"/run", 0o755))
		}, []string{"made 16 repaired 0", "<nil>"}},
		"another's volume": {func(d string) error {
			return errors.Join(os.Mkdir(d+"/data", 0o755), os.Mkdir(d+"/run", 0o755), os.Chown(d+"/run", uid, uid))
		}, []string{"/data/config is not writable for user 4242:4242, as whom the box runs; ", "/data belongs to 0:0, mode 0755", "chown -R 4242:4242 "}},
		"another's folder inside": {func(d string) error {
			return errors.Join(os.Mkdir(d+"/data", 0), os.Chmod(d+"/data", 0o1777), os.Mkdir(d+"/data/store", 0o700), os.Mkdir(d+"/run", 0o755), os.Chown(d+"/run", uid, uid))
		}, []string{"/data/store is not writable for user 4242:4242", "chown -R 4242:4242 "}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "layout")
			must(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			must(t, os.Chmod(dir, 0o755), row.prepare(dir))
			// Its own program by a name that needs no folder on the way.
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestAsUser$")
			cmd.Dir = "/"
			cmd.Env = []string{"LAYOUT_TEST_DIR=" + dir}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			out, err := cmd.CombinedOutput()
			must(t, err)
			for _, want := range row.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
}

func TestProblemsNameTheRemedy(t *testing.T) {
	for _, row := range []struct {
		err    error
		root   bool
		path   string
		remedy string
	}{
		{unix.EROFS, true, "/vol/data/store", "without :ro"},
		{unix.EROFS, false, "/vol/run/edge", "--tmpfs /run"},
		{unix.ENOSPC, true, "/vol/data/store", "Make room"},
		{unix.EPERM, true, "/vol/data/store", "root_squash"},
		{unix.EACCES, false, "/vol/data/store", "chown -R"},
		{unix.EIO, true, "/vol/data/store", "working file system"},
	} {
		l := &layer{Options: Options{Data: "/vol/data", Run: "/vol/run"}, root: row.root}
		l.problem(row.path, &fs.PathError{Op: "mkdir", Path: row.path, Err: row.err})
		if got := l.problems.Error(); !strings.Contains(got, row.remedy) || !strings.Contains(got, row.path) || !errors.Is(l.problems[0], row.err) {
			t.Errorf("%v: %s", row.err, got)
		}
	}
}
