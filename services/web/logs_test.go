package web

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// said is a log of api and worker.
type said struct {
	mu    sync.Mutex
	lines []library.LogLine
	asked library.LogQuery
	err   error
}

func (s *said) say(service, level, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, library.LogLine{Service: service, Time: time.Now(), Level: level, Text: text})
}

func (s *said) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Log implements library.Logs.
func (s *said) Log(_ context.Context, q library.LogQuery) (library.LogPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = q
	p := library.LogPage{Next: fmt.Sprint(len(s.lines)), Services: []string{"api", "worker"}}
	if q.Service != "" && !slices.Contains(p.Services, q.Service) {
		return p, &library.Error{Kind: library.NotFound, Message: "The box has no such service."}
	}
	from, err := strconv.Atoi(q.After)
	if err != nil {
		from = 0
	}
	p.Gap = q.After != "" && err != nil
	for _, l := range s.lines[min(from, len(s.lines)):] {
		if (q.Service == "" || l.Service == q.Service) && strings.Contains(l.Text, q.Search) && (q.Level != "error" || l.Level == "ERROR") {
			p.Lines = append(p.Lines, l)
		}
	}
	return p, s.err
}

func TestLogs(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	b.said.say("api", "INFO", `msg=request route="/<b>x</b>" status=200`)
	b.said.say("api", "ERROR", "msg=broken")
	b.said.say("worker", "WARN", "msg=slow")
	for _, row := range []struct {
		path       string
		has, hasnt []string
	}{
		{"/logs", []string{"msg=broken", "msg=slow", "<i>worker</i>", `class="line bad"`, `data-next="3"`, "&lt;b&gt;x"}, []string{"<b>x</b>"}},
		{"/logs?service=worker", []string{"msg=slow", `href="/box/logs?service=worker" aria-current="page"`}, []string{"msg=broken", "<i>worker"}},
		{"/logs?level=error&service=api", []string{"msg=broken", `value="error" selected`, `href="/box/logs?level=error&amp;service=worker"`}, []string{"msg=request", "msg=slow"}},
		{"/logs?q=brok%22%3E", []string{`value="brok&#34;&gt;"`, "There is no such line."}, []string{"msg=broken"}},
		{"/logs?level=loud", []string{"msg=slow", "msg=request"}, []string{"loud"}},
		{"/logs/more?after=2", []string{"msg=slow", `data-next="3"`}, []string{"msg=broken", "<html", "missing"}},
		{"/logs/more?after=other", []string{"msg=slow", "msg=broken", "Lines are missing here."}, nil},
		{"/settings/about", []string{`href="/box/logs"`}, nil},
	} {
		text, r := v.get(row.path)
		if r.StatusCode != 200 {
			t.Errorf("%s: %d", row.path, r.StatusCode)
		}
		for _, s := range row.has {
			if !strings.Contains(text, s) {
				t.Errorf("%s lacks %q", row.path, s)
			}
		}
		for _, s := range row.hasnt {
			if strings.Contains(text, s) {
				t.Errorf("%s has %q", row.path, s)
			}
		}
	}
	if text, r := v.get("/logs/more?after=3&service=api"); r.StatusCode != 204 || text != "" || r.Header.Get("Coffer-Next") != "3" {
		t.Errorf("nothing new: %d %q, next %q", r.StatusCode, text, r.Header.Get("Coffer-Next"))
	}
	if b.said.asked != (library.LogQuery{Service: "api", Limit: 200, After: "3"}) {
		t.Errorf("asked %+v", b.said.asked)
	}
	v.get("/logs?q=" + strings.Repeat("%C3%A4", 300))
	if got := b.said.asked.Search; len(got) > 256 || !strings.HasPrefix(got, "ä") {
		t.Errorf("searched for %d bytes", len(got))
	}
	for _, service := range []string{"shell", "../api", "api.log"} {
		if _, r := v.get("/logs?service=" + url.QueryEscape(service)); r.StatusCode != 404 {
			t.Errorf("%s: %d", service, r.StatusCode)
		}
	}
	for _, path := range []string{"/logs", "/logs/more?after=0"} {
		if text, r := b.visitor().get(path); !strings.HasSuffix(r.Request.URL.Path, "/login") || strings.Contains(text, "msg=") {
			t.Errorf("a stranger reads %s", path)
		}
	}
	b.said.fail(&library.Error{Kind: library.Internal, Message: "secret cause"})
	if text, r := v.get("/logs"); r.StatusCode != 503 || strings.Contains(text, "secret cause") || !strings.Contains(text, "<form") {
		t.Errorf("init is silent: %d", r.StatusCode)
	}
}

// With COFFER_PICTURES it also takes pictures of the page into that folder.
func TestLogsFollow(t *testing.T) {
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.said.say("api", "INFO", "msg=request method=GET route=/library status=200 duration=1.2ms")
	v := b.tab(chrome)
	v.signIn()
	v.open("/logs?service=api")
	const count = `document.querySelectorAll(".line").length`
	b.said.say("worker", "INFO", "not asked for")
	b.said.say("api", "WARN", "came later")
	v.do(seen(".line.warn"))
	if got := v.text(".line:last-child span"); got != "came later" || script[int](v, count) != 2 {
		t.Errorf("the page ends with %q", got)
	}
	v.do(run(`document.getElementById("follow").click()`))
	b.said.say("api", "ERROR", "after the switch")
	v.do(pause(2500 * time.Millisecond))
	if n := script[int](v, count); n != 2 {
		t.Errorf("it follows although it was told not to: %d lines", n)
	}
	v.quiet()
	if folder := os.Getenv("COFFER_PICTURES"); folder != "" {
		b.said.say("api", "INFO", `msg=request method=POST route=/api/v1/sources status=202 duration=12.5ms bytes=220 client=192.168.1.20 request_id=4f2fef362863535156f15a849365ca48`)
		for n := range 40 {
			b.said.say("worker", []string{"INFO", "INFO", "INFO", "DEBUG", "WARN"}[n%5], fmt.Sprintf("msg=\"read a document\" source=s%05d pages=%d took=%dms", n*7919%100000, n, n*13))
		}
		b.said.say("api", "ERROR", `msg="the box does not tell its log" error="dial unix /run/coffer/box.sock: connect: connection refused"`)
		album{t, folder, ""}.shoot(v, "logs", "/logs")
		album{t, folder, ""}.shoot(v, "logs-api", "/logs?service=api&level=error")
		album{t, folder, ""}.shoot(v, "settings-about", "/settings/about")
	}
}
