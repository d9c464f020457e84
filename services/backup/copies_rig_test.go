package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// bucket is a storage in memory, at a place that can be changed.
type bucket struct {
	mu      sync.Mutex
	to      library.CopyTarget
	objects map[string][]byte
	puts    []string
	removed []string
	asked   int
	fail    error // of whatever is asked
	stay    error // of removing
	during  func(ctx context.Context) error
}

func newBucket() *bucket {
	return &bucket{to: library.CopyTarget{Endpoint: "https://s3.lan", Host: "s3.lan", Bucket: "b"}, objects: map[string][]byte{}}
}

func (b *bucket) CopyTarget(context.Context) (library.CopyTarget, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.to, nil
}

func (b *bucket) SetCopyTarget(_ context.Context, w library.CopyWish) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = library.CopyTarget{Endpoint: w.Endpoint, Host: strings.TrimPrefix(w.Endpoint, "https://"), Bucket: w.Bucket, Prefix: w.Prefix}
	return nil
}

func (b *bucket) PutCopy(ctx context.Context, name string, f *os.File, there func(int64)) error {
	b.mu.Lock()
	during := b.during
	b.mu.Unlock()
	if during != nil {
		if err := during(ctx); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.puts = append(b.puts, name); b.fail != nil {
		return b.fail
	}
	text, err := io.ReadAll(f)
	b.objects[name] = text
	there(int64(len(text)))
	return err
}

func (b *bucket) GetCopy(_ context.Context, name string, w io.Writer, size func(int64)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, ok := b.objects[name]
	if !ok || b.fail != nil {
		return errors.Join(b.fail, &library.Error{Kind: library.Conflict, Code: "gone", Message: "gone"})
	}
	size(int64(len(text)))
	_, err := w.Write(text)
	return err
}

func (b *bucket) RemoveCopy(_ context.Context, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stay != nil {
		return b.stay
	}
	b.removed = append(b.removed, name)
	delete(b.objects, name)
	return nil
}

func (b *bucket) ListCopies(context.Context) (all []library.StoredCopy, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	for name, text := range b.objects {
		all = append(all, library.StoredCopy{Name: name, Size: int64(len(text))})
	}
	return all, b.fail
}

func (b *bucket) TryCopies(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fail
}

func (b *bucket) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *bucket) names() (all []string) {
	b.set(func() {
		for name := range b.objects {
			all = append(all, name)
		}
	})
	slices.Sort(all)
	return all
}

// copied is a rig whose backups are copied to b.
func copiedRig(t *testing.T) (*rig, *bucket) {
	r, b := newRig(t), newBucket()
	r.o.Place, r.o.Storage = b, b
	r.add(1)
	return r, b
}

func failedBy(code string) error {
	return &library.Error{Kind: library.Conflict, Code: code, Message: "The storage did not."}
}

func (r *rig) copiesNow() library.CopiesState {
	r.t.Helper()
	s, err := r.Copies(r.t.Context())
	librarytest.Must(r.t, err)
	return s
}
