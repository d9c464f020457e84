package native

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// `make run` in a fresh copy of the tree, in a folder that only its owner may
// enter, as a clone below a private home is.
func TestMakeRun(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	clone := filepath.Join(home, "coffer")
	copyTree(t, clone)
	nginx := stat(t, "/etc/nginx")

	b := run(t, ctx, clone, "make", "-s", "run")
	if b.Code == "" {
		t.Fatalf("no setup link is printed:\n%s", b.Log())
	}
	if !strings.Contains(b.Log(), b.URL+"/setup") {
		t.Errorf("the link does not lead to %s:\n%s", b.URL, b.Log())
	}
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	name, body := papers.Mixed(0)
	if _, err := b.Upload(ctx, name, body); err != nil {
		t.Fatalf("upload: %v", err)
	}
	if found, err := b.Searchable(ctx, papers.Token(0)); err != nil || found.Total != 1 {
		t.Errorf("the search finds %+v, %v; want one", found, err)
	}
	// make itself reports the signal; what it started ends well all the same.
	stop(t, b, (*box.Native).Interrupt)
	if !strings.Contains(b.Log(), "stopped") {
		t.Errorf("the box does not say that it stopped:\n%s", b.Log())
	}

	b = run(t, ctx, clone, "make", "-s", "run")
	stop(t, b, (*box.Native).Stop)
	if !strings.Contains(b.Log(), "stopped") {
		t.Errorf("after SIGTERM to make the box does not say that it stopped:\n%s", b.Log())
	}

	// A last run, by the script that make runs, keeps what the first was given
	// and asks for no setup.
	b = run(t, ctx, clone, "scripts/run.sh")
	if err := b.Login(ctx, box.Owner, box.Password); err != nil {
		t.Errorf("sign in on the last run: %v", err)
	}
	if found, err := b.Search(ctx, papers.Token(0)); err != nil || found.Total != 1 {
		t.Errorf("the last run finds %+v, %v; want one", found, err)
	}
	if code := stop(t, b, (*box.Native).Stop); code != 0 {
		t.Errorf("after SIGTERM it ends with %d, want 0\n%s", code, b.Log())
	}

	if after := stat(t, "/etc/nginx"); after != nginx {
		t.Errorf("/etc/nginx of this machine changed from %s to %s", nginx, after)
	}
	if _, err := os.Stat(filepath.Join(clone, "var")); err != nil {
		t.Errorf("nothing is kept in ./var: %v", err)
	}
}

func run(t *testing.T, ctx context.Context, clone string, command ...string) *box.Native {
	t.Helper()
	address, err := box.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = clone
	b, err := box.Start(ctx, address, cmd)
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	t.Logf("%v answers after %s, building included", command, b.Took.Round(time.Millisecond))
	t.Cleanup(func() { kill(b) })
	return b
}

// stop ends the command by a signal to it, as a service manager does, or to its
// group, as a terminal does, and wants everything gone. It returns the code.
func stop(t *testing.T, b *box.Native, end func(*box.Native) (int, time.Duration, error)) int {
	t.Helper()
	family := box.Family(b.PID())
	code, took, err := end(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the stop took %s", took.Round(time.Millisecond))
	if took > 8*time.Second {
		t.Errorf("the stop took %s, the budget is 8 s", took)
	}
	for _, p := range family {
		if err := syscall.Kill(p.PID, 0); err == nil {
			t.Errorf("%v is still there", p.Args)
		}
	}
	return code
}

func kill(b *box.Native) {
	if len(box.Family(b.PID())) > 0 {
		b.Kill()
	}
}

// copyTree copies every file that git tracks or would track.
func copyTree(t *testing.T, to string) {
	t.Helper()
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		err := copyFile(filepath.Join(root, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// stat describes a folder that must not change.
func stat(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all.String()
}
