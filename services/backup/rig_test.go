package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

// rig is a library with real files, and its backups.
type rig struct {
	*Keeper
	t      *testing.T
	dir    string
	store  *store.Store
	lib    *library.Library
	blobs  *blobs.Dir
	held   atomic.Int64
	hold   chan struct{} // what reads originals waits for it
	sealed func(recipient string) ([]byte, error)
	commit func(key string) error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), hold: make(chan struct{})}
	close(r.hold)
	r.sealed = func(recipient string) ([]byte, error) {
		return Seal(recipient, func(add func(string, []byte) error) error { return add("secrets/session-key", []byte("very secret")) })
	}
	r.commit = func(string) error { return nil }
	librarytest.Must(t, os.Mkdir(filepath.Join(r.dir, "staged"), 0o700))
	var err error
	r.store, err = store.Open(filepath.Join(r.dir, "store"))
	librarytest.Must(t, err)
	r.blobs, err = blobs.Open(filepath.Join(r.dir, "blobs"))
	librarytest.Must(t, err)
	r.lib, err = library.Open(t.Context(), library.Options{
		Store: r.store, Blobs: r.blobs, Index: librarytest.NewIndex(), MaxUpload: 64 << 20, Log: slog.New(slog.DiscardHandler),
	})
	librarytest.Must(t, err)
	r.open()
	t.Cleanup(func() {
		librarytest.Must(t, r.Close())
		librarytest.Must(t, r.blobs.Close())
		librarytest.Must(t, r.store.Close())
	})
	return r
}

// open makes the keeper, as a start of the box does.
func (r *rig) open() {
	r.t.Helper()
	var err error
	r.Keeper, err = New(Options{
		Dir: filepath.Join(r.dir, "backups"), Snapshots: r.store, Plans: r.store,
		Originals: func(sha256 string) (io.ReadSeekCloser, error) { <-r.hold; return r.blobs.Open(sha256) },
		Hold: func() func(context.Context) {
			release := r.lib.HoldOriginals()
			r.held.Add(1)
			return func(ctx context.Context) { r.held.Add(-1); release(ctx) }
		},
		Seal:  func(_ context.Context, recipient string) ([]byte, error) { return r.sealed(recipient) },
		Stage: filepath.Join(r.dir, "staged"), Commit: func(_ context.Context, key string) error { return r.commit(key) },
		Box: "deadbeef", Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	librarytest.Must(r.t, err)
}

func (r *rig) add(n int) (out []library.Source) {
	r.t.Helper()
	for i := range n {
		s, _, err := r.lib.Add(r.t.Context(), fmt.Sprintf("%d.txt", i), strings.NewReader(fmt.Sprintf("This is document %d. %s", i, strings.Repeat("It is long. ", i*100))))
		librarytest.Must(r.t, err)
		out = append(out, s)
	}
	return out
}

// until waits for work on a backup to end.
func (r *rig) until(b library.Backup, err error) library.Backup {
	r.t.Helper()
	librarytest.Must(r.t, err)
	r.work.Wait()
	b, err = r.Backup(r.t.Context(), b.ID)
	librarytest.Must(r.t, err)
	return b
}

// key sets a recovery key up.
func (r *rig) key() library.BackupKey {
	r.t.Helper()
	k, err := r.NewKey(r.t.Context())
	librarytest.Must(r.t, err)
	librarytest.Must(r.t, r.SetKey(r.t.Context(), k.Identity))
	return k
}

func (r *rig) file(b library.Backup) string {
	return filepath.Join(r.dir, "backups", b.ID+fileEnd)
}

// collected is a sink that keeps all of it in memory.
type collected struct {
	head      Head
	db        bytes.Buffer
	originals map[string]string
	secrets   []byte
	key       string
	refuse    error
}

func (c *collected) begin(h Head) error {
	c.head, c.originals = h, map[string]string{}
	return c.refuse
}
func (c *collected) store() io.Writer { return &c.db }
func (c *collected) original(sha256 string, r io.Reader) error {
	text, err := io.ReadAll(r)
	c.originals[sha256] = string(text)
	return err
}
func (c *collected) sealed(text []byte, key string) error {
	c.secrets, c.key = text, key
	return nil
}

const passphrase = "correct horse battery"

func wantStatus(t *testing.T, b library.Backup, s library.BackupStatus) {
	t.Helper()
	if b.Status != s {
		t.Fatalf("%s, want %s: %+v", b.Status, s, b)
	}
}

func wantFailed(t *testing.T, b library.Backup, code string) {
	t.Helper()
	wantStatus(t, b, library.BackupFailed)
	if b.Reason == nil || b.Reason.Code != code {
		t.Fatalf("failed by %+v, want %s", b.Reason, code)
	}
}

var errTest = errors.New("as the test wants")

func empty(t *testing.T, dir string, left ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	librarytest.Must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(left) {
		t.Errorf("the folder holds %v, want %v", names, left)
	}
}
