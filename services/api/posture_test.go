package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

type still struct {
	now library.Posture
	err error
}

func (s still) Posture(context.Context) (library.Posture, error) { return s.now, s.err }
func (s still) Standing() library.Standing                       { return s.now.Standing() }

func TestPosture(t *testing.T) {
	now := time.Date(2026, 3, 5, 14, 7, 0, 0, time.UTC)
	said := library.Posture{CheckedAt: now, Claims: []library.Claim{
		{ID: "csrf", Group: "web", Title: "T", Text: "C", Against: "A", Standing: library.Broken, Evidence: "E", Remedy: "R"},
		{ID: "headers", Standing: library.Holds, Evidence: "E"},
		{ID: "no-egress", Standing: library.Partly, Evidence: "E"},
		{ID: "content-type", Standing: library.Unseen, Evidence: "E"},
		{ID: "tls", Standing: library.Unseen, Later: true, Evidence: "E"},
	}}
	b, owner := newOwnedBox(t, func(o *Options) { o.Watch = still{now: said} })
	if w := b.do(t, "GET", "/api/v1/posture", ""); w.Code != 401 || strings.Contains(w.Body.String(), "csrf") {
		t.Errorf("to nobody: %d %s", w.Code, w.Body)
	}
	w := b.do(t, "GET", "/api/v1/posture", "", owner)
	var got struct {
		Items     []map[string]any `json:"items"`
		CheckedAt time.Time        `json:"checked_at"`
		Summary   map[string]int   `json:"summary"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &got))
	if w.Code != 200 || len(got.Items) != 5 || !got.CheckedAt.Equal(now) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]any{"id": "csrf", "claim": "C", "status": "fail", "evidence": "E", "remedy": "R", "protects_from": "A"} {
		if got.Items[0][name] != want {
			t.Errorf("%s is %v, want %v", name, got.Items[0][name], want)
		}
	}
	if _, told := got.Items[1]["remedy"]; told {
		t.Error("a remedy for what holds")
	}
	for name, want := range map[string]int{"claims": 5, "pass": 1, "fail": 1, "degraded": 1, "not_applicable": 2, "later": 1} {
		if got.Summary[name] != want {
			t.Errorf("%s: %d, want %d", name, got.Summary[name], want)
		}
	}
	// What is broken is the owner's to see, and no reason to restart the box.
	for _, as := range []caller{nil, owner} {
		if w := b.do(t, "GET", "/api/v1/health", "", as); w.Code != 200 || !strings.Contains(w.Body.String(), `"status":"ok"`) {
			t.Errorf("health: %d %s", w.Code, w.Body)
		}
	}
}

func TestPostureUnknown(t *testing.T) {
	for name, row := range map[string]struct {
		watch  library.Watch
		status int
		has    string
	}{
		"nobody looks":   {nil, 404, "Nothing here looks"},
		"init is silent": {still{err: &library.Error{Kind: library.Internal, Message: "Silent."}}, 500, "problem"},
		"not yet":        {still{}, 200, `"checked_at":null`},
	} {
		b, owner := newOwnedBox(t, func(o *Options) { o.Watch = row.watch })
		w := b.do(t, "GET", "/api/v1/posture", "", owner)
		if text := w.Body.String() + w.Header().Get("Content-Type"); w.Code != row.status || !strings.Contains(text, row.has) {
			t.Errorf("%s: %d %s", name, w.Code, text)
		}
	}
}

// Init learns what it needs, and nothing that would help to sign in.
func TestFacts(t *testing.T) {
	b, _ := newOwnedBox(t, nil)
	w := b.do(t, "GET", "/_edge/facts", "")
	var f Facts
	must(t, json.Unmarshal(w.Body.Bytes(), &f))
	if w.Code != 200 || !f.Owner || f.PasswordHash != "bcrypt" || f.PasswordCost < 12 || f.Sessions != 1 || f.LoginsPerMinute != 5 {
		t.Errorf("%d %+v", w.Code, f)
	}
	if f.EndedKeyOpens || f.AnyKeyOpens || f.Keys+f.KeysBare != 0 {
		t.Errorf("%+v", f.KeyFacts)
	}
	if text := w.Body.String(); strings.Contains(text, "$2") || strings.Contains(text, theSeed.owner.ID) || strings.Contains(text, theSeed.session.ID) {
		t.Errorf("it tells %s", text)
	}
	for _, as := range []caller{without("X-Edge-Token"), header("X-Edge-Token", strings.Repeat("0", 64))} {
		if w := b.do(t, "GET", "/_edge/facts", "", as); w.Code != 401 {
			t.Errorf("without the token: %d %s", w.Code, w.Body)
		}
	}
	empty := newBox(t, nil)
	must(t, json.Unmarshal(empty.do(t, "GET", "/_edge/facts", "").Body.Bytes(), &f))
	if f.Owner {
		t.Error("an owner where there is none")
	}
}
