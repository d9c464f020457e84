package librarytest

import (
	"errors"
	"reflect"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/services/library"
)

// Accounts runs the suite of library.Accounts; open returns an empty one.
func Accounts(t *testing.T, open func(testing.TB) library.Accounts) {
	t.Run("owner", func(t *testing.T) { owner(t, open(t)) })
	t.Run("one owner only", func(t *testing.T) { oneOwner(t, open(t)) })
	t.Run("sessions", func(t *testing.T) { sessions(t, open(t)) })
	t.Run("ending sessions", func(t *testing.T) { ending(t, open(t)) })
	t.Run("guesses", func(t *testing.T) { guesses(t, open(t)) })
	t.Run("settings", func(t *testing.T) { settings(t, open(t)) })
}

func someOwner() library.Owner {
	return library.Owner{ID: "u1", Name: "Zoë Ångström", PasswordHash: []byte{0, 1, 0xff}, Epoch: "e1", Mark: "m1", CreatedAt: At(1), Factors: library.Factors{
		TOTP: []byte("sealed"), TOTPSince: At(4), TOTPStep: 57_000_000, Recovery: [][]byte{{1, 0, 0xff}, {2}},
		Spent: []library.SpentStep{{ID: "t1", Until: At(5)}},
	}}
}

func session(id string) library.Session {
	return library.Session{
		ID: id, Owner: "u1", Epoch: "e1", CreatedAt: At(1), LastSeen: At(2), Expires: At(3), AuthTime: At(1), Address: "192.0.2.7", Agent: "A browser",
	}
}

func owner(t *testing.T, a library.Accounts) {
	ctx := t.Context()
	id, err := a.BoxID(ctx)
	Must(t, err)
	if again, _ := a.BoxID(ctx); !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(id) || again != id {
		t.Errorf("box id %q, then %q", id, again)
	}
	_, err = a.Owner(ctx)
	WantKind(t, err, library.NotFound)
	WantKind(t, a.UpdateOwner(ctx, func(*library.Owner) error { return nil }), library.NotFound)
	Must(t, a.CreateOwner(ctx, someOwner(), session("s1")))
	if o, err := a.Owner(ctx); err != nil || !reflect.DeepEqual(o, someOwner()) {
		t.Errorf("%+v, %v", o, err)
	}
	if s, err := a.Session(ctx, "s1"); err != nil || !reflect.DeepEqual(s, session("s1")) {
		t.Errorf("%+v, %v", s, err)
	}
	other := someOwner()
	other.Name = "Mallory"
	WantKind(t, a.CreateOwner(ctx, other, session("s2")), library.Conflict)
	_, err = a.Session(ctx, "s2")
	WantKind(t, err, library.NotFound)

	Must(t, a.UpdateOwner(ctx, func(o *library.Owner) error { o.Epoch = "e2"; return nil }))
	refusal := &library.Error{Kind: library.Forbidden, Message: "no"}
	err = a.UpdateOwner(ctx, func(o *library.Owner) error { o.Epoch = "e3"; return refusal })
	WantKind(t, err, library.Forbidden)
	if o, _ := a.Owner(ctx); o.Epoch != "e2" || o.Name != someOwner().Name {
		t.Errorf("%+v", o)
	}
	if err := a.UpdateOwner(ctx, func(*library.Owner) error { return errors.New("odd") }); err == nil {
		t.Error("an error is swallowed")
	}
}

func oneOwner(t *testing.T, a library.Accounts) {
	var wg sync.WaitGroup
	var won atomic.Int32
	for range 8 {
		wg.Go(func() {
			if a.CreateOwner(t.Context(), someOwner(), session("s")) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d owners were created", won.Load())
	}
}

func sessions(t *testing.T, a library.Accounts) {
	ctx := t.Context()
	if all, err := a.Sessions(ctx); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	for _, id := range []string{"a", "b", "c"} {
		Must(t, a.PutSession(ctx, session(id)))
	}
	seen := session("b")
	seen.LastSeen = At(50)
	Must(t, a.PutSession(ctx, seen))
	if s, err := a.Session(ctx, "b"); err != nil || !s.LastSeen.Equal(At(50)) {
		t.Errorf("%+v, %v", s, err)
	}
	Must(t, a.DeleteSession(ctx, "a"))
	Must(t, a.DeleteSession(ctx, "a"))
	for _, id := range []string{"a", "", "no such"} {
		_, err := a.Session(ctx, id)
		WantKind(t, err, library.NotFound)
	}
	if all, err := a.Sessions(ctx); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

func ending(t *testing.T, a library.Accounts) {
	ctx := t.Context()
	WantKind(t, a.EndSessions(ctx, "m2", "s1"), library.NotFound)
	Must(t, a.CreateOwner(ctx, someOwner(), session("s1")))
	Must(t, a.PutSession(ctx, session("s2")))
	Must(t, a.PutSession(ctx, session("s3")))
	Must(t, a.EndSessions(ctx, "m2", "s1", "s2", "no such"))
	if all, err := a.Sessions(ctx); err != nil || len(all) != 1 || all[0].ID != "s3" {
		t.Errorf("%v, %v", all, err)
	}
	want := someOwner()
	want.Mark = "m2"
	if o, err := a.Owner(ctx); err != nil || !reflect.DeepEqual(o, want) {
		t.Errorf("%+v, %v", o, err)
	}
	Must(t, a.EndSessions(ctx, "m3"))
	if all, _ := a.Sessions(ctx); len(all) != 1 {
		t.Errorf("%v", all)
	}
}

func guesses(t *testing.T, a library.Accounts) {
	ctx := t.Context()
	if g, err := a.Guesses(ctx); err != nil || !reflect.DeepEqual(g, library.Guesses{}) {
		t.Errorf("%+v, %v", g, err)
	}
	for _, want := range []library.Guesses{
		{
			Failures: 3, Waits: 2, Until: At(9), Last: At(8), Recent: []time.Time{At(1), At(8)},
			Tries: map[string]map[string][]time.Time{"login": {"192.0.2.1": {At(1), At(8)}, "": {At(2)}}},
		},
		{},
	} {
		Must(t, a.PutGuesses(ctx, want))
		if got, err := a.Guesses(ctx); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}

func settings(t *testing.T, a library.Accounts) {
	ctx := t.Context()
	if s, err := a.Settings(ctx); err != nil || !reflect.DeepEqual(s, library.Settings{}) {
		t.Errorf("%+v, %v", s, err)
	}
	want := library.Settings{Hosts: []string{"box.example"}, Reach: "names"}
	got, err := a.UpdateSettings(ctx, func(s *library.Settings) error { *s = want; return nil })
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = a.UpdateSettings(ctx, func(s *library.Settings) error {
		s.AnyHost = true
		return &library.Error{Kind: library.Invalid, Message: "no"}
	})
	WantKind(t, err, library.Invalid)
	if got, err := a.Settings(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
