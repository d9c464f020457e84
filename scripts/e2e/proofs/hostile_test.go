package proofs

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/appliance/posture"
	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
	"coffer/weaken"
)

// A child of the parser that its document has taken over, in the running box:
// whatever it tries, the kernel refuses or a limit ends it; the document fails
// with a reason, and the one behind it is read.
func TestTakenOverChild(t *testing.T) {
	tier.Need(t, tier.Proofs)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	program := filepath.Join(dir, "coffer")
	if err := leaveOut(weakenable(t), program, weaken.Obedience, weaken.Hurry); err != nil {
		t.Fatal(err)
	}
	b := start(ctx, t, program, dir, nil)
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	orders := []struct {
		order string
		code  string // of the reason, or several
		said  string // by the child, or by the runtime for it
	}{
		{"open " + root + "/data", "crashed", "EPERM"},
		{"open " + root + "/data/store/coffer.db", "crashed", "EPERM"},
		{"open " + root + "/data/secrets/session-key", "crashed", "EPERM"},
		{"open /etc/passwd", "crashed", "EPERM"},
		{"create " + root + "/run/coffer/parser/x", "crashed", "EPERM"},
		{"open /proc/1/environ", "crashed", "EPERM"},
		{"open-parent mem", "crashed", "EPERM"},
		{"open-parent environ", "crashed", "EPERM"},
		{"socket 1", "crashed", "EPERM"},  // unix
		{"socket 2", "crashed", "EPERM"},  // internet
		{"socket 16", "crashed", "EPERM"}, // netlink
		{"fork", "crashed", "EPERM"},
		{"execute /bin/sh", "crashed", "EPERM"},
		{"execute " + program, "crashed", "EPERM"},
		{"signal-parent", "crashed", "EPERM"},
		{"limit-parent", "crashed", "EPERM"},
		{"ptrace", "crashed", "EPERM"},
		{"io_uring", "crashed", "EPERM"},
		{"mount", "crashed", "EPERM"},
		{"threads", "crashed or timeout", ""}, // whichever limit is met first
		{"allocate", "memory", "out of memory"},
		{"spin", "timeout", ""},
		{"hang", "timeout", ""},
		{"babble", "timeout", ""},
		{"passages", "too_large", ""},
		{"stdout", "crashed", ""},
		{"stderr", "timeout", "a complaint"},
	}
	var hostile, good []string
	for i, o := range orders {
		bad, err := b.Upload(ctx, fmt.Sprintf("bad-%d.txt", i), []byte("obey: "+o.order))
		if err != nil {
			t.Fatal(err)
		}
		behind, err := b.Upload(ctx, fmt.Sprintf("good-%d.txt", i), fmt.Appendf(nil, "an ordinary document, number %d", i))
		if err != nil {
			t.Fatal(err)
		}
		hostile, good = append(hostile, bad.ID), append(good, behind.ID)
	}
	for i, o := range orders {
		bad, err := b.Settled(ctx, hostile[i])
		if err != nil || bad.Status != "failed" || bad.Reason == nil || !strings.Contains(o.code, bad.Reason.Code) || !reads(bad.Reason.Message) {
			t.Errorf("%s: %s %+v, %v; want it to fail as %s", o.order, bad.Status, bad.Reason, err, o.code)
		}
		if behind, err := b.Settled(ctx, good[i]); err != nil || behind.Status != "ready" {
			t.Errorf("behind %s: %+v, %v", o.order, behind, err)
		}
		if verb, argument, _ := strings.Cut(o.order, " "); o.said == "EPERM" && !strings.Contains(b.Log(), fmt.Sprintf("%s %s: EPERM", verb, argument)) {
			t.Errorf("%s: the kernel's refusal is not seen", o.order)
		}
		if !strings.Contains(b.Log(), o.said) {
			t.Errorf("%s: nothing says %q", o.order, o.said)
		}
	}
	report, code := doctor(t, program, dir)
	for _, i := range report.Items {
		if i.Status == posture.Fail {
			t.Errorf("after them all %s fails: %s", i.ID, i.Evidence)
		}
	}
	if code != 0 {
		t.Errorf("doctor ends with %d", code)
	}
}

// reads reports words for a person: what happened, and what to do or that
// nothing needs to be done.
func reads(message string) bool {
	return strings.Count(message, ". ") >= 1 && strings.HasSuffix(message, ".")
}
