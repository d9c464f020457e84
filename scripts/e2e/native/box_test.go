package native

import (
	"context"
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

// Whoever starts it, the box does its job; as a plain user every process is
// that user, with the system call filters still on.
func TestPlainUser(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	address, err := box.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "init", "--root", home)
	cmd.Dir = home
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	const nobody = 65534
	if os.Geteuid() == 0 {
		if err := os.Chown(home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	b, err := box.Start(ctx, address, cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer kill(b)
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
	for _, p := range box.Family(b.PID()) {
		uid, err := box.Field(p.PID, "status", "Uid:")
		if err != nil {
			continue // it ended meanwhile
		}
		if strings.Contains(" "+strings.Join(strings.Fields(uid), " ")+" ", " 0 ") {
			t.Errorf("%v runs with user ids %s", p.Args, uid)
		}
		if p.PID != b.PID() && !filtered(ctx, p.PID) {
			t.Errorf("%v has no system call filter", p.Args)
		}
	}
	if code := stop(t, b, (*box.Native).Stop); code != 0 {
		t.Errorf("it stops with %d, want 0", code)
	}
}

// filtered waits until a process has a system call filter or is gone: one that
// was just started has yet to confine itself, and what init looks with ends
// after a look.
func filtered(ctx context.Context, pid int) bool {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if filter, err := box.Field(pid, "status", "Seccomp:"); err != nil || filter == "2" {
			return true
		}
		if box.Pause(ctx, 50*time.Millisecond) != nil {
			return false
		}
	}
}

// Every real document ends in a clear state, and the queue goes on after it.
func TestCorpus(t *testing.T) {
	tier.Need(t, tier.Native)
	corpus := os.Getenv("COFFER_CORPUS")
	if corpus == "" {
		t.Skip("COFFER_CORPUS names no folder")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kill(b)
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	ids := map[string]string{}
	err = filepath.WalkDir(filepath.Join(corpus, "documents"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := b.Upload(ctx, d.Name(), body)
		ids[d.Name()] = s.ID
		return err
	})
	if err != nil {
		t.Fatalf("upload: %v", err)
	}
	ready := 0
	for name, id := range ids {
		s, err := b.Settled(ctx, id)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		switch {
		case s.Status == "ready":
			ready++
		case s.Status == "failed" && s.Reason != nil && s.Reason.Code != "" && s.Reason.Message != "":
			t.Logf("%-45s %s: %s", name, s.Reason.Code, s.Reason.Message)
			if s.Reason.Code == "crashed" {
				t.Errorf("%s crashed its reader", name)
			}
		default:
			t.Errorf("%s ended %s with reason %+v", name, s.Status, s.Reason)
		}
	}
	t.Logf("%d of %d documents are ready", ready, len(ids))
	name, body := papers.Mixed(1)
	if s, err := b.Upload(ctx, name, body); err != nil {
		t.Error(err)
	} else if s, err = b.Settled(ctx, s.ID); err != nil || s.Status != "ready" {
		t.Errorf("after them all an ordinary document ends %+v, %v", s, err)
	}
	stop(t, b, (*box.Native).Stop)
}
