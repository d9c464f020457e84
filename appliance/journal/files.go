package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"coffer/appliance/beneath"
)

// Bounds of what is kept on the volume for each service.
const (
	fileLimit   = 4 << 20 // bytes
	generations = 3       // files
)

// tryAgain is how long files that could not be written are left alone.
const tryAgain = time.Second

// keeper writes the files. All of it runs in one goroutine.
type keeper struct {
	j     *Journal
	path  string
	files map[string]*file
}

// file is the file of one service.
type file struct {
	service string
	f       *os.File // nil: not open
	size    int64
	batch   bytes.Buffer
	lines   int       // in batch
	lost    int       // lines since the last that was kept
	why     error     // of the last failure; nil while it works
	retry   time.Time // not before
}

// Keep begins to write files into the folder at path, and remembers what
// earlier runs left there of services. Lines that came before are kept too. It
// is called once.
func (j *Journal) Keep(path string, services ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keeping = true
	for _, s := range services {
		j.name(s)
	}
	k := &keeper{j: j, path: path, files: map[string]*file{}}
	go func() {
		k.recall()
		j.files.drain(j.kept, k.write)
		k.close()
	}()
}

// Reopen has the files opened anew, for who moved them away.
func (j *Journal) Reopen() {
	j.reopen.Store(true)
	j.files.nudge()
}

// write is called with what came.
func (k *keeper) write(lines []entry, dropped map[string]int) {
	if k.j.reopen.Swap(false) {
		k.close()
	}
	for service, n := range dropped {
		k.file(service).lost += n
	}
	for _, e := range lines {
		f := k.file(e.line.Service)
		text := e.line.String()
		if f.f != nil && f.size+int64(f.batch.Len()+len(text)+1) > k.j.limit {
			k.flush(f)
			k.rotate(f)
		}
		f.batch.WriteString(text)
		f.batch.WriteByte('\n')
		f.lines++
		if f.batch.Len() > 64<<10 || f.f == nil {
			k.flush(f)
		}
	}
	for _, f := range k.files {
		k.flush(f)
	}
}

func (k *keeper) file(service string) *file {
	f := k.files[service]
	if f == nil {
		f = &file{service: service}
		k.files[service] = f
	}
	return f
}

// flush writes the batch of a file, or counts it as lost.
func (k *keeper) flush(f *file) {
	if f.lines == 0 && f.lost == 0 {
		return
	}
	defer func() { f.batch.Reset(); f.lines = 0 }()
	if f.why != nil && time.Now().Before(f.retry) {
		f.lost += f.lines
		return
	}
	err := k.open(f)
	lost := f.lost
	if err == nil && lost > 0 {
		err = f.write([]byte(Line{
			Service: f.service, Time: time.Now(), Level: slog.LevelWarn,
			Text: fmt.Sprintf("msg=%q lines=%d reason=%q", "log lines not kept", lost, reason(f.why)),
		}.String() + "\n"))
	}
	if err == nil {
		f.lost -= lost
		err = f.write(f.batch.Bytes())
	}
	if err != nil {
		f.lost += f.lines
		k.fail(f, err)
		return
	}
	if f.why != nil {
		f.why = nil
		k.j.log.Info("logs are kept again", slog.String("of", f.service), slog.Int("lost", lost))
	}
}

func reason(err error) string {
	if err == nil {
		return "too many at once"
	}
	return err.Error()
}

// fail says once per kind of failure that lines are not kept.
func (k *keeper) fail(f *file, err error) {
	if f.why == nil || f.why.Error() != err.Error() {
		k.j.log.Warn("logs are not kept", slog.String("of", f.service), slog.Any("error", err))
	}
	f.why, f.retry = err, time.Now().Add(k.j.again)
	f.shut()
}

// write adds whole lines, or nothing.
func (f *file) write(b []byte) error {
	if _, err := f.f.Write(b); err != nil {
		// A part may have been written, for instance before the disk was full.
		return errors.Join(err, f.f.Truncate(f.size))
	}
	f.size += int64(len(b))
	return nil
}

func (f *file) shut() {
	if f.f != nil {
		f.f.Close() // every write has been answered for
		f.f = nil
	}
}

func (k *keeper) close() {
	for _, f := range k.files {
		f.shut()
	}
}

// mine is who may read the files.
func mine() beneath.Attributes {
	a := beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o640}
	if os.Geteuid() == 0 {
		a.UID, a.GID = 0, os.Getegid()
	}
	return a
}

// name is that of a generation, 0 the current.
func name(service string, generation int) string {
	if generation == 0 {
		return service + ".log"
	}
	return service + ".log." + strconv.Itoa(generation)
}

// open opens a file that is not, and turns over one that is full.
func (k *keeper) open(f *file) error {
	for range 2 {
		if f.f != nil {
			return nil
		}
		dir, err := beneath.Open(k.path)
		if err != nil {
			return err
		}
		f.f, err = dir.Append(name(f.service, 0), mine())
		dir.Close()
		if err != nil {
			return err
		}
		st, err := f.f.Stat()
		if err != nil {
			return err
		}
		f.size = st.Size()
		if err := f.mend(); err != nil {
			return err
		}
		if f.size > 0 && f.size+int64(f.batch.Len()) > k.j.limit {
			if err := k.turn(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// mend ends a line that a crash cut short.
func (f *file) mend() error {
	if f.size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := f.f.ReadAt(last[:], f.size-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	return f.write([]byte{'\n'})
}

// rotate makes the current file the newest of the earlier ones.
func (k *keeper) rotate(f *file) {
	if f.f == nil {
		return // it failed, and is tried as a whole
	}
	if err := k.turn(f); err != nil {
		k.fail(f, err)
	}
}

func (k *keeper) turn(f *file) error {
	f.shut()
	dir, err := beneath.Open(k.path)
	if err != nil {
		return err
	}
	defer dir.Close()
	for g := generations - 1; g > 0; g-- {
		err := dir.Rename(name(f.service, g-1), name(f.service, g))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// recall remembers the ends of the files of earlier runs.
func (k *keeper) recall() {
	dir, err := beneath.Open(k.path)
	if err != nil {
		return // the first line to keep tells
	}
	defer dir.Close()
	var earlier []Line
	for _, service := range k.j.Services() {
		for g := generations - 1; g >= 0; g-- {
			earlier = append(earlier, tail(dir, service, g)...)
		}
	}
	slices.SortStableFunc(earlier, func(a, b Line) int { return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Service, b.Service)) })
	of := map[string][]Line{}
	for i, l := range earlier {
		l.number = uint64(firstNumber - len(earlier) + i)
		of[l.Service] = append(of[l.Service], l)
	}
	k.j.mu.Lock()
	defer k.j.mu.Unlock()
	for service, lines := range of {
		k.j.memory[service].recall(lines)
	}
}

// tail reads what could be remembered of one file. A file that cannot be read
// has nothing to say.
func tail(dir *beneath.Dir, service string, generation int) []Line {
	n, err := dir.File(name(service, generation))
	if err != nil {
		return nil
	}
	defer n.Close()
	text, err := n.Tail(memoryBytes)
	if err != nil {
		return nil
	}
	if n.Size > memoryBytes {
		_, text, _ = bytes.Cut(text, []byte("\n")) // its beginning is missing
	}
	var lines []Line
	for part := range bytes.Lines(text) {
		if l, ok := parseLine(service, clean(bytes.TrimRight(part, "\n"))); ok {
			lines = append(lines, l)
		}
	}
	return lines
}
