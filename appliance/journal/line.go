package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLine is where longer lines are split, in bytes.
const maxLine = 8 << 10

// Line is one line of a service.
type Line struct {
	Service string     `json:"service"`
	Time    time.Time  `json:"time"` // when it reached init
	Level   slog.Level `json:"level"`
	Text    string     `json:"text"` // without time and level

	number uint64 // in the order of arrival
}

// stamp is the form of times in files, of a fixed width.
const stamp = "2006-01-02T15:04:05.000000Z"

// String is the line as it stands in a file.
func (l Line) String() string {
	return l.Time.UTC().Format(stamp) + " " + l.Level.String() + " " + l.Text
}

// parseLine reads what String wrote.
func parseLine(service, s string) (Line, bool) {
	at, rest, ok := strings.Cut(s, " ")
	level, text, more := strings.Cut(rest, " ")
	l := Line{Service: service, Text: text}
	var err error
	if l.Time, err = time.Parse(stamp, at); err != nil || !ok || !more {
		return l, false
	}
	err = l.Level.UnmarshalText([]byte(level))
	return l, err == nil
}

// understand splits what a service printed into a level and a text without
// time and level. It knows the two forms of slog, nginx's errors and the end
// of a Go program; anything else is taken as it is.
func understand(printed string) (slog.Level, string) {
	if rest, ok := strings.CutPrefix(printed, "time="); ok {
		_, rest, _ = strings.Cut(rest, " ")
		if word, text, ok := strings.Cut(strings.TrimPrefix(rest, "level="), " "); ok && strings.HasPrefix(rest, "level=") {
			return level(word), text
		}
	}
	if rest, ok := strings.CutPrefix(printed, `{"time":"`); ok {
		_, rest, _ = strings.Cut(rest, `","level":"`)
		if word, text, ok := strings.Cut(rest, `",`); ok && len(word) < 16 {
			return level(word), "{" + text
		}
	}
	// 2006/01/02 15:04:05 [error] 7#7: text
	if len(printed) > 22 && printed[4] == '/' && printed[20] == '[' {
		if word, text, ok := strings.Cut(printed[21:], "] "); ok && len(word) < 16 {
			return level(word), text
		}
	}
	if strings.HasPrefix(printed, "panic: ") || strings.HasPrefix(printed, "fatal error: ") {
		return slog.LevelError, printed
	}
	return slog.LevelInfo, printed
}

// level knows the words of slog and of nginx.
func level(word string) slog.Level {
	switch strings.ToLower(word) {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error", "crit", "alert", "emerg":
		return slog.LevelError
	}
	var l slog.Level // such as ERROR+2
	if l.UnmarshalText([]byte(word)) == nil {
		return l
	}
	return slog.LevelInfo
}

// clean makes a text that a terminal shows and does not obey: what cannot be
// printed is written as an escape.
func clean(text []byte) string {
	if plain(text) {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.String()
}

func plain(text []byte) bool {
	for _, c := range text {
		if c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}

// container writes a line as the container's log has it.
func container(b *bytes.Buffer, asJSON bool, service, text string, asItIs bool) {
	switch {
	case asJSON && !asItIs && isObject(text):
		fmt.Fprintf(b, `{"service":%q,`, service)
		b.WriteString(text[1:])
	case asJSON:
		quoted, _ := json.Marshal(strings.TrimSpace(text)) // a string always has JSON
		fmt.Fprintf(b, `{"service":%q,"msg":%s}`, service, quoted)
	case asItIs:
		b.WriteString(text)
	default:
		b.WriteString(service)
		b.WriteString(": ")
		b.WriteString(text)
	}
	b.WriteByte('\n')
}

// isObject reports a JSON object that a member can be put into, and that does
// not claim to be another service's.
func isObject(text string) bool {
	return len(text) > 2 && text[0] == '{' && !strings.Contains(text, `"service"`) && json.Valid([]byte(text))
}
