package proofs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/posture"
	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
	"coffer/weaken"
)

// TestTheBoxMissesIt starts a box without some protections and asks it how it
// keeps its claims: each that is upheld by one of them fails, with what was
// seen, and no other does.
func TestTheBoxMissesIt(t *testing.T) {
	tier.Need(t, tier.Proofs)
	program := weakenable(t)
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		ask(t, program, nil)
	})
	for _, together := range boots() {
		var names []string
		for _, r := range together {
			names = append(names, strings.TrimPrefix(string(r.leave), prefix))
		}
		t.Run(strings.Join(names, "+"), func(t *testing.T) {
			t.Parallel()
			ask(t, program, together)
		})
	}
}

func ask(t *testing.T, program string, without []row) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	var leave []weaken.Protection
	var env []string
	owned := true
	want := map[string]string{}
	for _, r := range without {
		leave, env, owned = append(leave, r.leave), append(env, r.env...), owned && !r.unowned
		for _, c := range r.fails {
			want[c.id] = c.says
		}
	}
	weak := filepath.Join(dir, "coffer")
	if err := leaveOut(program, weak, leave...); err != nil {
		t.Fatal(err)
	}
	b := start(ctx, t, weak, dir, env)
	if owned {
		if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
			t.Fatal(err)
		}
		// It is read, so that the parser has a child to look at, and what is
		// asked for stands in the log.
		s, err := b.Upload(ctx, "a.txt", []byte("a document"))
		if err == nil {
			s, err = b.Settled(ctx, s.ID)
		}
		if err != nil || s.Status != "ready" {
			t.Fatalf("%+v, %v", s, err)
		}
	}
	if err := b.Get(ctx, "/static/"+secretKey, nil); !box.IsStatus(err, 404) {
		t.Fatal(err)
	}
	if err := b.awaitLog(ctx, "/static/"); err != nil {
		t.Fatal(err)
	}
	report, code := doctor(t, weak, dir)
	if failed := len(want) > 0; failed != (code == 1) {
		t.Errorf("doctor ends with %d", code)
	}
	for _, i := range report.Items {
		says, expected := want[i.ID]
		switch {
		case expected && (i.Status != posture.Fail || !strings.Contains(i.Evidence, says)):
			t.Errorf("%s: %s, %s; want it to fail with %q", i.ID, i.Status, i.Evidence, says)
		case !expected && i.Status == posture.Fail:
			t.Errorf("%s fails, although nothing of it is left out: %s", i.ID, i.Evidence)
		case expected:
			t.Logf("%s: %s", i.ID, i.Evidence)
		}
		delete(want, i.ID)
	}
	for id := range want {
		t.Errorf("%s is not reported", id)
	}
}

type running struct{ *box.Native }

// start runs a box as root with groups that its services must not keep.
func start(ctx context.Context, t *testing.T, program, dir string, env []string) running {
	t.Helper()
	address, err := box.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "init", "--root", filepath.Join(dir, "root"))
	cmd.Dir, cmd.Env = dir, slices.Concat([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0, 4, 27}}}
	b, err := box.Start(ctx, address, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(box.Family(b.PID())) > 0 {
			b.Kill()
		}
		if t.Failed() {
			t.Logf("the log:\n%s", b.Log())
		}
	})
	return running{b}
}

// awaitLog waits until the box logged something.
func (b running) awaitLog(ctx context.Context, text string) error {
	for !strings.Contains(b.Log(), text) {
		if err := box.Pause(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%q is not logged: %w", text, err)
		}
	}
	return nil
}

// doctor asks the box how it keeps its claims.
func doctor(t *testing.T, program, dir string) (posture.Report, int) {
	t.Helper()
	out, err := exec.Command(program, "doctor", "--json", "--root", filepath.Join(dir, "root")).Output()
	var exit *exec.ExitError
	code := 0
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	var r posture.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r, code
}
