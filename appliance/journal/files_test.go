package journal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath/beneathtest"
)

// kept is all that lies in the files of a service, oldest first.
func kept(t *testing.T, dir, service string) string {
	t.Helper()
	var all strings.Builder
	for g := generations + 1; g >= 0; g-- {
		text, err := os.ReadFile(filepath.Join(dir, name(service, g)))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// keeping is a journal with small files.
func keeping(t *testing.T, dir string, limit int64, out io.Writer) *Journal {
	t.Helper()
	j := New(out, false)
	j.limit, j.again = limit, 20*time.Millisecond
	j.Keep(dir, "api", "worker")
	return j
}

func TestFilesTurnOverWithoutLoss(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int{1, 7, 63, 500} { // where the boundary falls differs
		service := fmt.Sprint("s", size)
		j := keeping(t, dir, 20<<10, io.Discard)
		w := pipe(t, j, service)
		for n := range 56 << 10 / (size + 40) {
			fmt.Fprintf(w, "%d %s\n", n, strings.Repeat("x", size))
			if n%100 == 99 {
				settle(t, func() bool { return j.files.bytes() == 0 })
			}
		}
		j.Close(5 * time.Second)
		text := kept(t, dir, service)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if strings.Contains(text, "not kept") {
			t.Fatalf("size %d: lines are lost", size)
		}
		for i := 1; i < len(lines); i++ {
			var before, n int
			l, ok := parseLine(service, lines[i])
			b, _ := parseLine(service, lines[i-1])
			fmt.Sscan(l.Text, &n)
			fmt.Sscan(b.Text, &before)
			if !ok || n != before+1 {
				t.Fatalf("size %d: %q follows %q", size, lines[i], lines[i-1])
			}
		}
		for g := range generations + 1 {
			st, err := os.Stat(filepath.Join(dir, name(service, g)))
			if (err == nil) != (g < generations) {
				t.Errorf("size %d: generation %d: %v", size, g, err)
			}
			if err == nil && (st.Size() > 20<<10 || st.Mode().Perm() != 0o640) {
				t.Errorf("size %d: generation %d has %d bytes, mode %v", size, g, st.Size(), st.Mode())
			}
		}
	}
}

// A hundred megabytes through one pipe: what is on disk and in memory stays
// within its bounds.
func TestFloodIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	dir := t.TempDir()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	j := New(io.Discard, false)
	j.Keep(dir)
	w := pipe(t, j, "api")
	write(t, w, strings.Repeat("flood ", 1<<10), 100<<20/(6<<10))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	j.Close(5 * time.Second)
	var size int64
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		st, _ := e.Info()
		size += st.Size()
	}
	if size == 0 || size > generations*fileLimit {
		t.Errorf("%d bytes in %d files", size, len(entries))
	}
}

func TestRestartKeepsEarlierFiles(t *testing.T) {
	dir := t.TempDir()
	for run := range 3 {
		j := keeping(t, dir, 1<<20, io.Discard)
		fmt.Fprintf(pipe(t, j, "api"), "time=x level=WARN msg=run n=%d\n", run)
		settle(t, func() bool {
			p, err := j.Read(Query{Service: "api", Limit: 10})
			return err == nil && len(p.Lines) == run+1 && p.Lines[run].Text == fmt.Sprintf("msg=run n=%d", run)
		})
		j.Close(time.Second)
	}
	if got := strings.Count(kept(t, dir, "api"), " WARN msg=run n="); got != 3 {
		t.Errorf("%d lines", got)
	}
	// A line that a crash cut short is ended, not continued.
	f, err := os.OpenFile(filepath.Join(dir, "api.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "cut sho")
	f.Close()
	j := keeping(t, dir, 1<<20, io.Discard)
	fmt.Fprintln(pipe(t, j, "api"), "whole")
	j.Close(time.Second)
	if text := kept(t, dir, "api"); !strings.Contains(text, "cut sho\n") || !strings.HasSuffix(text, " INFO whole\n") {
		t.Errorf("%q", text)
	}
}

// Something else under a file's name is never written to, and told.
func TestNothingElseIsWrittenTo(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	for name, plant := range map[string]func(path string) error{
		"a link":          func(p string) error { return os.Symlink(outside, p) },
		"a link to dev":   func(p string) error { return os.Symlink("/dev/null", p) },
		"a second name":   func(p string) error { return os.Link(outside, p) },
		"a FIFO":          func(p string) error { return unix.Mkfifo(p, 0o600) },
		"a folder":        func(p string) error { return os.Mkdir(p, 0o700) },
		"a dangling link": func(p string) error { return os.Symlink(outside+"-new", p) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(outside, []byte("as it was"), 0o600); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "api.log")
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			var out sink
			j := keeping(t, dir, 1<<20, &out)
			w := pipe(t, j, "api")
			write(t, w, "a line", 10)
			settle(t, func() bool { return strings.Contains(out.String(), "logs are not kept") })
			if text, _ := os.ReadFile(outside); string(text) != "as it was" {
				t.Errorf("it is followed: %q", text)
			}
			if _, err := os.Lstat(outside + "-new"); err == nil {
				t.Error("it is followed")
			}
			// It works again once it is gone.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			settle(t, func() bool {
				fmt.Fprintln(w, "another")
				return strings.Contains(out.String(), "logs are kept again")
			})
			j.Close(time.Second)
			if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() {
				t.Errorf("%v, %v", st, err)
			}
			if n := strings.Count(out.String(), "logs are not kept"); n != 1 {
				t.Errorf("it is told %d times", n)
			}
		})
	}
}

