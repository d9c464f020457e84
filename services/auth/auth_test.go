package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"coffer/services/library"
)

const goodPassword = "correct horse battery"

// accounts is a library.Accounts in memory that can fail on demand.
type accounts struct {
	mu       sync.Mutex
	owner    *library.Owner
	sessions map[string]library.Session
	settings library.Settings
	guesses  library.Guesses
	kept     int  // writes of guesses
	full     bool // guesses are not written
	reads    int
	writes   int
	fail     error
}

func newAccounts() *accounts { return &accounts{sessions: map[string]library.Session{}} }

func (a *accounts) enter(write bool) (func(), error) {
	a.mu.Lock()
	if write {
		a.writes++
	} else {
		a.reads++
	}
	return a.mu.Unlock, a.fail
}

func (a *accounts) BoxID(context.Context) (string, error) { return "0123abcd", nil }

func (a *accounts) Owner(context.Context) (library.Owner, error) {
	leave, err := a.enter(false)
	defer leave()
	if err == nil && a.owner == nil {
		err = &library.Error{Kind: library.NotFound, Message: "no owner"}
	}
	if err != nil {
		return library.Owner{}, err
	}
	return *a.owner, nil
}

func (a *accounts) CreateOwner(_ context.Context, o library.Owner, s library.Session) error {
	leave, err := a.enter(true)
	defer leave()
	if err == nil && a.owner != nil {
		err = &library.Error{Kind: library.Conflict, Message: "an owner exists"}
	}
	if err != nil {
		return err
	}
	a.owner, a.sessions[s.ID] = &o, s
	return nil
}

func (a *accounts) UpdateOwner(_ context.Context, f func(*library.Owner) error) error {
	leave, err := a.enter(true)
	defer leave()
	if err == nil && a.owner == nil {
		err = &library.Error{Kind: library.NotFound, Message: "no owner"}
	}
	if err != nil {
		return err
	}
	o := *a.owner
	if err := f(&o); err != nil {
		return err
	}
	a.owner = &o
	return nil
}

func (a *accounts) PutSession(_ context.Context, s library.Session) error {
	leave, err := a.enter(true)
	defer leave()
	if err == nil {
		a.sessions[s.ID] = s
	}
	return err
}

func (a *accounts) Session(_ context.Context, id string) (library.Session, error) {
	leave, err := a.enter(false)
	defer leave()
	s, ok := a.sessions[id]
	if err == nil && !ok {
		err = &library.Error{Kind: library.NotFound, Message: "no such session"}
	}
	return s, err
}

func (a *accounts) Sessions(context.Context) ([]library.Session, error) {
	leave, err := a.enter(false)
	defer leave()
	return slices.Collect(maps.Values(a.sessions)), err
}

func (a *accounts) DeleteSession(_ context.Context, id string) error {
	leave, err := a.enter(true)
	defer leave()
	delete(a.sessions, id)
	return err
}

func (a *accounts) EndSessions(_ context.Context, mark string, ids ...string) error {
	leave, err := a.enter(true)
	defer leave()
	if err != nil {
		return err
	}
	for _, id := range ids {
		delete(a.sessions, id)
	}
	o := *a.owner
	o.Mark = mark
	a.owner = &o
	return nil
}

// copied is what a copy of the store would hold.
func (a *accounts) copied() *accounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := *a.owner
	return &accounts{owner: &o, sessions: maps.Clone(a.sessions), settings: a.settings, guesses: a.guesses}
}

// paper is a library.Witness in memory that can fail on demand.
type paper struct {
	marks []string
	fail  error
}

func (p *paper) Marks() ([]string, error) { return p.marks, p.fail }

func (p *paper) Keep(marks ...string) error {
	if p.fail == nil {
		p.marks = marks
	}
	return p.fail
}

func (a *accounts) Guesses(context.Context) (library.Guesses, error) {
	leave, err := a.enter(false)
	defer leave()
	return a.guesses, err
}

