package ledger

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(dir string) (*Ledger, *strings.Builder) {
	said := &strings.Builder{}
	return Open(dir, slog.New(slog.NewTextHandler(said, nil))), said
}

func TestWhatIsCountedIsKept(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(dir)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, a := range []Attempt{
		{Purpose: "acme", Destination: "ca.example:443", Outcome: Connected},
		{Purpose: "acme", Destination: "ca.example:443", Outcome: Connected, Sent: 100, Received: 2000, Done: true},
		{Purpose: "acme", Destination: "ca.example:443", Outcome: Failed, Reason: "Nobody answers there."},
		{Purpose: "acme", Destination: "ca.example:443", Outcome: Connected, Sent: 1, Received: -7, Done: true},
		{Purpose: "fetch", Destination: "10.0.0.1", Outcome: Refused, Reason: "private"},
	} {
		a.At = at.Add(time.Duration(i) * time.Minute)
		l.Add(a)
	}
	l, said := open(dir)
	got := l.Lines()
	want := []Line{
		{Purpose: "fetch", Destination: "10.0.0.1", Attempts: 1, Refused: 1, First: at.Add(4 * time.Minute), Last: at.Add(4 * time.Minute), Outcome: Refused, Reason: "private"},
		{Purpose: "acme", Destination: "ca.example:443", Attempts: 2, Connected: 1, Failed: 1, Sent: 101, Received: 2000, First: at, Last: at.Add(3 * time.Minute), Outcome: Failed, Reason: "Nobody answers there."},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || said.String() != "" {
		t.Errorf("%+v\n%s", got, said)
	}
	if st, err := os.Stat(filepath.Join(dir, Name)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

// A service that was taken over cannot make the file grow or say more than a
// word.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(dir)
	l.lines = make([]Line, 0, maxLines)
	for i := range maxLines + 3 {
		l.lines = append(l.lines, Line{Purpose: "fetch", Destination: fmt.Sprint("h", i), Last: time.Unix(int64(i), 0)})
		l.lines = l.lines[:min(len(l.lines), maxLines)]
	}
	l.Add(Attempt{At: time.Unix(1e6, 0), Purpose: "fetch", Destination: "new", Outcome: Connected})
	got := l.Lines()
	if len(got) != maxLines || got[0].Destination != "new" || got[maxLines-1].Destination != "h1" {
		t.Errorf("%d lines from %s to %s", len(got), got[0].Destination, got[len(got)-1].Destination)
	}
	l, _ = open(t.TempDir())
	for _, odd := range []string{"", "a b", "a\nb", "\x1b[31m", "ü.example", strings.Repeat("a", maxWord+1), "<script>x y"} {
		l.Add(Attempt{Purpose: odd, Destination: odd, Outcome: odd, Reason: strings.Repeat("ä", maxWord)})
	}
	got = l.Lines()
	if len(got) != 1 || got[0].Purpose != "?" || got[0].Destination != "?" || got[0].Failed != 7 || len(got[0].Reason) > maxWord {
		t.Errorf("%+v", got)
	}
}

func TestDamageIsTold(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "another shape": `{"a":1}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, Name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, said := open(dir)
		if len(l.Lines()) != 0 || !strings.Contains(said.String(), "begins anew") {
			t.Errorf("%s: %v %s", name, l.Lines(), said)
		}
	}
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, Name)); err != nil {
		t.Fatal(err)
	}
	if l, said := open(dir); len(l.Lines()) != 0 || !strings.Contains(said.String(), "begins anew") {
		t.Errorf("a link is followed: %s", said)
	}
	l, said := open(filepath.Join(dir, "none"))
	l.Add(Attempt{Purpose: "a", Destination: "b"})
	if !strings.Contains(said.String(), "cannot be kept") || len(l.Lines()) != 1 {
		t.Errorf("%v %s", l.Lines(), said)
	}
}
