package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is remembered of each service.
const (
	memoryLines = 2000
	memoryBytes = 256 << 10
)

// MaxLines is the most that one question can ask for.
const MaxLines = memoryLines

// firstNumber leaves room below it for the lines of earlier runs.
const firstNumber = 1 << 32

// memory is the latest lines of one service, oldest first.
type memory struct {
	lines []Line
	bytes int
	lost  uint64 // number of the last line that was forgotten
}

func (m *memory) add(l Line) {
	m.lines = append(m.lines, l)
	m.bytes += len(l.Text)
	drop := 0
	for len(m.lines)-drop > memoryLines || m.bytes > memoryBytes {
		m.bytes -= len(m.lines[drop].Text)
		m.lost = m.lines[drop].number
		m.lines[drop] = Line{} // its text is not kept alive
		drop++
	}
	m.lines = m.lines[drop:]
}

// recall puts the lines of earlier runs before those of this one, as many as
// fit. They have numbers already.
func (m *memory) recall(earlier []Line) {
	recent := m.lines
	*m = memory{}
	for _, l := range slices.Concat(earlier, recent) {
		m.add(l)
	}
}

// name makes room for a service; j.mu is held.
func (j *Journal) name(service string) {
	if j.memory[service] == nil {
		j.memory[service] = &memory{}
		j.names = append(j.names, service)
	}
}

// Services are the names that have lines.
func (j *Journal) Services() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	names := slices.Clone(j.names)
	slices.Sort(names)
	return names
}

// Query asks for lines.
type Query struct {
	Service string `json:"service"`          // empty: all
	Limit   int    `json:"limit"`            // 1 to MaxLines
	After   string `json:"after,omitempty"`  // Next of an earlier answer; empty: the latest lines
	Level   string `json:"level,omitempty"`  // the least: debug, info, warn or error; empty: all
	Search  string `json:"search,omitempty"` // what lines must contain, in any case
}

// maxSearch bounds Search in bytes.
const maxSearch = 256

// Page is an answer: the latest lines, or those after a cursor.
type Page struct {
	Lines []Line `json:"lines"` // oldest first
	Next  string `json:"next"`  // cursor of what comes after them
	// Gap: lines between the cursor and these are gone, or the cursor is from
	// an earlier run and these are the latest.
	Gap bool `json:"gap,omitempty"`
	// Services are the names that can be asked for.
	Services []string `json:"services"`
}

// What is wrong with a question.
var (
	ErrUnknown = errors.New("no such service")
	ErrQuery   = errors.New("not a question for lines")
)

// Read answers q from memory.
func (j *Journal) Read(q Query) (Page, error) {
	least, err := q.check()
	if err != nil {
		return Page{}, err
	}
	lines, next, lost, err := j.remembered(q.Service)
	if err != nil {
		return Page{}, err
	}
	wanted := strings.ToLower(q.Search)
	matches := func(l Line) bool {
		return l.Level >= least && (wanted == "" || strings.Contains(strings.ToLower(l.Text), wanted))
	}
	after, ours := j.cursor(q.After)
	page := Page{Services: j.Services(), Lines: []Line{}, Next: j.mark(next - 1), Gap: q.After != "" && (!ours || after < lost)}
	if !ours {
		for _, l := range slices.Backward(lines) {
			if matches(l) {
				page.Lines = append(page.Lines, l)
			}
			if len(page.Lines) == q.Limit {
				break
			}
		}
		slices.Reverse(page.Lines)
		return page, nil
	}
	from, _ := slices.BinarySearchFunc(lines, after+1, func(l Line, n uint64) int {
		if l.number < n {
			return -1
		}
		return 1
	})
	for _, l := range lines[from:] {
		if !matches(l) {
			continue
		}
		page.Lines = append(page.Lines, l)
		if len(page.Lines) == q.Limit {
			page.Next = j.mark(l.number)
			break
		}
	}
	return page, nil
}

// check returns the least level.
func (q Query) check() (slog.Level, error) {
	if q.Limit < 1 || q.Limit > MaxLines {
		return 0, fmt.Errorf("%w: the number of lines is from 1 to %d", ErrQuery, MaxLines)
	}
	if len(q.Search) > maxSearch || len(q.After) > maxSearch {
		return 0, fmt.Errorf("%w: longer than %d bytes", ErrQuery, maxSearch)
	}
	switch q.Level {
	case "":
		return slog.LevelDebug - 100, nil
	case "debug", "info", "warn", "error":
		return level(q.Level), nil
	}
	return 0, fmt.Errorf("%w: levels are debug, info, warn and error", ErrQuery)
}

// remembered returns the lines of a service, or of all, in order, with the
// number of the next line and of the last that was forgotten.
func (j *Journal) remembered(service string) (lines []Line, next, lost uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if service != "" {
		m := j.memory[service]
		if m == nil {
			names := slices.Clone(j.names)
			slices.Sort(names)
			return nil, 0, 0, fmt.Errorf("%w: %q; there are %s", ErrUnknown, service, strings.Join(names, ", "))
		}
		return slices.Clone(m.lines), j.next, m.lost, nil
	}
	for _, m := range j.memory {
		lines = append(lines, m.lines...)
		lost = max(lost, m.lost)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	return lines, j.next, lost, nil
}

// How long Await waits for lines, and for company of the first one, and how
// many may wait at once.
const (
	maxWaiting = 4

	awaitLines = 3 * time.Second
	gather     = 50 * time.Millisecond
)

// Await is Read, but waits when there is nothing after the cursor: until there
// is, ctx ends or a while has passed.
func (j *Journal) Await(ctx context.Context, q Query) (Page, error) {
	defer j.waiting.Add(-1)
	if j.waiting.Add(1) > maxWaiting {
		return Page{}, fmt.Errorf("%w: %d follow the log already", ErrQuery, maxWaiting)
	}
	ctx, cancel := context.WithTimeout(ctx, awaitLines)
	defer cancel()
	for {
		changed := j.Changed()
		page, err := j.Read(q)
		if err != nil || len(page.Lines) > 0 || page.Gap {
			return page, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return page, nil
		}
		select {
		case <-time.After(gather):
		case <-ctx.Done():
		}
		q.After = page.Next
	}
}

// Changed is closed when the next line arrives.
func (j *Journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.awaited = true
	return j.changed
}

func runMark() string { return strings.ToLower(rand.Text())[:8] }

func (j *Journal) mark(number uint64) string {
	return j.run + "-" + strconv.FormatUint(number, 36)
}

// cursor reads a mark; ours is false for none, or one of another run.
func (j *Journal) cursor(mark string) (after uint64, ours bool) {
	run, number, _ := strings.Cut(mark, "-")
	after, err := strconv.ParseUint(number, 36, 64)
	return after, err == nil && run == j.run && after < 1<<63
}