func (a *accounts) PutGuesses(_ context.Context, g library.Guesses) error {
	leave, err := a.enter(true)
	defer leave()
	if a.full {
		err = &library.Error{Kind: library.Full, Message: "the disk is full"}
	}
	if err == nil {
		a.guesses = g
		a.kept++
	}
	return err
}

func (a *accounts) Settings(context.Context) (library.Settings, error) {
	leave, err := a.enter(false)
	defer leave()
	return a.settings, err
}

func (a *accounts) UpdateSettings(_ context.Context, f func(*library.Settings) error) (library.Settings, error) {
	leave, err := a.enter(true)
	defer leave()
	if err == nil {
		err = f(&a.settings)
	}
	return a.settings, err
}

func secret() []byte { return bytes.Repeat([]byte{7}, 32) }

// box is a Keeper with cheap hashes over accounts in memory.
type box struct {
	*Keeper
	a     *accounts
	shelf *keyStore
	said  *said
	paper *paper
	log   *bytes.Buffer
}

func newBox(t *testing.T, change func(*Options)) box {
	t.Helper()
	b := box{a: newAccounts(), shelf: newKeyStore(), said: &said{}, paper: &paper{}, log: &bytes.Buffer{}}
	o := Options{Accounts: b.a, Keys: b.shelf, Audit: b.said, Witness: b.paper, SecretKey: secret(), SetupCode: "ABCD-2345", Log: slog.New(slog.NewTextHandler(b.log, nil))}
	if change != nil {
		change(&o)
	}
	k, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	k.cost = bcrypt.MinCost
	k.dummy = bytes.Replace(k.dummy, []byte("$12$"), []byte("$04$"), 1)
	b.Keeper = k
	return b
}

// restarted is the same box in a new process.
func (b box) restarted(t *testing.T) box {
	t.Helper()
	fresh := newBox(t, func(o *Options) { o.Accounts, o.Keys, o.Witness = b.a, b.shelf, b.paper })
	fresh.a, fresh.shelf, fresh.paper = b.a, b.shelf, b.paper
	if err := fresh.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh.begin(t.Context()) // as Run does first
	return fresh
}

