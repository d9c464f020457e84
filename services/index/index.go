package index

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"

	"coffer/services/library"
)

// format numbers how passages are written. It grows with every change to
// package words, to the fields or to the ids; an index of another format is
// thrown away at Open and filled again from the store.
const format = 1

// Options are what an Index is made of; the zero value will do.
type Options struct {
	Log *slog.Logger // nil: slog.Default
}

// Index is a library.Index on disk. It is safe for concurrent use.
type Index struct {
	dir  string
	log  *slog.Logger
	lock *os.File

	writing sync.Mutex // serialises Apply and Reset

	mu      sync.RWMutex // guards what follows; changed under writing too
	closed  bool
	engine  *scorch.Scorch // nil: closed, or not to be opened
	queue   *bleve.AnalysisQueue
	applied atomic.Uint64 // on disk

	scratch sync.Pool // *scores
}

// Open opens the index in dir, which it makes when there is none. An index
// that cannot be read, or is of another format, is moved aside and an empty
// one takes its place: Applied is 0 and the caller fills it. One process at a
// time has it open; a second gets Conflict.
func Open(dir string, o Options) (*Index, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, broken("The search index cannot be opened.", err)
	}
	lock, err := take(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	x := &Index{dir: dir, log: o.Log, lock: lock}
	x.scratch.New = func() any { return new(scores) }
	// What an interrupted start or Reset left aside.
	if err := os.RemoveAll(x.path("aside")); err != nil {
		o.Log.Warn("old search index not removed", "err", err)
	}
	err = x.start()
	if err != nil {
		o.Log.Warn("search index unusable, filling a new one", "err", err)
		err = x.fresh()
	}
	if err != nil {
		lock.Close()
		return nil, broken("The search index cannot be opened.", err)
	}
	return x, nil
}

// take locks a file for this process, or tells that another one has it.
func take(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, broken("The search index cannot be opened.", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &library.Error{
			Kind:    library.Conflict,
			Message: "The search index is open in another process.",
			Hint:    "Stop the other Coffer that uses this data folder.",
			Cause:   err,
		}
	}
	return f, nil
}

func (x *Index) path(name string) string { return filepath.Join(x.dir, name) }

// start opens the engine and reads what it says of itself.
func (x *Index) start() (err error) {
	if _, err := os.Stat(x.path("damaged")); err == nil {
		return errors.New("marked as damaged")
	}
	written := x.segments()
	queue := bleve.NewAnalysisQueue(1)
	defer func() {
		if r := recover(); r != nil { // bbolt panics on pages that make no sense
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			queue.Close()
		}
	}()
	opened, err := scorch.NewScorch(scorch.Name, engineConfig(x.path("scorch")), queue)
	if err != nil {
		return err
	}
	if err := opened.Open(); err != nil {
		return err
	}
	engine := opened.(*scorch.Scorch)
	now, err := open(engine)
	if err != nil {
		engine.Close()
		return err
	}
	defer now.Close()
	// Scorch passes over what it cannot read and begins with nothing, but
	// then writes over segments that are still there.
	if now.passages == 0 && now.state == (state{}) && written > 0 {
		engine.Close()
		return fmt.Errorf("none of %d segments can be read", written)
	}
	x.engine, x.queue = engine, queue
	x.applied.Store(now.state.seq)
	return nil
}

// segments counts the segment files on disk.
func (x *Index) segments() (n int) {
	files, _ := os.ReadDir(x.path("scorch")) // none is right for a new index
	for _, f := range files {
		if filepath.Ext(f.Name()) == ".zap" {
			n++
		}
	}
	return n
}

// fresh puts an empty index in the place of the present one, if any.
func (x *Index) fresh() error {
	aside := x.path("aside")
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(x.path("scorch"), aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Remove(x.path("damaged")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	return x.start()
}

// Applied is the last change that the index holds on disk. It is read again
// after an Apply that failed.
func (x *Index) Applied() (uint64, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.engine == nil {
		return 0, closed()
	}
	return x.applied.Load(), nil
}

// Reset empties the index.
func (x *Index) Reset() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return closed()
	}
	x.stop()
	if err := x.fresh(); err != nil {
		return broken("The search index cannot be emptied.", err)
	}
	return nil
}

// Close waits for searches and the batch under way, and ends the engine.
func (x *Index) Close() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	x.stop()
	if err := x.lock.Close(); err != nil {
		return broken("The search index was closed badly.", err)
	}
	return nil
}

// stop ends the engine. Everything that a batch returned for is on disk, so
// that an error here costs nothing.
func (x *Index) stop() {
	if x.engine == nil {
		return
	}
	if err := x.engine.Close(); err != nil {
		x.log.Warn("search index closed badly", "err", err)
	}
	x.queue.Close()
	x.engine, x.queue = nil, nil
}

// restart goes back to what is on disk. After a batch that could not be
// written scorch tries again for ever, and some of what it holds in memory is
// closed already. The caller has the lock on writing.
func (x *Index) restart() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return
	}
	x.stop()
	if err := x.start(); err != nil {
		x.log.Error("search index not opened again", "err", err)
	}
}

// markDamaged makes the next Open start with an empty index.
func (x *Index) markDamaged(u *unreadable) {
	f, err := os.OpenFile(x.path("damaged"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = f.Close()
	}
	x.log.Error("search index damaged", "cause", u.cause, "stack", u.stack, "marked", err == nil)
}