// None of the names of a service's files is opened when something else stands
// there, neither to remember what earlier runs wrote nor to write.
func TestPlantsInEveryRow(t *testing.T) {
	for _, kind := range beneathtest.Kinds() {
		for generation := range generations {
			t.Run(name("api", generation)+" "+kind.Name, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, name("api", generation))
				victim := beneathtest.New(t)
				victim.Plant(kind, path)
				var out sink
				j := keeping(t, dir, 1<<20, &out)
				w := pipe(t, j, "api")
				fmt.Fprintln(w, "a line")
				if generation == 0 {
					settle(t, func() bool { return strings.Contains(out.String(), "logs are not kept") })
				} else {
					settle(t, func() bool {
						text, _ := os.ReadFile(filepath.Join(dir, "api.log"))
						return strings.Contains(string(text), "a line")
					})
				}
				j.Close(time.Second)
				victim.Stands(path)
				victim.Untouched()
			})
		}
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	j := keeping(t, dir, 1<<20, io.Discard)
	w := pipe(t, j, "api")
	fmt.Fprintln(w, "before")
	settle(t, func() bool { return strings.Contains(kept(t, dir, "api"), "before") })
	if err := os.Rename(filepath.Join(dir, "api.log"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	j.Reopen()
	fmt.Fprintln(w, "after")
	j.Close(time.Second)
	if text := kept(t, dir, "api"); strings.Contains(text, "before") || !strings.Contains(text, "after") {
		t.Errorf("%q", text)
	}
}

// A folder that is missing or that nobody may write to stops no service.
func TestFolderThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	var out sink
	j := keeping(t, dir, 1<<20, &out)
	w := pipe(t, j, "api")
	write(t, w, strings.Repeat("z", 1000), 3000)
	settle(t, func() bool { return strings.Contains(out.String(), "logs are not kept") })
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	settle(t, func() bool {
		fmt.Fprintln(w, "now")
		return strings.Contains(kept(t, dir, "api"), "now")
	})
	j.Close(time.Second)
	if text := kept(t, dir, "api"); !strings.Contains(text, `WARN msg="log lines not kept" lines=`) {
		t.Errorf("the loss is not told: %.300s", text)
	}
}

func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts a small disk")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("this machine lets nobody mount:", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	if err := os.WriteFile(filepath.Join(dir, "ballast"), bytes.Repeat([]byte("b"), 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	var out sink
	j := keeping(t, dir, 4<<20, &out)
	w := pipe(t, j, "api")
	write(t, w, strings.Repeat("full ", 200), 1000)
	settle(t, func() bool { return strings.Contains(out.String(), "no space left") })
	text := kept(t, dir, "api")
	if text != "" && !strings.HasSuffix(text, "full \n") {
		t.Errorf("a torn line stays: %q", text[max(0, len(text)-50):])
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	settle(t, func() bool {
		fmt.Fprintln(w, "there is room")
		return strings.Contains(kept(t, dir, "api"), "there is room")
	})
	j.Close(time.Second)
	for _, line := range strings.Split(strings.TrimSpace(kept(t, dir, "api")), "\n") {
		if _, ok := parseLine("api", line); !ok {
			t.Errorf("a torn line: %.80q", line)
		}
	}
	if !strings.Contains(kept(t, dir, "api"), "no space left") || !strings.Contains(out.String(), "logs are kept again") {
		t.Error("the loss is not told")
	}
}

// What the container's log shows once must not lie on the volume.
func TestSecretsAreNotKept(t *testing.T) {
	dir := t.TempDir()
	var out sink
	j := keeping(t, dir, 1<<20, &out)
	secrets := []string{"KMNP-QRTW", "KMNPQRTW", "0123456789abcdef0123456789abcdef"}
	j.Conceal(append(secrets, "")...)
	j.Print("\n  Open http://box/setup?code=KMNP-QRTW\n")
	w := pipe(t, j, "nginx")
	for _, s := range secrets {
		fmt.Fprintf(w, "[info] GET /setup?code=%s&x=%s HTTP/1.1\n", s, s)
	}
	j.Close(time.Second)
	page, err := j.Read(Query{Limit: 100})
	if err != nil || len(page.Lines) != 3 {
		t.Fatalf("%d lines, %v", len(page.Lines), err)
	}
	for _, s := range secrets {
		for where, text := range map[string]string{"files": kept(t, dir, "nginx") + kept(t, dir, "init"), "memory": fmt.Sprint(page)} {
			if strings.Contains(text, s) {
				t.Errorf("%s hold %s", where, s)
			}
		}
		if strings.Contains(out.String(), "GET /setup?code="+s) {
			t.Errorf("a service prints %s", s)
		}
	}
	if !strings.Contains(out.String(), "code=KMNP-QRTW\n") {
		t.Error("the owner is not told the link")
	}
}
