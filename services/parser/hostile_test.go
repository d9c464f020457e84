package parser_test

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"
	"time"

	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// hostile is a child that has been taken over by a document.
func hostile(how string) {
	in, out := wire.NewReader(os.Stdin), wire.NewWriter(os.Stdout)
	say := func(m wire.Message) {
		if out.Write(m) != nil || out.Flush() != nil {
			os.Exit(3)
		}
	}
	if how == "never-ready" {
		select {}
	}
	say(wire.Ready{})
	if len(os.Args) > 3 && os.Args[3] == "unpack" {
		hostileUnpacker(how, in, say)
		return
	}
	for {
		var request wire.Request
		for done := false; !done; {
			m, err := in.Next()
			if err != nil {
				return
			}
			switch m := m.(type) {
			case wire.Request:
				request = m
			case wire.End:
				done = true
			}
		}
		misbehave(how, request, say)
	}
}

// hostileUnpacker has been taken over by an archive.
func hostileUnpacker(how string, in *wire.Reader, say func(wire.Message)) {
	if _, err := in.Next(); err != nil {
		return
	}
	switch how {
	case "want-for-ever":
		for {
			say(wire.Want{Length: 1})
			if _, err := in.Next(); err != nil {
				return
			}
		}
	case "want-beyond":
		say(wire.Want{Offset: 1 << 30, Length: 1})
	case "member-twice":
		say(wire.Left{Name: "a", Code: "x"})
		say(wire.Left{Name: "a", Code: "x"})
	case "endless-members":
		for n := 0; ; n++ {
			say(wire.Member{Number: n, Name: "a", Size: wire.MaxChunk})
			say(wire.Data(make([]byte, wire.MaxChunk)))
			say(wire.End{})
		}
	case "passage":
		say(wire.Passage{Text: "a"})
	case "allocate":
		for size := 16 << 20; ; size *= 2 {
			say(wire.Left{Name: fmt.Sprint(len(bytes.Repeat([]byte{1}, size))), Code: "x", Number: bits.Len(uint(size)) - 25})
		}
	default:
		misbehave(how, wire.Request{}, say)
	}
}

func misbehave(how string, request wire.Request, say func(wire.Message)) {
	switch how {
	case "hang":
		time.Sleep(time.Hour) // an empty select would be a deadlock that Go itself ends
	case "spin":
		for {
			say(wire.Progress{Page: 1})
		}
	case "progress-for-ever":
		for {
			say(wire.Progress{Page: 1})
			time.Sleep(10 * time.Millisecond)
		}
	case "allocate":
		var held [][]byte
		for {
			held = append(held, bytes.Repeat([]byte{1}, 16<<20))
			say(wire.Progress{Page: len(held)})
		}
	case "crash":
		panic("taken over")
	case "exit":
		os.Exit(0)
	case "endless-output":
		for {
			say(wire.Passage{Text: strings.Repeat("a", wire.MaxPassage)})
		}
	case "many-passages":
		for {
			say(wire.Passage{Text: "a"})
		}
	case "oversized-frame":
		os.Stdout.Write([]byte{'T', 0xff, 0xff, 0xff, 0xff})
	case "garbage":
		os.Stdout.Write(bytes.Repeat([]byte("garbage"), 100))
	case "not-utf8":
		os.Stdout.Write([]byte{'T', 0, 0, 0, 6, 0, 0, 0, 0, 0xff, 0xfe})
	case "wrong-count":
		say(wire.Passage{Text: "one"})
		say(wire.Head{Type: "text", Passages: 2})
	case "request-as-answer":
		say(wire.Request{})
	case "pid":
		say(wire.Passage{Text: fmt.Sprint(os.Getpid())})
		say(wire.Head{Type: "text", Passages: 1})
	}
}

func hostileService(t *testing.T, how string, change func(*parser.Options)) *service {
	return start(t, func(o *parser.Options) {
		o.ChildCommand = []string{os.Args[0], "hostile-child", how}
		if change != nil {
			change(o)
		}
	})
}

func TestBreachesEndTheChild(t *testing.T) {
	t.Parallel()
	short := func(set func(*parser.Limits)) func(*parser.Options) {
		return func(o *parser.Options) { set(&o.Limits) }
	}
	for _, c := range []struct {
		how, code string
		change    func(*parser.Options)
	}{
		{"hang", wire.CodeTimeout, short(func(l *parser.Limits) { l.Stall = 300 * time.Millisecond })},
		{"hang", wire.CodeTimeout, short(func(l *parser.Limits) { l.Wall = 300 * time.Millisecond })},
		{"progress-for-ever", wire.CodeTimeout, short(func(l *parser.Limits) { l.Wall = 500 * time.Millisecond })},
		{"spin", wire.CodeTimeout, short(func(l *parser.Limits) { l.CPU = 300 * time.Millisecond })},
		{"allocate", wire.CodeMemory, short(func(l *parser.Limits) { l.Data = 256 << 20 })},
		{"crash", wire.CodeCrashed, nil},
		{"exit", wire.CodeCrashed, nil},
		{"endless-output", wire.CodeTooLarge, short(func(l *parser.Limits) { l.Text = 1 << 20 })},
		{"many-passages", wire.CodeTooLarge, short(func(l *parser.Limits) { l.Passages = 1000 })},
		{"oversized-frame", wire.CodeCrashed, nil},
		{"garbage", wire.CodeCrashed, nil},
		{"not-utf8", wire.CodeCrashed, nil},
		{"wrong-count", wire.CodeCrashed, nil},
		{"request-as-answer", wire.CodeCrashed, nil},
	} {
		t.Run(c.how+"/"+c.code, func(t *testing.T) {
			t.Parallel()
			if raceEnabled && c.how == "allocate" {
				t.Skip("the race detector does not run within a child's memory")
			}
			s := hostileService(t, c.how, c.change)
			for range 2 { // the second one needs a new child
				_, failure := s.parse(t, "a.txt", []byte("a"))
				if failure == nil || failure.Code != c.code || !failure.Died {
					t.Fatalf("got %+v, want a death by %s", failure, c.code)
				}
			}
		})
	}
}

// A child has bounds before it reads.
func TestChildrenAreBounded(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", nil)
	got, failure := s.parse(t, "a.txt", []byte("a"))
	if failure != nil {
		t.Fatal(failure)
	}
	limits, err := os.ReadFile("/proc/" + strings.TrimSpace(text(got)) + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Max data size", "Max core file size", "Max processes"} {
		_, rest, ok := strings.Cut(string(limits), name)
		if fields := strings.Fields(rest); !ok || len(fields) < 2 || fields[0] == "unlimited" || fields[1] == "unlimited" {
			t.Errorf("%s is not bounded:\n%s", name, limits)
		}
	}
}

func TestChildThatCannotStart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*parser.Options){
		"no such program": func(o *parser.Options) { o.ChildCommand = []string{"/nonexistent"} },
		"ends at once":    func(o *parser.Options) { o.ChildCommand = []string{"/bin/false"} },
		"never ready": func(o *parser.Options) {
			o.ChildCommand = []string{os.Args[0], "hostile-child", "never-ready"}
			o.Limits.Start = 200 * time.Millisecond
		},
		"cannot confine itself": func(o *parser.Options) { o.ChildCommand = []string{os.Args[0], "unconfined-child"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, change)
			_, failure := s.parse(t, "a.txt", []byte("a"))
			if failure == nil || failure.Code != wire.CodeUnavailable || failure.Died {
				t.Fatalf("got %+v, want unavailable and nobody's death", failure)
			}
		})
	}
}