func (b box) setUp(t *testing.T) Grant {
	t.Helper()
	g, err := b.Setup(t.Context(), "abcd 2345", "Ada", goodPassword, Client{Address: "192.0.2.1", Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (b box) logIn(t *testing.T, c Client) Grant {
	t.Helper()
	e, err := b.Login(t.Context(), "Ada", goodPassword, c)
	if err != nil {
		t.Fatal(err)
	}
	return e.Grant
}

func wantKind(t *testing.T, err error, kind library.Kind) *library.Error {
	t.Helper()
	if kind == "" {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return nil
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != kind {
		t.Fatalf("got %v, want %s", err, kind)
	}
	return e
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no accounts": {SecretKey: secret()},
		"no keys":     {Accounts: newAccounts(), Audit: &said{}, SecretKey: secret()},
		"no audit":    {Accounts: newAccounts(), Keys: newKeyStore(), SecretKey: secret()},
		"no key":      {Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}},
		"short key":   {Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}, SecretKey: secret()[:31]},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSetupCode(t *testing.T) {
	for _, c := range []struct {
		given, set string
		open       bool
		want       library.Kind
	}{
		{given: "ABCD-2345", set: "ABCD-2345"},
		{given: "abcd2345", set: "ABCD-2345"},
		{given: " ab-cd 23\u00a045 ", set: "ABCD-2345"},
		{given: "abcd\u20132345", set: "ABCD-2345"}, // an en dash, from a word processor
		{given: "anything", set: "", open: true},
		{given: "", set: "ABCD-2345", open: true},
		{given: "", set: "ABCD-2345", want: library.Forbidden},
		{given: "", set: "", want: library.Forbidden},
		{given: "--", set: " ", want: library.Forbidden},
		{given: "ABCD-234", set: "ABCD-2345", want: library.Forbidden},
		{given: "ABCD-23456", set: "ABCD-2345", want: library.Forbidden},
		{given: "ABCD-2346", set: "ABCD-2345", want: library.Forbidden},
		{given: strings.Repeat("A", 1<<20), set: "ABCD-2345", want: library.Forbidden},
	} {
		b := newBox(t, func(o *Options) { o.SetupCode, o.SetupOpen = c.set, c.open })
		wantKind(t, b.CheckSetupCode(t.Context(), c.given, Client{}), c.want)
		_, err := b.Setup(t.Context(), c.given, "Ada", goodPassword, Client{})
		wantKind(t, err, c.want)
	}
}

func TestSetupOnce(t *testing.T) {
	b := newBox(t, nil)
	if needed, err := b.SetupNeeded(t.Context()); !needed || err != nil {
		t.Fatalf("needed %v, %v", needed, err)
	}
	b.setUp(t)
	if needed, err := b.SetupNeeded(t.Context()); needed || err != nil {
		t.Fatalf("needed %v, %v", needed, err)
	}
	_, err := b.Setup(t.Context(), "ABCD-2345", "Eve", goodPassword, Client{})
	wantKind(t, err, library.Conflict)
	wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", Client{}), library.Conflict)
	if b.a.owner.Name != "Ada" {
		t.Error("the owner was replaced")
	}
}

// Of many setups at once exactly one makes the owner, and only its session
// is good.
func TestSetupRace(t *testing.T) {
	b := newBox(t, nil)
	var wg sync.WaitGroup
	grants, errs := make([]Grant, 8), make([]error, 8)
	for i := range grants {
		wg.Go(func() {
			c := Client{Address: "192.0.2." + string(rune('1'+i))}
			grants[i], errs[i] = b.Setup(t.Context(), "ABCD-2345", "Ada", goodPassword, c)
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err != nil {
			wantKind(t, err, library.Conflict)
			continue
		}
		won++
		if _, err := b.Verify(t.Context(), grants[i].Token); err != nil {
			t.Error(err)
		}
	}
	if won != 1 || len(b.a.sessions) != 1 {
		t.Errorf("%d setups won, %d sessions", won, len(b.a.sessions))
	}
}

func TestFailedSetupLeavesNothing(t *testing.T) {
	for _, c := range []struct{ code, name, password, field string }{
		{"wrong", "Ada", goodPassword, "code"},
		{"ABCD-2345", "", goodPassword, "username"},
		{"ABCD-2345", "Ada", "short", "password"},
	} {
		b := newBox(t, nil)
		_, err := b.Setup(t.Context(), c.code, c.name, c.password, Client{})
		if e, ok := errors.AsType[*library.Error](err); !ok || e.Field != c.field {
			t.Errorf("%v: got %v", c, err)
		}
		if b.a.owner != nil || len(b.a.sessions) != 0 {
			t.Errorf("%v: something was written", c)
		}
	}
}

// Nothing that a person typed or that opens the box reaches the log.
func TestLogIsClean(t *testing.T) {
	b := newBox(t, nil)
	b.Setup(t.Context(), "guess-code", "Ada", goodPassword, Client{})
	g := b.setUp(t)
	b.Login(t.Context(), "Ada", "guess-password", Client{})
	b.Login(t.Context(), "guess-name", goodPassword, Client{})
	b.ChangePassword(t.Context(), g.Identity, goodPassword, "another password")
	for _, s := range []string{goodPassword, "guess-", "another", g.Token, g.Browser, g.Identity.SessionID, "$2a$", "ABCD"} {
		if strings.Contains(b.log.String(), s) {
			t.Errorf("%q is in the log:\n%s", s, b.log)
		}
	}
	if !strings.Contains(b.log.String(), "sign-in refused") {
		t.Error("a refused sign-in is not in the log")
	}
}
