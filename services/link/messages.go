package link

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"coffer/services/library"
)

// Limits of messages, in bytes. A passage's text may grow sixfold when JSON
// escapes it.
const (
	maxSmall   = 16 << 10
	maxLine    = 6*library.MaxPassageText + 1<<10
	maxReading = 3 * library.MaxReadingText
)

// maxWait is how long a request for a lease may stay open.
const maxWait = 30 * time.Second

type leaseRequest struct {
	Worker string `json:"worker"`
	Wait   int    `json:"wait"` // seconds
}

type leaseReply struct {
	ID       library.LeaseID  `json:"id"`
	Source   library.SourceID `json:"source"`
	FileName string           `json:"file_name"`
	Size     int64            `json:"size"`
	SHA256   string           `json:"sha256"`
	Alone    bool             `json:"alone"`
	Archive  bool             `json:"archive"`
	Known    int              `json:"known"`
	Expires  time.Time        `json:"expires"`
}

type heartbeatReply struct {
	Expires time.Time `json:"expires"`
}

type readingHead struct {
	Type     library.Type `json:"type"`
	Title    string       `json:"title"`
	Pages    int          `json:"pages"`
	Passages int          `json:"passages"`
}

type passageLine struct {
	Page int    `json:"page"`
	Text string `json:"text"`
}

type failureRequest struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	ParserDied bool   `json:"parser_died"`
}

type refusal struct {
	Kind    library.Kind `json:"kind"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
}

// strict decodes exactly one JSON value of known fields.
func strict(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// writeReading writes what readReading reads.
func writeReading(w io.Writer, r library.Reading) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(readingHead{r.Type, r.Title, r.Pages, len(r.Passages)}); err != nil {
		return err
	}
	for _, p := range r.Passages {
		if err := e.Encode(passageLine{p.Page, p.Text}); err != nil {
			return err
		}
	}
	return nil
}

// readReading reads a head and as many passages as it announces, within the
// limits of package library, and nothing after them.
func readReading(r io.Reader) (library.Reading, error) {
	lines := newLines(r)
	var head readingHead
	if err := lines.next(&head); err != nil {
		return library.Reading{}, err
	}
	if head.Passages < 0 || head.Passages > library.MaxPassages {
		return library.Reading{}, fmt.Errorf("%d passages", head.Passages)
	}
	out := library.Reading{Type: head.Type, Title: head.Title, Pages: head.Pages}
	text := 0
	for range head.Passages {
		var p passageLine
		if err := lines.next(&p); err != nil {
			return library.Reading{}, err
		}
		if text += len(p.Text); text > library.MaxReadingText {
			return library.Reading{}, errors.New("too much text")
		}
		out.Passages = append(out.Passages, library.Passage{Number: len(out.Passages), Page: p.Page, Text: p.Text})
	}
	if err := lines.next(&head); !errors.Is(err, io.EOF) {
		return library.Reading{}, errors.Join(errors.New("more than was announced"), err)
	}
	return out, nil
}

// decodeLine decodes one line of a reading.
func decodeLine(line []byte, into any) error { return strict(bytes.NewReader(line), into) }
