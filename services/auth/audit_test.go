package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"coffer/services/library"
)

// said is a library.Audit in memory that can fail on demand.
type said struct {
	mu     sync.Mutex
	events []library.AuditEntry
	fail   error
}

func (s *said) Record(_ context.Context, e library.AuditEntry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.events = append(s.events, e)
	}
	return s.fail
}

func (s *said) Events(context.Context, library.AuditFilter, library.Page) (l library.List[library.AuditEntry], err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Items = slices.Clone(s.events)
	return l, s.fail
}

// take returns what was recorded since it was last asked, as "kind who detail".
func (s *said) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.events {
		out = append(out, strings.TrimSpace(string(e.Kind)+" "+string(e.Who)+" "+e.Detail))
	}
	s.events = nil
	return out
}

// as is a request of a signed-in browser.
func as(ctx context.Context, g Grant, c Client) context.Context {
	return WithIdentity(WithClient(ctx, c), g.Identity)
}

// What is done at the door is recorded once, with who did it, and without any
// secret.
func TestDoorIsAudited(t *testing.T) {
	b := newBox(t, nil)
	ctx := t.Context()
	c := Client{Address: "192.0.2.1", Agent: "A browser"}
	step := func(what string, want ...string) {
		t.Helper()
		for _, e := range b.said.events {
			text := e.Detail + e.Agent + e.Client
			for _, secret := range []string{goodPassword, "wrong-password", "ABCD", "WXYZ", "another good one"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the event holds a secret: %+v", what, e)
				}
			}
			if e.Client != c.Address && e.Client != "192.0.2.9" || e.Time.IsZero() {
				t.Errorf("%s: %+v", what, e)
			}
		}
		if got := b.said.take(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	_, err := b.Setup(ctx, "WXYZ-2345", "Ada", goodPassword, c)
	wantKind(t, err, library.Forbidden)
	step("a wrong code", "setup_failed stranger")
	_, err = b.Setup(ctx, "ABCD-2345", "", goodPassword, c)
	wantKind(t, err, library.Invalid)
	step("a name that is none")
	first := b.setUp(t)
	step("setup", "setup session")
	_, err = b.Login(ctx, "wrong-password", "wrong-password", c)
	wantKind(t, err, library.Unauthorized)
	step("a wrong password", "sign_in_failed stranger")
	other := b.logIn(t, Client{Address: "192.0.2.9", Agent: "Other"})
	step("signing in", "sign_in session")
	_, err = b.ChangePassword(as(ctx, first, c), first.Identity, "wrong-password", "another good one")
	wantKind(t, err, library.Forbidden)
	step("a wrong old password", "password_refused session")
	if err := b.Logout(as(ctx, first, c), other.Identity.SessionID); err != nil {
		t.Fatal(err)
	}
	step("ending another", "session_ended session 192.0.2.9 Other")
	if err := b.Logout(as(ctx, first, c), "no such"); err == nil {
		t.Error("ended what is none")
	}
	step("ending none")
	for range 2 {
		if _, err := b.ChangeSettings(as(ctx, first, c), func(s *library.Settings) error {
			s.AnyHost, s.Hosts = true, []string{"box.example"}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	step("changing settings, and to what they are", "settings_changed session any_host, hosts")
	_, err = b.ChangeSettings(as(ctx, first, c), func(*library.Settings) error { return &library.Error{Kind: library.Invalid, Message: "no"} })
	wantKind(t, err, library.Invalid)
	step("settings that are refused")
	if _, err := b.ChangePassword(as(ctx, first, c), first.Identity, goodPassword, "another good one"); err != nil {
		t.Fatal(err)
	}
	step("a new password", "password_changed session")
	if err := b.Logout(as(ctx, first, c), first.Identity.SessionID); err != nil {
		t.Fatal(err)
	}
	step("signing out", "sign_out session")
}

// A log that cannot be written is said, and keeps nobody out.
func TestAuditThatFails(t *testing.T) {
	b := newBox(t, nil)
	b.said.fail = errors.New("disk full")
	b.setUp(t)
	b.logIn(t, Client{Address: "192.0.2.1"})
	if n := strings.Count(b.log.String(), "audit event not kept"); n != 2 {
		t.Errorf("it was said %d times", n)
	}
}
