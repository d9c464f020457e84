package boot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what is kept while nobody reads the container's log.
const (
	maxLine   = 8 << 10 // longer lines are split
	maxQueued = 1 << 20 // bytes
)

// Output gathers the lines of all services into one log, each with the name of
// its service, and never makes a service wait: when the log cannot be written
// fast enough, lines are dropped and counted.
type Output struct {
	out     io.Writer
	json    bool
	queue   chan line
	queued  atomic.Int64
	dropped atomic.Int64
	readers sync.WaitGroup
	pipes   []*os.File // write ends
	reads   []*os.File
	written chan struct{}
}

type line struct {
	service string
	text    []byte
	plain   bool // printed as it is
}

// NewOutput writes to out: text lines as "service: line", or with asJSON
// objects with the member "service". Close ends it.
func NewOutput(out io.Writer, asJSON bool) *Output {
	o := &Output{out: out, json: asJSON, queue: make(chan line, 1024), written: make(chan struct{})}
	go o.write()
	return o
}

// Pipe returns the write end of a pipe whose lines are the service's. It stays
// open until Close, so that it outlives the service's restarts.
func (o *Output) Pipe(service string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o.pipes, o.reads = append(o.pipes, w), append(o.reads, r)
	o.readers.Go(func() {
		defer r.Close()
		lines := bufio.NewReaderSize(r, maxLine)
		for {
			// A full buffer without a newline comes out as a line of its own.
			text, err := lines.ReadSlice('\n')
			if text = bytes.TrimRight(text, "\r\n"); len(text) > 0 {
				o.put(line{service: service, text: bytes.Clone(text)})
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
		}
	})
	return w, nil
}

// Writer returns a writer of whole lines in the name of service; it never
// blocks.
func (o *Output) Writer(service string) io.Writer { return lineWriter{o, service} }

// Print puts text into the log as it is, or in a JSON log as a message.
func (o *Output) Print(text string) { o.put(line{service: "init", text: []byte(text), plain: true}) }

type lineWriter struct {
	o       *Output
	service string
}

func (w lineWriter) Write(b []byte) (int, error) {
	w.o.put(line{service: w.service, text: bytes.Clone(bytes.TrimRight(b, "\n"))})
	return len(b), nil
}

func (o *Output) put(l line) {
	size := int64(len(l.text))
	if o.queued.Add(size) > maxQueued {
		o.queued.Add(-size)
		o.dropped.Add(1)
		return
	}
	select {
	case o.queue <- l:
	default:
		o.queued.Add(-size)
		o.dropped.Add(1)
	}
}

func (o *Output) write() {
	defer close(o.written)
	for l := range o.queue {
		// An error means that nobody can be told: the log itself is gone.
		_, _ = o.out.Write(o.format(l))
		o.queued.Add(-int64(len(l.text)))
		if n := o.dropped.Swap(0); n > 0 {
			note := fmt.Sprintf(`level=WARN msg="log lines dropped" lines=%d`, n)
			_, _ = o.out.Write(o.format(line{service: "init", text: []byte(note)}))
		}
	}
}

func (o *Output) format(l line) []byte {
	var b bytes.Buffer
	switch {
	case o.json && !l.plain && len(l.text) > 2 && l.text[0] == '{' && json.Valid(l.text):
		fmt.Fprintf(&b, `{"service":%q,`, l.service)
		b.Write(l.text[1:])
	case o.json:
		text, _ := json.Marshal(string(bytes.TrimSpace(l.text))) // a string always has JSON
		fmt.Fprintf(&b, `{"service":%q,"msg":%s}`, l.service, text)
	case l.plain:
		b.Write(l.text)
	default:
		fmt.Fprintf(&b, "%s: ", l.service)
		b.Write(l.text)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// Close takes what is still in the pipes and returns when it is written, or
// after within.
func (o *Output) Close(within time.Duration) {
	for _, w := range o.pipes {
		w.Close()
	}
	for _, r := range o.reads {
		// Whoever escaped with the other end must not hold us.
		_ = r.SetReadDeadline(time.Now().Add(within / 2))
	}
	o.readers.Wait()
	close(o.queue)
	select {
	case <-o.written:
	case <-time.After(within):
	}
}
