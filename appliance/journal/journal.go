package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"coffer/weaken"
)

// Self is the name under which init and the journal log.
const Self = "init"

// Journal takes the lines of all services. It is safe for concurrent use.
type Journal struct {
	out  io.Writer
	json bool
	log  *slog.Logger // the journal's own lines
	run  string       // tells the cursors of this run from those of others
	pipe chan os.Signal

	console, files   *queue
	written, kept    chan struct{} // closed when an end has ended
	readers          sync.WaitGroup
	limit            int64         // of a file in bytes
	again            time.Duration // until files that failed are tried again
	reopen           atomic.Bool   // files are to be opened anew
	waiting          atomic.Int32  // questions that wait for lines
	mu               sync.Mutex    // guards what follows
	memory           map[string]*memory
	names            []string // of memory, in order of appearance
	next             uint64   // number of the next line
	changed          chan struct{}
	awaited, keeping bool
	secrets          []string
	pipes, reads     []*os.File
}

// New returns a journal that writes to out, the container's log: text lines as
// "service: line", or with asJSON objects with the member "service". Close
// ends it.
func New(out io.Writer, asJSON bool) *Journal {
	j := &Journal{
		out: out, json: asJSON, run: runMark(), pipe: make(chan os.Signal, 1),
		console: newQueue(), files: newQueue(), written: make(chan struct{}), kept: make(chan struct{}),
		limit: fileLimit, again: tryAgain,
		memory: map[string]*memory{}, next: firstNumber, changed: make(chan struct{}),
	}
	if asJSON {
		j.log = slog.New(slog.NewJSONHandler(j.Writer(Self), nil))
	} else {
		j.log = slog.New(slog.NewTextHandler(j.Writer(Self), nil))
	}
	// A reader of the container's log that went away must not end init, which
	// is what Go does with SIGPIPE on standard output. Ignoring it instead
	// would be inherited by services.
	signal.Notify(j.pipe, syscall.SIGPIPE)
	go j.console.drain(j.written, j.print)
	return j
}

// Pipe returns the write end of a pipe whose lines are the service's. It stays
// open until Close, so that it outlives the service's restarts.
func (j *Journal) Pipe(service string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.name(service)
	j.pipes, j.reads = append(j.pipes, w), append(j.reads, r)
	j.readers.Go(func() {
		defer r.Close()
		lines := bufio.NewReaderSize(r, maxLine)
		for {
			// A full buffer without a newline comes out as a line of its own.
			text, err := lines.ReadSlice('\n')
			j.take(service, text)
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
		}
	})
	return w, nil
}

// Writer returns a writer of whole lines in the name of service; it never
// blocks.
func (j *Journal) Writer(service string) io.Writer {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.name(service)
	return lineWriter{j, service}
}

type lineWriter struct {
	j       *Journal
	service string
}

func (w lineWriter) Write(b []byte) (int, error) {
	w.j.take(w.service, b)
	return len(b), nil
}

// Print puts text into the container's log as it is, or in a JSON log as a
// message, and nowhere else: it may hold what must not be kept.
func (j *Journal) Print(text string) {
	j.console.put(entry{line: Line{Service: Self}, printed: text, asItIs: true})
}

// Conceal has secrets blotted out of every line from now on.
func (j *Journal) Conceal(secrets ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range secrets {
		if s != "" && !weaken.Without(weaken.Blotting) {
			j.secrets = append(j.secrets, s)
		}
	}
}

// blot stands where a secret was.
const blot = "[concealed]"

// take is where every line of a service comes in.
func (j *Journal) take(service string, text []byte) {
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 {
		return
	}
	e := entry{printed: clean(text), line: Line{Service: service, Time: time.Now().UTC()}}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.secrets {
		e.printed = strings.ReplaceAll(e.printed, s, blot)
	}
	e.line.Level, e.line.Text = understand(e.printed)
	e.line.number = j.next
	j.next++
	j.memory[service].add(e.line)
	if j.awaited {
		close(j.changed)
		j.changed, j.awaited = make(chan struct{}), false
	}
	j.console.put(e)
	j.files.put(e)
}

// print writes to the container's log.
func (j *Journal) print(lines []entry, dropped map[string]int) {
	var b bytes.Buffer
	flush := func() {
		_, _ = j.out.Write(b.Bytes()) // nobody can be told when the log itself is gone
		b.Reset()
	}
	for i, e := range lines {
		container(&b, j.json, e.line.Service, e.printed, e.asItIs)
		if b.Len() > 16<<10 || i == len(lines)-1 {
			flush()
		}
	}
	for service, n := range dropped {
		note := fmt.Sprintf(`level=WARN msg="log lines dropped" service=%s lines=%d`, service, n)
		container(&b, j.json, Self, note, false)
		flush()
	}
}

// drain writes with write what comes until the queue is closed.
func (q *queue) drain(ended chan<- struct{}, write func([]entry, map[string]int)) {
	defer close(ended)
	for more := true; more; {
		var lines []entry
		var dropped map[string]int
		lines, dropped, more = q.take()
		write(lines, dropped)
		q.done(lines)
	}
}

// Close takes what is still in the pipes and returns when it is written, or
// after within. What then still hangs in a write ends with the process.
func (j *Journal) Close(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	defer signal.Stop(j.pipe)
	j.mu.Lock()
	pipes, reads, keeping := j.pipes, j.reads, j.keeping
	j.mu.Unlock()
	for _, w := range pipes {
		w.Close()
	}
	for _, r := range reads {
		// Whoever escaped with the other end must not hold us.
		_ = r.SetReadDeadline(time.Now().Add(within / 2))
	}
	j.readers.Wait()
	j.console.close()
	j.files.close()
	ends := []chan struct{}{j.written}
	if keeping {
		ends = append(ends, j.kept)
	}
	for _, end := range ends {
		select {
		case <-end:
		case <-ctx.Done():
		}
	}
}
