package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func texts(p Page) string {
	var all []string
	for _, l := range p.Lines {
		all = append(all, l.Text)
	}
	return strings.Join(all, " ")
}

func TestRead(t *testing.T) {
	j := New(io.Discard, false)
	defer j.Close(time.Second)
	api, worker := j.Writer("api"), j.Writer("worker")
	for n := range 6 {
		word := []string{"DEBUG", "INFO", "WARN"}[n%3]
		fmt.Fprintf(api, "time=x level=%s a%d\n", word, n)
		fmt.Fprintf(worker, "w%d\n", n)
	}
	for _, row := range []struct {
		q    Query
		want string
	}{
		{Query{Service: "api", Limit: 10}, "a0 a1 a2 a3 a4 a5"},
		{Query{Service: "api", Limit: 2}, "a4 a5"},
		{Query{Limit: 3}, "w4 a5 w5"},
		{Query{Service: "api", Limit: 10, Level: "warn"}, "a2 a5"},
		{Query{Service: "api", Limit: 10, Level: "info"}, "a1 a2 a4 a5"},
		{Query{Service: "api", Limit: 10, Level: "error"}, ""},
		{Query{Service: "worker", Limit: 1, Search: "W3"}, "w3"},
		{Query{Service: "init", Limit: 1}, ""},
	} {
		p, err := j.Read(row.q)
		if err != nil || texts(p) != row.want || p.Gap {
			t.Errorf("%+v: %q, %v", row.q, texts(p), err)
		}
	}
	for _, q := range []Query{
		{}, {Limit: -1}, {Limit: MaxLines + 1}, {Limit: 1, Level: "loud"}, {Limit: 1, Search: strings.Repeat("x", 300)},
		{Limit: 1, After: strings.Repeat("x", 300)},
	} {
		if _, err := j.Read(q); !errors.Is(err, ErrQuery) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	for _, name := range []string{"shell", "../api", "api.log", "/etc/passwd", "API"} {
		if _, err := j.Read(Query{Service: name, Limit: 1}); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "api, init, worker") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCursor(t *testing.T) {
	j := New(io.Discard, false)
	defer j.Close(time.Second)
	api := j.Writer("api")
	fmt.Fprintln(api, "one")
	p, err := j.Read(Query{Service: "api", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	changed := j.Changed()
	for range 2 {
		if again, err := j.Read(Query{Service: "api", Limit: 10, After: p.Next}); err != nil || len(again.Lines) != 0 || again.Next != p.Next {
			t.Errorf("nothing new: %+v, %v", again, err)
		}
	}
	select {
	case <-changed:
		t.Error("nothing changed")
	default:
	}
	for n := range 5 {
		fmt.Fprintln(api, n)
	}
	<-changed
	var got []string
	for range 4 {
		if p, err = j.Read(Query{Service: "api", Limit: 2, After: p.Next}); err != nil || p.Gap {
			t.Fatal(err, p.Gap)
		}
		got = append(got, texts(p))
	}
	if strings.Join(got, "|") != "0 1|2 3|4|" {
		t.Errorf("%q", got)
	}
	other := New(io.Discard, false)
	defer other.Close(time.Second)
	mark, _ := other.Read(Query{Limit: 1})
	for _, cursor := range []string{"nonsense", "-", j.run + "-", j.run + "-!", mark.Next, j.run + "-" + strings.Repeat("z", 13)} {
		p, err := j.Read(Query{Service: "api", Limit: 2, After: cursor})
		if err != nil || !p.Gap || texts(p) != "3 4" {
			t.Errorf("%q: %+v, %v", cursor, p, err)
		}
	}
	for range memoryLines + 5 {
		fmt.Fprintln(api, "more")
	}
	if p, err = j.Read(Query{Service: "api", Limit: 1, After: p.Next}); err != nil || !p.Gap || len(p.Lines) != 1 {
		t.Errorf("lines were forgotten: %+v, %v", p, err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	j := New(io.Discard, false)
	defer j.Close(time.Second)
	w := j.Writer("api")
	for range 3 * memoryLines {
		fmt.Fprintln(w, strings.Repeat("m", 500))
	}
	m := j.memory["api"]
	if m.bytes > memoryBytes || len(m.lines) > memoryLines || m.bytes != 500*len(m.lines) {
		t.Errorf("%d bytes in %d lines", m.bytes, len(m.lines))
	}
}

func TestAwait(t *testing.T) {
	j := New(io.Discard, false)
	defer j.Close(time.Second)
	api, worker := j.Writer("api"), j.Writer("worker")
	start, _ := j.Read(Query{Limit: 1})
	answer := make(chan string)
	for range maxWaiting {
		go func() {
			p, err := j.Await(t.Context(), Query{Service: "api", Limit: 5, After: start.Next})
			answer <- fmt.Sprint(texts(p), err)
		}()
	}
	settle(t, func() bool { return j.waiting.Load() == maxWaiting })
	if _, err := j.Await(t.Context(), Query{Limit: 1}); !errors.Is(err, ErrQuery) {
		t.Errorf("one too many waits: %v", err)
	}
	fmt.Fprintln(worker, "not asked for")
	time.Sleep(2 * gather)
	fmt.Fprintln(api, "asked")
	fmt.Fprintln(api, "for")
	for range maxWaiting {
		if got := <-answer; got != "asked for<nil>" {
			t.Errorf("%q", got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := j.Await(ctx, Query{Service: "init", Limit: 5}); err != nil || len(p.Lines) > 0 {
		t.Errorf("nobody waits any more: %+v, %v", p, err)
	}
}
