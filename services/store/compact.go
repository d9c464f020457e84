package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"coffer/services/library"
)

// A store is written anew at a start when at least half of its file, and so many
// bytes of it, hold nothing: bbolt fills the room that deletions leave, and never
// gives it back.
const worthIt = 64 << 20

// Compacted is the size of the store's file before and after, in bytes; alike
// where it was left as it was.
type Compacted struct{ Before, After int64 }

// Compact writes the store in folder dir anew, without the room that deletions
// left, when that is worth it or always. Nothing else may have it open. The new
// file is compared with the old one, entry by entry, before it takes its place by
// one rename: a crash, a full disk or a fault leaves the old one. tell is told now
// and then how many bytes are written, of about how many. Full where the volume
// has no room for the copy.
func Compact(dir string, always bool, tell func(done, total int64)) (Compacted, error) {
	return compaction{lockWait, worthIt, bolt.Compact}.run(dir, always, tell)
}

// compaction is how it is done; tests do it otherwise.
type compaction struct {
	wait  time.Duration
	worth int64 // bytes
	copy  func(to, from *bolt.DB, perTransaction int64) error
}

func (c compaction) run(dir string, always bool, tell func(done, total int64)) (out Compacted, err error) {
	path := filepath.Join(dir, FileName)
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return out, nil
	case err != nil:
		return out, err
	case !st.Mode().IsRegular():
		return out, fmt.Errorf("%s is not a file; put it aside, and the store in its place", path)
	}
	if err := os.Remove(path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	out = Compacted{st.Size(), st.Size()}
	if !always && st.Size() < c.worth {
		return out, nil
	}
	old, err := openBolt(path, bolt.Options{Timeout: c.wait}) // which counts what is empty
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	empty := int64(old.Stats().FreePageN) * int64(old.Info().PageSize)
	if !always && (empty < c.worth || empty < st.Size()/2) {
		return out, nil
	}
	if err := roomFor(dir, st.Size()-empty); err != nil {
		return out, err
	}
	if err := c.write(old, path, st, tell); err != nil {
		return out, errors.Join(translate(err), os.Remove(path+partial))
	}
	if err := os.Rename(path+partial, path); err != nil {
		return out, err
	}
	if st, err = os.Lstat(path); err == nil {
		out.After = st.Size()
	}
	return out, errors.Join(err, syncDir(dir))
}

// spare is what a copy may need more than what it holds, in bytes: pages are not
// filled alike.
const spare = 32 << 20

func roomFor(dir string, kept int64) error {
	var v unix.Statfs_t
	if err := unix.Statfs(dir, &v); err != nil {
		return err
	}
	need, free := kept+kept/8+spare, int64(v.Bavail)*v.Bsize
	if free >= need {
		return nil
	}
	return &library.Error{
		Kind:    library.Full,
		Message: fmt.Sprintf("To make the store smaller takes %d MB for a while, and %d MB are free.", need/1e6+1, free/1e6),
		Hint:    "The store is as it was. Free some space on the volume and try again.",
	}
}

// write writes the copy, with the mode of the file that it follows, and makes
// it durable once it is found to be alike.
func (c compaction) write(old *bolt.DB, path string, st fs.FileInfo, tell func(done, total int64)) (err error) {
	fresh, err := openBolt(path+partial, bolt.Options{NoGrowSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()
	fresh.NoSync = true // until all of it is there
	total := st.Size() - int64(old.Stats().FreePageN)*int64(old.Info().PageSize)
	stop := every(time.Second, func() {
		if st, err := os.Stat(path + partial); err == nil {
			tell(min(st.Size(), total), total)
		}
	})
	err = c.copy(fresh, old, 16<<20)
	stop()
	if err != nil {
		return err
	}
	if err := alike(old, fresh); err != nil {
		return fmt.Errorf("the copy is not the store, which stays: %w", err)
	}
	if err := os.Chmod(path+partial, st.Mode().Perm()); err != nil {
		return err
	}
	return fresh.Sync()
}

// every calls f now and then until stop, which waits for the last call.
func every(d time.Duration, f func()) (stop func()) {
	t, end, ended := time.NewTicker(d), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer t.Stop()
		for {
			select {
			case <-end:
				return
			case <-t.C:
				f()
			}
		}
	}()
	return func() { close(end); <-ended }
}

// alike compares two stores, and looks whether each page of b is used once.
func alike(a, b *bolt.DB) error {
	return a.View(func(from *bolt.Tx) error {
		return b.View(func(to *bolt.Tx) error {
			var err error
			for fault := range to.Check() {
				err = errors.Join(err, fault)
			}
			if err != nil {
				return err
			}
			return sameEntries(from.Cursor(), to.Cursor(), func(name []byte) error {
				return sameBuckets(from.Bucket(name), to.Bucket(name))
			})
		})
	})
}

func sameBuckets(a, b *bolt.Bucket) error {
	if a.Sequence() != b.Sequence() {
		return errors.New("a sequence is another")
	}
	return sameEntries(a.Cursor(), b.Cursor(), func(name []byte) error {
		return sameBuckets(a.Bucket(name), b.Bucket(name))
	})
}

// sameEntries goes through two buckets at once, and into those that lie in both.
func sameEntries(a, b *bolt.Cursor, into func(name []byte) error) error {
	k, v := a.First()
	l, w := b.First()
	for k != nil || l != nil {
		if !bytes.Equal(k, l) || (v == nil) != (w == nil) || !bytes.Equal(v, w) {
			return fmt.Errorf("entry %x is another", k)
		}
		if v == nil {
			if err := into(k); err != nil {
				return err
			}
		}
		k, v = a.Next()
		l, w = b.Next()
	}
	return nil
}
