package packages

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"coffer/services/library"
)

// Library is what packages need of the library; *library.Library is one.
type Library interface {
	Sources(ctx context.Context, f library.SourceFilter, p library.Page) (library.List[library.Source], error)
	Passages(ctx context.Context, id library.SourceID, from, n int) ([]library.Passage, error)
	Original(ctx context.Context, id library.SourceID) (library.Source, io.ReadSeekCloser, error)
	HoldOriginals() (release func(context.Context))
	Bring(ctx context.Context, b library.Brought, r io.Reader) (library.Source, bool, error)
	Keeps(ctx context.Context, sha256 string) (bool, error)
}

// Options are what a Keeper is made of. All are required but Changed and Now.
type Options struct {
	Dir     string // in which a package lies while it is added; made when there is none
	Library Library
	Key     ed25519.PrivateKey // signs what leaves
	// MaxFile is the largest document that is added, in bytes.
	MaxFile int64
	// Changed is told whenever the import or its progress is another; nil: nobody.
	Changed func()
	Box     string // id, names what leaves
	Version string // of the program
	Log     *slog.Logger
	Now     func() time.Time
}

// Keeper exports and imports. It is safe for concurrent use; one package is
// imported at a time.
type Keeper struct {
	o    Options
	root *os.Root
	wake chan struct{} // an import was accepted

	mu   sync.Mutex
	busy bool               // one is being checked or added
	last library.Import     // ID empty: none
	stop context.CancelFunc // ends the one that is added; nil: none is
}

var _ library.Packages = (*Keeper)(nil)

// New opens the folder and removes what an earlier process did not accept.
func New(o Options) (*Keeper, error) {
	if o.Library == nil || len(o.Key) != ed25519.PrivateKeySize || o.MaxFile <= 0 || o.Log == nil {
		return nil, errors.New("packages: library, key, limit and log are required")
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{o: o, root: root, wake: make(chan struct{}, 1)}
	if err := k.recover(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return k, nil
}

// Close closes the folder. Run has to have ended.
func (k *Keeper) Close() error { return k.root.Close() }

// recover takes up the record of before. An import that it says runs goes on
// where all of it was accepted.
func (k *Keeper) recover() error {
	if err := errors.Join(k.root.RemoveAll(uploadName), k.root.RemoveAll(membersName)); err != nil {
		return err
	}
	var err error
	if k.last, err = k.readRecord(); err != nil {
		k.o.Log.Error("the record of the last import cannot be read", "err", err)
	}
	_, err = k.root.Lstat(acceptedName)
	accepted := err == nil
	switch {
	case k.last.Status == library.ImportRunning && accepted:
		k.busy = true
		k.nudge()
		return nil
	case k.last.Status == library.ImportRunning:
		k.last.Status, k.last.EndedAt = library.ImportFailed, k.now()
		if err := k.writeRecord(k.last); err != nil {
			return err
		}
	}
	return k.root.RemoveAll(acceptedName)
}

func (k *Keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *Keeper) now() time.Time { return k.o.Now().UTC().Truncate(time.Second) }

// Signer implements library.Packages.
func (k *Keeper) Signer() string { return Fingerprint(k.public()) }

func (k *Keeper) public() ed25519.PublicKey { return k.o.Key.Public().(ed25519.PublicKey) }

// begin takes the one place for an import.
func (k *Keeper) begin() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy {
		return &library.Error{Kind: library.Conflict, Message: "Another package is being added.", Hint: "Wait until it is done, or stop it, and send this one again."}
	}
	k.busy = true
	return nil
}

// set makes i what is known of the import, and tells.
func (k *Keeper) set(i library.Import, busy bool) {
	k.mu.Lock()
	k.last, k.busy = i, busy
	k.mu.Unlock()
	k.o.Changed()
}

// LastImport implements library.Packages.
func (k *Keeper) LastImport(context.Context) (library.Import, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last.ID == "" {
		return library.Import{}, &library.Error{Kind: library.NotFound, Message: "No package was ever added."}
	}
	return k.last, nil
}

// StopImport implements library.Packages.
func (k *Keeper) StopImport(ctx context.Context) (library.Import, error) {
	k.mu.Lock()
	stop := k.stop
	k.mu.Unlock()
	if stop == nil {
		return library.Import{}, &library.Error{Kind: library.Conflict, Message: "No package is being added."}
	}
	stop()
	return k.LastImport(ctx)
}
