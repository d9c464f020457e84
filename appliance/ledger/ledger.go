// Package ledger keeps what went out of the box, by purpose and destination,
// across restarts.
//
// It owns DATA/outgoing.json, root's. It refuses to believe more of the service
// that goes out than it must: purposes and destinations that are no words are
// kept as "?", and their number is bounded.
package ledger

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"coffer/appliance/beneath"
)

// Name is that of the file below DATA.
const Name = "outgoing.json"

// Bounds of what is kept.
const (
	maxLines = 500
	maxFile  = 1 << 20
	maxWord  = 300
)

// Attempt is one try to reach a destination. One that came to a connection is
// told again when that is closed, with what went over it.
type Attempt struct {
	At                   time.Time
	Purpose, Destination string
	Outcome, Reason      string
	Sent, Received       int64
	Done                 bool
}

// The outcomes of an attempt.
const (
	Connected = "connected"
	Failed    = "failed"
	Refused   = "refused"
)

// Line is what is known of one destination for one purpose.
type Line struct {
	Purpose     string    `json:"purpose"`
	Destination string    `json:"destination"`
	Attempts    int64     `json:"attempts"`
	Connected   int64     `json:"connected"`
	Failed      int64     `json:"failed"`
	Refused     int64     `json:"refused"`
	Sent        int64     `json:"sent"` // bytes
	Received    int64     `json:"received"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Outcome     string    `json:"outcome"` // of the last attempt
	Reason      string    `json:"reason,omitempty"`
}

// Purpose is something that may be gone out for, and where to; without
// destinations it is not configured.
type Purpose struct {
	Name         string   `json:"name"`
	Destinations []string `json:"destinations"`
	Later        bool     `json:"later,omitempty"` // this version does not go out for it
}

// Report is what may be reached and what was.
type Report struct {
	Purposes []Purpose `json:"purposes"`
	Lines    []Line    `json:"lines"` // the latest first
}

// Ledger is safe for concurrent use.
type Ledger struct {
	data string
	log  *slog.Logger

	mu    sync.Mutex
	lines []Line
}

// Open reads what was kept below data. A file that is damaged is told and begun
// anew: what it counted is no reason for the box to stand still.
func Open(data string, log *slog.Logger) *Ledger {
	l := &Ledger{data: data, log: log}
	lines, err := read(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		log.Warn("the count of what went out begins anew", slog.Any("error", err))
	default:
		l.lines = lines
	}
	return l
}

func read(data string) ([]Line, error) {
	d, err := beneath.Base(data)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	n, err := d.File(Name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	text, err := n.Read(maxFile)
	if err != nil {
		return nil, err
	}
	var lines []Line
	return lines, json.Unmarshal(text, &lines)
}

// Add counts an attempt and writes the file.
func (l *Ledger) Add(a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.line(word(a.Purpose), word(a.Destination))
	line.Last = a.At
	if line.First.IsZero() {
		line.First = a.At
	}
	if a.Done {
		line.Sent += max(0, a.Sent)
		line.Received += max(0, a.Received)
	} else {
		line.count(a)
	}
	if err := l.write(); err != nil {
		l.log.Warn("the count of what went out cannot be kept", slog.Any("error", err))
	}
}

func (l *Line) count(a Attempt) {
	l.Attempts++
	l.Reason = ""
	switch a.Outcome {
	case Connected:
		l.Connected++
	case Refused:
		l.Refused++
	default:
		l.Failed++
	}
	l.Outcome = word(a.Outcome)
	if a.Outcome != Connected {
		l.Reason = strings.ToValidUTF8(a.Reason[:min(len(a.Reason), maxWord)], "")
	}
}

// line finds a line, or makes one in the place of the oldest.
func (l *Ledger) line(purpose, destination string) *Line {
	at := slices.IndexFunc(l.lines, func(x Line) bool { return x.Purpose == purpose && x.Destination == destination })
	if at >= 0 {
		return &l.lines[at]
	}
	if len(l.lines) >= maxLines {
		slices.SortFunc(l.lines, latest)
		l.lines = l.lines[:maxLines-1]
	}
	l.lines = append(l.lines, Line{Purpose: purpose, Destination: destination})
	return &l.lines[len(l.lines)-1]
}

func latest(a, b Line) int {
	return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Destination, b.Destination))
}

// word is s when it can be shown as one.
func word(s string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if s == "" || len(s) > maxWord || strings.ContainsFunc(s, odd) {
		return "?"
	}
	return s
}

func (l *Ledger) write() error {
	text, err := json.Marshal(l.lines)
	if err != nil {
		return err
	}
	d, err := beneath.Base(l.data)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Put(Name, text, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o600})
}

// Lines is a copy of what is known, the latest first.
func (l *Ledger) Lines() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.lines)
	slices.SortFunc(out, latest)
	return out
}
