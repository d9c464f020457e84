package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"coffer/services/library"
)

func TestVerify(t *testing.T) {
	b := newBox(t, nil)
	g := b.setUp(t)
	id, err := b.Verify(t.Context(), g.Token)
	if err != nil {
		t.Fatal(err)
	}
	if id.Name != "Ada" || id.Kind != KindSession || !id.Has("read") || !id.Has("add") || !id.Has("admin") || !id.Has("metrics") || id.Has("other") {
		t.Errorf("identity %+v", id)
	}
	for _, s := range []string{"Ada", goodPassword, "$2a$"} {
		body, _ := base64.RawURLEncoding.DecodeString(strings.Split(g.Token, ".")[1])
		if strings.Contains(string(body), s) {
			t.Errorf("the token tells %q", s)
		}
	}

	good := func() claims {
		c, err := b.sessions.read(g.Token)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	sign := func(change func(*claims)) string {
		c := good()
		change(&c)
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(b.sessions.key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	method := func(m jwt.SigningMethod, key any) string {
		token, err := jwt.NewWithClaims(m, good()).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if _, err := b.Verify(t.Context(), sign(func(*claims) {})); err != nil {
		t.Fatal("the same claims signed anew:", err)
	}
	part := strings.Split(g.Token, ".")
	for name, token := range map[string]string{
		"empty":            "",
		"junk":             "junk",
		"not ascii":        "é.é.é",
		"no signature":     part[0] + "." + part[1] + ".",
		"signature cut":    g.Token[:len(g.Token)-2],
		"signed by none":   method(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"signed by HS384":  method(jwt.SigningMethodHS384, b.sessions.key),
		"another key":      method(jwt.SigningMethodHS256, secret()),
		"no expiry":        sign(func(c *claims) { c.ExpiresAt = nil }),
		"expired":          sign(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Second)) }),
		"another purpose":  sign(func(c *claims) { c.Purpose = "browser" }),
		"no purpose":       sign(func(c *claims) { c.Purpose = "" }),
		"another owner":    sign(func(c *claims) { c.Subject = "somebody" }),
		"no owner":         sign(func(c *claims) { c.Subject = "" }),
		"another epoch":    sign(func(c *claims) { c.Epoch = newID() }),
		"no epoch":         sign(func(c *claims) { c.Epoch = "" }),
		"unknown session":  sign(func(c *claims) { c.ID = newID() }),
		"no session":       sign(func(c *claims) { c.ID = "" }),
		"a browser's mark": g.Browser,
		"huge":             strings.Repeat("a", 1<<20),
	} {
		if _, err := b.Verify(t.Context(), token); !errors.Is(err, &library.Error{Kind: library.Unauthorized}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	b := newBox(t, nil)
	first := b.setUp(t)
	second := b.logIn(t, Client{Address: "192.0.2.2"})
	ended := b.Ended(t.Context(), first.Identity.SessionID)

	if err := b.Logout(t.Context(), first.Identity.SessionID); err != nil {
		t.Fatal(err)
	}
	_, err := b.Verify(t.Context(), first.Token)
	wantKind(t, err, library.Unauthorized)
	_, err = b.Identify(t.Context(), first.Identity.UserID, first.Identity.SessionID)
	wantKind(t, err, library.Unauthorized)
	_, err = b.restarted(t).Verify(t.Context(), first.Token)
	wantKind(t, err, library.Unauthorized)
	select {
	case <-ended:
	default:
		t.Error("whoever watches the session was not told")
	}
	select {
	case <-b.Ended(t.Context(), first.Identity.SessionID):
	default:
		t.Error("an ended session can be watched")
	}
	if _, err := b.Verify(t.Context(), second.Token); err != nil {
		t.Error("the other session ended too:", err)
	}
	wantKind(t, b.Logout(t.Context(), first.Identity.SessionID), library.NotFound)
	wantKind(t, b.Logout(t.Context(), ""), library.NotFound)
}

func TestRestartKeepsSessions(t *testing.T) {
	b := newBox(t, nil)
	g := b.setUp(t)
	if _, err := b.restarted(t).Verify(t.Context(), g.Token); err != nil {
		t.Error(err)
	}
}

// A check reads the store once per session and writes LastSeen rarely.
func TestVerifyIsCached(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		b = b.restarted(t)
		b.a.reads, b.a.writes = 0, 0
		for range 299 {
			time.Sleep(time.Second)
			if _, err := b.Verify(t.Context(), g.Token); err != nil {
				t.Fatal(err)
			}
		}
		if b.a.reads != 1 || b.a.writes != 0 {
			t.Errorf("%d reads, %d writes", b.a.reads, b.a.writes)
		}
		time.Sleep(time.Second)
		for range 10 {
			b.Verify(t.Context(), g.Token)
		}
		if b.a.writes != 1 {
			t.Errorf("%d writes", b.a.writes)
		}
		if all, _ := b.Sessions(t.Context()); !all[0].LastSeen.Equal(time.Now()) {
			t.Errorf("last seen %v", all[0].LastSeen)
		}
	})
}

// Recording the last use of a session never brings back one that has ended
// since the request began.
func TestSeenDoesNotRevive(t *testing.T) {
	b := newBox(t, nil)
	id := b.setUp(t).Identity.SessionID
	if err := b.Logout(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.seen(t.Context(), id, time.Now().Add(seenEvery))
	if _, alive := b.a.sessions[id]; alive {
		t.Error("the session came back")
	}
	// Nor does it wait for a write that is under way.
	b.writes.Lock()
	defer b.writes.Unlock()
	b.seen(t.Context(), id, time.Now().Add(seenEvery))
}

func TestSessionsList(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		b.setUp(t)
		time.Sleep(time.Minute)
		second := b.logIn(t, Client{Address: "2001:db8::1", Agent: strings.Repeat("é", 300)})
		all, err := b.Sessions(t.Context())
		if err != nil || len(all) != 2 || all[0].ID != second.Identity.SessionID {
			t.Fatalf("%v, %v", all, err)
		}
		if all[0].Agent != strings.Repeat("é", 200) || all[0].Address != "2001:db8::1" {
			t.Errorf("%+v", all[0])
		}
	})
}

func TestChangePassword(t *testing.T) {
	b := newBox(t, nil)
	first := b.setUp(t)
	second := b.logIn(t, Client{})
	watched := b.Ended(t.Context(), second.Identity.SessionID)
	own := b.Ended(t.Context(), first.Identity.SessionID)

	for _, c := range []struct {
		id       Identity
		old, new string
		want     library.Kind
	}{
		{first.Identity, "wrong password", "a new password", library.Forbidden},
		{first.Identity, "", "a new password", library.Forbidden},
		{first.Identity, goodPassword, "short", library.Invalid},
		{Identity{UserID: first.Identity.UserID, Kind: "key", Scopes: Scopes()}, goodPassword, "a new password", library.Forbidden},
		{Identity{}, goodPassword, "a new password", library.Forbidden},
	} {
		_, err := b.ChangePassword(t.Context(), c.id, c.old, c.new)
		wantKind(t, err, c.want)
	}
	if _, err := b.Verify(t.Context(), second.Token); err != nil {
		t.Fatal("a refused change ended a session:", err)
	}

	g, err := b.ChangePassword(t.Context(), first.Identity, goodPassword, "a new password")
	if err != nil {
		t.Fatal(err)
	}
	if g.Identity.SessionID != first.Identity.SessionID {
		t.Error("the session is another one")
	}
	for name, k := range map[string]*Keeper{"same process": b.Keeper, "restarted": b.restarted(t).Keeper} {
		if _, err := k.Verify(t.Context(), g.Token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, old := range []Grant{first, second} {
			_, err := k.Verify(t.Context(), old.Token)
			wantKind(t, err, library.Unauthorized)
		}
	}
	select {
	case <-watched:
	default:
		t.Error("the other browser's streams go on")
	}
	select {
	case <-own:
		t.Error("this browser's streams ended")
	default:
	}
	if all, _ := b.Sessions(t.Context()); len(all) != 1 {
		t.Errorf("%d sessions", len(all))
	}
	_, err = b.Login(t.Context(), "Ada", goodPassword, Client{})
	wantKind(t, err, library.Unauthorized)
	if _, err := b.Login(t.Context(), "Ada", "a new password", Client{}); err != nil {
		t.Error(err)
	}
}

func TestChangePasswordIsLimited(t *testing.T) {
	b := newBox(t, nil)
	g := b.setUp(t)
	for range loginsPerBrowser {
		_, err := b.ChangePassword(t.Context(), g.Identity, "wrong password", "a new password")
		wantKind(t, err, library.Forbidden)
	}
	_, err := b.ChangePassword(t.Context(), g.Identity, goodPassword, "a new password")
	wantKind(t, err, library.Limited)
}

// A store that fails is an error of the box, never "not signed in", which
// would send the owner to a sign-in that cannot work.
func TestStoreFails(t *testing.T) {
	b := newBox(t, nil)
	g := b.setUp(t)
	kept := b.a
	b = newBox(t, func(o *Options) { o.Accounts = kept }) // which has read nothing yet
	b.a = kept
	b.a.fail = &library.Error{Kind: library.Internal, Message: "store", Cause: context.DeadlineExceeded}
	_, verify := b.Verify(t.Context(), g.Token)
	_, login := b.Login(t.Context(), "Ada", goodPassword, Client{})
	_, needed := b.SetupNeeded(t.Context())
	_, setup := b.Setup(t.Context(), "ABCD-2345", "Ada", goodPassword, Client{})
	for name, err := range map[string]error{"verify": verify, "login": login, "needed": needed, "setup": setup, "logout": b.Logout(t.Context(), "x")} {
		if e, ok := errors.AsType[*library.Error](err); !ok || e.Kind != library.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.a.fail = nil
	if _, err := b.Verify(t.Context(), g.Token); err != nil {
		t.Error("after the store recovered:", err)
	}
}

func TestVerifyBeforeSetup(t *testing.T) {
	b := newBox(t, nil)
	other := newBox(t, nil)
	g := other.setUp(t) // the same key: a volume that was emptied
	_, err := b.Verify(t.Context(), g.Token)
	wantKind(t, err, library.Unauthorized)
	_, err = b.Login(t.Context(), "Ada", goodPassword, Client{})
	wantKind(t, err, library.Unauthorized)
}

func BenchmarkVerify(b *testing.B) {
	k, err := New(Options{Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}, SecretKey: secret(), SetupOpen: true})
	if err != nil {
		b.Fatal(err)
	}
	g, err := k.Setup(b.Context(), "", "Ada", goodPassword, Client{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Verify(b.Context(), g.Token); err != nil {
			b.Fatal(err)
		}
	}
}
