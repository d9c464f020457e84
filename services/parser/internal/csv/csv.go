// Package csv reads tables of separated values.
//
// It owns the guesses that a table without a description takes: the
// separator, the encoding and whether the first row names the columns. A
// table that breaks the rules of quoting is read as far as it makes sense.
package csv

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/text"
	"coffer/services/parser/wire"
)

// named is the largest table, in bytes, in which each value is written with
// the name of its column; a larger one would grow too much.
const named = 4 << 20

// Read reads the table doc.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	body := text.Decode(doc, "")
	comma, body := Separator(body)
	r := csv.NewReader(strings.NewReader(body))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = comma, true, -1, true
	var header []string
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return wire.Head{}, nil
		}
		var fault *csv.ParseError
		if errors.As(err, &fault) && len(row) == 0 {
			continue
		}
		if err != nil && fault == nil {
			return wire.Head{}, err
		}
		if len(row) > limits.Row {
			return wire.Head{}, prose.TooLarge("a table with " + strconv.Itoa(len(row)) + " columns")
		}
		if first && len(body) <= named && names(row) {
			header = append(header, row...)
		}
		line := strings.Join(trimmed(row), " | ")
		if !first && header != nil {
			line = describe(header, row)
		}
		if err := w.Row(line); err != nil {
			return wire.Head{}, err
		}
	}
}

// Separator finds what separates the values of a table: the character that
// occurs in most of the first lines, equally often. A first line "sep=;", as
// Excel writes it, settles the question and is taken off. The answer is a
// comma when nothing separates anything.
func Separator(body string) (rune, string) {
	if line, rest, ok := strings.Cut(body, "\n"); ok {
		if sep, found := strings.CutPrefix(strings.TrimSpace(line), "sep="); found && len(sep) == 1 && strings.Contains(",;\t|:", sep) {
			return rune(sep[0]), rest
		}
	}
	best, score := ',', 0
	for _, comma := range ",;\t|" {
		if n := evenness(body, comma); n > score {
			best, score = comma, n
		}
	}
	return best, body
}

// evenness counts how many of the first lines have the same number of commas
// as the line before, weighted by that number.
func evenness(body string, comma rune) int {
	lines, score, before := 0, 0, -1
	for line := range strings.Lines(body[:min(len(body), 64<<10)]) {
		n, quoted := 0, false
		for _, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == comma && !quoted:
				n++
			}
		}
		switch {
		case n > 0 && n == before:
			score += 8 + min(n, 8)
		case n > 0:
			score += 2
		}
		before = n
		if lines++; lines == 30 {
			break
		}
	}
	return score
}

// names tells whether a row names columns: at least two values, none empty,
// none a number, none twice.
func names(row []string) bool {
	seen := map[string]bool{}
	for _, v := range row {
		v = strings.TrimSpace(v)
		_, err := strconv.ParseFloat(v, 64)
		if v == "" || err == nil || seen[v] || len(v) > 80 {
			return false
		}
		seen[v] = true
	}
	return len(row) > 1
}

// describe writes the values of a row that are not empty after their names.
func describe(header, row []string) string {
	var b strings.Builder
	for i, v := range row {
		v = strings.TrimSpace(v)
		if v == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		if i < len(header) {
			b.WriteString(strings.TrimSpace(header[i]) + ": ")
		}
		b.WriteString(v)
	}
	return b.String()
}

func trimmed(row []string) []string {
	var out []string
	for _, v := range row {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
