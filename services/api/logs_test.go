package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// said answers every question with the same lines, and remembers the question.
type said struct {
	asked library.LogQuery
	err   error
}

// Log implements library.Logs.
func (s *said) Log(_ context.Context, q library.LogQuery) (library.LogPage, error) {
	s.asked = q
	p := library.LogPage{Next: "run-5", Services: []string{"api", "init"}}
	switch {
	case s.err != nil:
		return library.LogPage{}, s.err
	case q.Service != "" && !slices.Contains(p.Services, q.Service):
		return library.LogPage{}, &library.Error{Kind: library.NotFound, Message: "The box has no such service."}
	case q.After == "":
		p.Lines = []library.LogLine{{Service: "api", Time: time.Unix(0, 0), Level: "WARN", Text: "msg=slow"}}
	}
	return p, nil
}

func TestLogs(t *testing.T) {
	log := &said{}
	b, owner := newOwnedBox(t, func(o *Options) { o.Logs = log })
	for _, row := range []struct {
		path   string
		status int
		answer string
		asked  library.LogQuery
	}{
		{"", 200, `{"items":["api","init"]}`, library.LogQuery{Limit: 1}},
		{"/api", 200, `{"items":[{"time":"1970-01-01T00:00:00Z","level":"WARN","text":"msg=slow"}],"next":"run-5"}`, library.LogQuery{Service: "api", Limit: 200}},
		{"/api?cursor=run-5", 200, `{"items":[],"next":"run-5"}`, library.LogQuery{Service: "api", Limit: 200, After: "run-5"}},
		{"/init?limit=3&q=a+b&level=warn", 200, `msg=slow`, library.LogQuery{Service: "init", Limit: 3, Search: "a b", Level: "warn"}},
		{"/shell", 404, "no such service", library.LogQuery{Service: "shell", Limit: 200}},
		{"/..%2Fapi", 404, "not_found", library.LogQuery{}},
		{"/api?limit=0", 422, "limit", library.LogQuery{}},
		{"/api?limit=501", 422, "limit", library.LogQuery{}},
		{"/api?level=loud", 422, "level", library.LogQuery{}},
		{"/api?q=" + strings.Repeat("x", 257), 422, "q", library.LogQuery{}},
		{"/api?cursor=" + strings.Repeat("x", 65), 422, "cursor", library.LogQuery{}},
	} {
		log.asked = library.LogQuery{}
		w := b.do(t, "GET", "/api/v1/logs"+row.path, "", owner)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.answer) {
			t.Errorf("%s: %d %s", row.path, w.Code, w.Body)
		}
		if row.asked != (library.LogQuery{}) && log.asked != row.asked {
			t.Errorf("%s asks for %+v", row.path, log.asked)
		}
		if row.status == 422 && log.asked != row.asked {
			t.Errorf("%s is asked for: %+v", row.path, log.asked)
		}
	}
	log.err = &library.Error{Kind: library.Internal, Message: "The box does not tell its log.", Cause: errors.New("box.sock")}
	if w := b.do(t, "GET", "/api/v1/logs/api", "", owner); w.Code != 500 || strings.Contains(w.Body.String(), "box.sock") {
		t.Errorf("init is silent: %d %s", w.Code, w.Body)
	}
	log.asked = library.LogQuery{}
	for _, path := range []string{"/api/v1/logs", "/api/v1/logs/api", "/api/v1/logs/shell"} {
		if w := b.do(t, "GET", path, ""); w.Code != http.StatusUnauthorized || log.asked != (library.LogQuery{}) {
			t.Errorf("a stranger asks %s: %d", path, w.Code)
		}
	}
	none, owner := newOwnedBox(t, nil)
	if w := none.do(t, "GET", "/api/v1/logs", "", owner); w.Code != 404 {
		t.Errorf("without a log: %d", w.Code)
	}
}

// Who follows the log of the API finds no line of its own asking in it.
func TestFollowingLeavesNoLines(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.Logs = &said{} })
	lines := func(path string) int {
		before := strings.Count(b.log.String(), `"level":"INFO","msg":"request"`)
		b.do(t, "GET", path, "", owner)
		return strings.Count(b.log.String(), `"level":"INFO","msg":"request"`) - before
	}
	for path, want := range map[string]int{
		"/api/v1/logs/api": 1, "/api/v1/logs/api?cursor=run-5": 0, "/api/v1/logs/shell?cursor=run-5": 1, "/api/v1/logs": 1,
	} {
		if got := lines(path); got != want {
			t.Errorf("%s: %d lines", path, got)
		}
	}
}
