package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A frame is one byte for its kind, four bytes for the length of its payload
// (big endian), and the payload: raw bytes for data, a four-byte page and
// UTF-8 text for a passage, an eight-byte offset and a four-byte length for what
// is wanted, JSON for everything else.
const (
	kindRequest  = 'Q'
	kindData     = 'D'
	kindEnd      = 'E'
	kindReady    = 'Y'
	kindProgress = 'P'
	kindPassage  = 'T'
	kindHead     = 'R'
	kindFailure  = 'F'
	kindUnpack   = 'U'
	kindWant     = 'W'
	kindPlan     = 'L'
	kindMember   = 'M'
	kindLeft     = 'X'
	kindUnpacked = 'V'
)

const headerSize = 5

// ErrFrame is wrapped by every error about a peer that does not keep to the
// framing or its limits.
var ErrFrame = errors.New("wire: bad frame")

// A Message is one of Request, Data, End, Ready, Progress, Passage, Head and
// Failure, or about an archive Unpack, Want, Plan, Member, Left and Unpacked.
type Message interface{ kind() byte }

// Data is a chunk of the document. It is valid until the next call of Next.
type Data []byte

// End follows the last chunk of the document.
type End struct{}

// Ready is what a child says first, once it is confined and can take a
// document. NoPDFium is set when a child that should read PDF has no compiled
// PDFium to load; such a child ends at once.
type Ready struct {
	NoPDFium bool `json:"no_pdfium"`
}

// Head ends a reading: what was found besides the passages already sent.
type Head struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Pages    int    `json:"pages"`
	Passages int    `json:"passages"`
}

func (Request) kind() byte  { return kindRequest }
func (Data) kind() byte     { return kindData }
func (End) kind() byte      { return kindEnd }
func (Ready) kind() byte    { return kindReady }
func (Progress) kind() byte { return kindProgress }
func (Passage) kind() byte  { return kindPassage }
func (Head) kind() byte     { return kindHead }
func (Failure) kind() byte  { return kindFailure }

// A Writer sends messages. What is written reaches the peer at Flush.
type Writer struct {
	w      *bufio.Writer
	header [headerSize + 4]byte
}

// NewWriter returns a Writer on w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, MaxChunk+headerSize)}
}

// Flush hands everything written so far to the peer.
func (w *Writer) Flush() error { return w.w.Flush() }

// Write sends one message. Names, titles and messages are cut to their limit;
// everything else over a limit is an ErrFrame and sends nothing.
func (w *Writer) Write(m Message) error {
	switch m := m.(type) {
	case Data:
		if len(m) > MaxChunk {
			return fmt.Errorf("%w: %d bytes of data", ErrFrame, len(m))
		}
		return w.raw(kindData, m)
	case End:
		return w.raw(kindEnd, nil)
	case Passage:
		return w.passage(m)
	case Request:
		m.FileName = clip(m.FileName, maxFileName)
		return w.json(m)
	case Head:
		m.Title = clip(m.Title, maxTitle)
		return w.json(m)
	case Failure:
		m.Message = clip(m.Message, maxMessage)
		return w.json(m)
	case Unpack:
		m.FileName = clip(m.FileName, maxFileName)
		return w.json(m)
	case Want:
		return w.raw(kindWant, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, uint64(m.Offset)), uint32(m.Length)))
	case Member:
		m.Name = clipFront(m.Name, MaxPath)
		return w.json(m)
	case Left:
		m.Name, m.Message = clipFront(m.Name, MaxPath), clip(m.Message, maxMessage)
		return w.json(m)
	case Unpacked:
		m.Message = clip(m.Message, maxMessage)
		return w.json(m)
	default:
		return w.json(m)
	}
}

// Document sends exactly size bytes of body and the End. A body that is
// shorter or longer is an error, and the conversation is then of no use.
func (w *Writer) Document(body io.Reader, size int64) error {
	chunk := make([]byte, min(size+1, MaxChunk))
	for sent := int64(0); ; {
		n, err := body.Read(chunk)
		sent += int64(n)
		if sent > size {
			return fmt.Errorf("%w: the document is longer than the %d bytes announced", ErrFrame, size)
		}
		if n > 0 {
			if err := w.Write(Data(chunk[:n])); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) && sent == size:
			if err := w.Write(End{}); err != nil {
				return err
			}
			return w.Flush()
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: the document ended after %d of %d bytes", ErrFrame, sent, size)
		case err != nil:
			return err
		}
	}
}

func (w *Writer) raw(kind byte, payload []byte) error {
	w.header[0] = kind
	binary.BigEndian.PutUint32(w.header[1:], uint32(len(payload)))
	if _, err := w.w.Write(w.header[:headerSize]); err != nil {
		return err
	}
	_, err := w.w.Write(payload)
	return err
}

func (w *Writer) passage(p Passage) error {
	if err := p.check(); err != nil {
		return err
	}
	w.header[0] = kindPassage
	binary.BigEndian.PutUint32(w.header[1:], uint32(len(p.Text)+4))
	binary.BigEndian.PutUint32(w.header[headerSize:], uint32(p.Page))
	if _, err := w.w.Write(w.header[:]); err != nil {
		return err
	}
	_, err := w.w.WriteString(p.Text)
	return err
}

func (w *Writer) json(m Message) error {
	payload, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(payload) > maxControl {
		return fmt.Errorf("%w: %d bytes of control", ErrFrame, len(payload))
	}
	return w.raw(m.kind(), payload)
}

func (p Passage) check() error {
	switch {
	case len(p.Text) > MaxPassage:
		return fmt.Errorf("%w: a passage of %d bytes", ErrFrame, len(p.Text))
	case !utf8.ValidString(p.Text):
		return fmt.Errorf("%w: a passage that is not UTF-8", ErrFrame)
	case p.Page < 0 || p.Page > MaxPages:
		return fmt.Errorf("%w: page %d", ErrFrame, p.Page)
	}
	return nil
}

// clipFront cuts a path to at most n bytes and keeps its end, which names the
// file.
func clipFront(s string, n int) string {
	const mark = "…"
	if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) <= n {
		return s
	}
	at := len(s) - n + len(mark)
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return mark + s[at:]
}

// clip cuts s to at most n bytes at a character's edge and makes it valid.
func clip(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
