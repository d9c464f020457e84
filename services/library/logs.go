package library

import (
	"context"
	"time"
)

// Logs tells what the processes of the box said. Errors are *Error: NotFound
// for a service that there is not, Invalid for a question that makes no sense.
type Logs interface {
	Log(ctx context.Context, q LogQuery) (LogPage, error)
}

// LogQuery asks for lines.
type LogQuery struct {
	Service string // empty: all
	Limit   int
	After   string // Next of an earlier page; empty: the latest lines
	Level   string // the least: debug, info, warn or error; empty: all
	Search  string // what lines must contain, in any case
}

// LogPage is lines, oldest first.
type LogPage struct {
	Lines    []LogLine
	Next     string   // cursor of what comes after them
	Gap      bool     // lines between the cursor and these are gone
	Services []string // the names that can be asked for
}

// LogLine is one line.
type LogLine struct {
	Service string
	Time    time.Time
	Level   string // DEBUG, INFO, WARN or ERROR
	Text    string
}
