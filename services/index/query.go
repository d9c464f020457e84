package index

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/services/index/words"
	"coffer/services/library"
)

// The limits of a query.
const (
	maxQuery  = 1000 // characters
	maxWords  = 64
	maxLimit  = 100
	maxOffset = 10_000
)

// clause is a word to find, or a phrase whose words stand side by side.
type clause struct {
	words    []place
	phrase   bool
	excluded bool
	weight   float64 // how often the word was asked for
}

// place is a word of a clause.
type place struct {
	text       string
	offset     int  // its distance from the clause's first word
	lone       bool // one character that words of two may begin with
	start, end int  // the bytes of the query it came from
}

// question is a query that was read: nothing in it can be wrong any more.
type question struct {
	text    string
	clauses []clause
	// asked counts the words outside quotes before function words were left out.
	asked int
}

// parse takes a query apart. Any text is a query: quotes that are not closed
// run to the end, a minus counts only before a word, everything else that is
// neither letter nor digit separates.
func parse(text string) question {
	text = strings.ToValidUTF8(text, " ")
	q := question{text: text}
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) {
			at += n
			continue
		}
		excluded := false
		if r == '-' || r == '−' {
			next, _ := utf8.DecodeRuneInString(text[at+n:])
			if excluded = next != '-' && next != '−' && !unicode.IsSpace(next); excluded {
				at += n
				r, n = utf8.DecodeRuneInString(text[at:])
			}
		}
		if quote(r) {
			end := at + n + quoted(text[at+n:])
			q.add(at+n, end, true, excluded)
			if at = end; at < len(text) {
				_, n := utf8.DecodeRuneInString(text[at:])
				at += n
			}
			continue
		}
		end := at + strings.IndexFunc(text[at:], func(r rune) bool { return unicode.IsSpace(r) || quote(r) })
		if end < at {
			end = len(text)
		}
		q.add(at, end, false, excluded)
		at = end
	}
	return q
}

func quote(r rune) bool { return strings.ContainsRune("\"“”„«»「」『』", r) }

// quoted returns how far the text up to the next quote goes.
func quoted(s string) int {
	if i := strings.IndexFunc(s, quote); i >= 0 {
		return i
	}
	return len(s)
}

// add adds the bytes from start to end of the query: a phrase, or words.
func (q *question) add(start, end int, phrase, excluded bool) {
	ws := words.Split(q.text[start:end])
	if phrase || excluded && len(ws) > 1 {
		c := clause{phrase: true, excluded: excluded, weight: 1}
		for i, w := range ws {
			if w.Form != words.Tail {
				c.words = append(c.words, place{w.Text, i, w.Form == words.Lone, start + w.Start, start + w.End})
			}
		}
		if len(c.words) > 0 {
			c.phrase = len(c.words) > 1 || !c.words[0].lone
			q.clauses = append(q.clauses, c)
		}
		return
	}
	for _, w := range ws {
		if w.Form == words.Tail {
			continue
		}
		q.clauses = append(q.clauses, clause{
			words:    []place{{w.Text, 0, w.Form == words.Lone, start + w.Start, start + w.End}},
			excluded: excluded,
			weight:   1,
		})
	}
}

// distinct joins words asked for more than once, and leaves out the function
// words of a question: they would match nearly everything.
func (q question) distinct() question {
	out := question{text: q.text}
	var loose []words.Word
	for _, c := range q.clauses {
		if !c.phrase && !c.excluded {
			loose = append(loose, words.Word{Text: c.words[0].text})
		}
	}
	out.asked = len(loose)
	glue := glueOf(loose)
	at := map[string]int{}
	for _, c := range q.clauses {
		if !c.phrase && !c.excluded {
			text := c.words[0].text
			if glue != words.Unknown && words.IsFunction(glue, text) {
				continue
			}
			if i, ok := at[text]; ok {
				out.clauses[i].weight++
				continue
			}
			at[text] = len(out.clauses)
		}
		out.clauses = append(out.clauses, c)
	}
	return out
}

// longQuery is how many words a query has at least when function words are left out.
const longQuery = 4

// glueOf tells in which language a query has function words that can be left
// out: it is long enough, and other words remain.
func glueOf(loose []words.Word) words.Language {
	if len(loose) < longQuery {
		return words.Unknown
	}
	best, most := words.Unknown, 0
	for _, l := range words.Languages() {
		n := 0
		for _, w := range loose {
			if words.IsFunction(l, w.Text) {
				n++
			}
		}
		if n > most && n < len(loose) {
			best, most = l, n
		}
	}
	return best
}

// check refuses a query that is over a limit.
func check(q library.Query) error {
	switch {
	case utf8.RuneCountInString(q.Text) > maxQuery:
		return &library.Error{
			Kind: library.Invalid, Field: "q",
			Message: fmt.Sprintf("The search text is longer than %d characters.", maxQuery),
			Hint:    "Search for a few words from it, or for one sentence in quotes.",
		}
	case q.Limit < 0 || q.Limit > maxLimit:
		return &library.Error{
			Kind: library.Invalid, Field: "limit",
			Message: fmt.Sprintf("The limit is not between 1 and %d.", maxLimit),
			Hint:    "Ask for fewer hits and page on with offset.",
		}
	case q.Offset < 0 || q.Offset > maxOffset:
		return &library.Error{
			Kind: library.Invalid, Field: "offset",
			Message: fmt.Sprintf("The offset is not between 0 and %d.", maxOffset),
			Hint:    "Add a word, a type or a date to narrow the search.",
		}
	}
	return nil
}

// read parses a query and refuses one of too many words.
func read(text string) (question, error) {
	q := parse(text)
	n := 0
	for _, c := range q.clauses {
		n += len(c.words)
	}
	if n > maxWords {
		return question{}, &library.Error{
			Kind: library.Invalid, Field: "q",
			Message: fmt.Sprintf("The search text has more than %d words.", maxWords),
			Hint:    "Search for a few words from it, or for one sentence in quotes.",
		}
	}
	return q.distinct(), nil
}
