package shell

import (
	"html/template"
	"strings"
	"time"

	"coffer/services/library"
	"coffer/services/web/words"
)

// Frame is what every page's data begins with.
type Frame struct {
	W        *words.Words
	Base     string // BasePath
	V        string // of static files
	Version  string
	Section  string // search, library, activity, posture or settings
	Title    string
	Sheets   []string // styles beyond the shell's, without .css
	Script   string   // the page's own script, without .js
	Theme    string   // light, dark, or empty: as the system
	Language string   // as chosen; empty: as the browser
	Owner    string   // the signed-in owner's name
	Bare     bool
	Live     bool
	Work     Work
	BoxState Status // as last heard
	Alarms   []Alarm
	Now      time.Time
}

// Work counts what the box is doing.
type Work struct{ Failed, Busy int }

// Moment is a time as pages write it.
type Moment struct{ ISO, Exact, Text string }

// Moment writes t relative to now.
func (f *Frame) Moment(t time.Time) Moment {
	return Moment{ISO: t.UTC().Format(time.RFC3339), Exact: f.W.Exact(t.Local()), Text: f.W.Ago(t, f.Now)}
}

// Exactly writes t as a date and a time of day.
func (f *Frame) Exactly(t time.Time) Moment {
	m := f.Moment(t)
	m.Text = m.Exact
	return m
}

// Problem is what is wrong with what the owner sent.
type Problem struct{ Message, Hint string }

// Status is a state in words, with the tone it is shown in: ok, busy, warn,
// bad or idle.
type Status struct{ Text, Tone string }

// Tone is how a standing is shown.
func Tone(s library.Standing) string {
	switch s {
	case library.Holds:
		return "ok"
	case library.Partly:
		return "warn"
	case library.Broken:
		return "bad"
	}
	return "idle"
}

// Marked lets the markup of a highlighted text through: escaped text in which
// the only elements are <mark>. Anything else is escaped whole.
func Marked(s string) template.HTML {
	rest := strings.NewReplacer("<mark>", "", "</mark>", "").Replace(s)
	if strings.ContainsAny(rest, "<>") || strings.Count(s, "<mark>") != strings.Count(s, "</mark>") {
		return template.HTML(template.HTMLEscapeString(s))
	}
	return template.HTML(s)
}
