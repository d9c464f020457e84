package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"coffer/services/library"
)

// Options are what a Keeper is made of. All are required but Seal and Now.
type Options struct {
	Dir       string // DATA/backups
	Snapshots library.Snapshots
	Plans     library.BackupPlans
	Originals func(sha256 string) (io.ReadSeekCloser, error)
	// Hold keeps originals in place until release is called.
	Hold func() (release func(context.Context))
	// Seal asks init for the secrets and the configuration, sealed to the
	// recipient; nil: there is no init.
	Seal func(ctx context.Context, recipient string) ([]byte, error)
	// Stage is where a backup that is restored is laid out, and Commit puts
	// what lies there in place; key opens what only init can use.
	Stage  string // DATA/restore/staged
	Commit func(ctx context.Context, key string) error
	// Former is what was there before the last restore; nil: nothing is kept.
	Former library.Former
	// Place keeps the storage for copies, and Storage speaks to it; nil: no copies
	// are made.
	Place   library.CopyPlace
	Storage library.CopyStorage
	// Changed is told whenever a backup or its progress is another; nil: nobody.
	Changed func()
	Box     string
	Version string
	Log     *slog.Logger
	Now     func() time.Time
}

// Keeper makes, proves and keeps the backups of a box. It is safe for
// concurrent use; one backup is made or proven at a time.
type Keeper struct {
	o      Options
	dir    folder
	wake   chan struct{}
	ending context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	busy  string // id of the backup that is worked on
	done  atomic.Int64
	total atomic.Int64

	records sync.Mutex // of changes to one that is there: two may work on it
	copies  copying
}

var _ library.Backups = (*Keeper)(nil)

// New opens the folder, and says of what an earlier process left unfinished
// that it failed.
func New(o Options) (*Keeper, error) {
	if o.Snapshots == nil || o.Plans == nil || o.Originals == nil || o.Hold == nil {
		return nil, errors.New("backup: snapshots, plans, originals and hold are required")
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{o: o, dir: folder{root}, wake: make(chan struct{}, 1)}
	k.ending, k.stop = context.WithCancel(context.Background())
	if o.Stage != "" { // what an upload that broke off left
		if s, err := k.newStage(); err == nil {
			err = s.close(false)
			if err != nil {
				o.Log.Warn("what was staged for a restore stays", "err", err)
			}
		}
	}
	if err := k.recover(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return k, nil
}

// Close ends what is being made and closes the folder.
func (k *Keeper) Close() error {
	k.stop()
	k.work.Wait()
	return k.dir.root.Close()
}

func (k *Keeper) recover() error {
	names, err := k.dir.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, partialEnd) || name == scratch {
			if err := k.dir.remove(name); err != nil {
				return err
			}
		}
	}
	all, err := k.dir.all()
	if err != nil {
		return err
	}
	for _, b := range all {
		_, err := k.dir.root.Lstat(b.ID + fileEnd)
		there := err == nil
		switch {
		case b.Status == library.BackupRunning && there:
			b.Status = library.BackupComplete // the file has its name once it is whole
			if info, err := k.dir.root.Stat(b.ID + fileEnd); err == nil {
				b.Size = info.Size()
			}
		case b.Status == library.BackupRunning:
			b.Status, b.Reason = library.BackupFailed, &library.Reason{Code: codeInterrupted, Message: "The box stopped while the backup was made."}
		case b.Status != library.BackupFailed && errors.Is(err, fs.ErrNotExist):
			if err := k.dir.drop(b.ID); err != nil { // removed by hand, or half removed
				return err
			}
			continue
		default:
			continue
		}
		if err := k.dir.put(b); err != nil {
			return err
		}
	}
	return nil
}

// Overview implements library.Backups.
func (k *Keeper) Overview(ctx context.Context) (out library.BackupOverview, err error) {
	plan, err := k.o.Plans.BackupPlan(ctx)
	if err != nil {
		return out, err
	}
	out.Recipient = plan.Recipient
	if out.Items, err = k.dir.all(); err != nil {
		return out, err
	}
	for i := range out.Items {
		out.Items[i] = k.live(out.Items[i])
	}
	if due, ok := k.due(plan, out.Items); ok {
		out.Next = due
	}
	out.Copies = k.copiesState(plan, out.Items)
	out.Free, err = k.dir.free()
	return out, broken(err)
}

// live adds what is only known while it is worked on.
func (k *Keeper) live(b library.Backup) library.Backup {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy == b.ID {
		b.Done, b.Total = k.done.Load(), k.total.Load()
	}
	return b
}

// Backup implements library.Backups.
func (k *Keeper) Backup(_ context.Context, id string) (library.Backup, error) {
	b, err := k.dir.get(id)
	return k.live(b), err
}

// Open implements library.Backups.
func (k *Keeper) Open(_ context.Context, id string) (io.ReadSeekCloser, library.Backup, error) {
	b, err := k.dir.get(id)
	if err != nil {
		return nil, b, err
	}
	f, err := k.dir.root.Open(id + fileEnd)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, b, &library.Error{Kind: library.Conflict, Message: "There is no file of this backup.", Hint: "It is being made, or it failed."}
	}
	return f, b, broken(err)
}

// Delete implements library.Backups.
func (k *Keeper) Delete(_ context.Context, id string) error {
	if _, err := k.dir.get(id); err != nil && !errors.Is(err, &library.Error{Kind: library.Internal}) {
		return err
	}
	if !isID(id) {
		return noSuch()
	}
	if err := k.begin(id); err != nil {
		return err
	}
	defer k.end()
	return broken(k.drop(id))
}

func (k *Keeper) drop(id string) error {
	k.records.Lock()
	defer k.records.Unlock()
	return k.dir.drop(id)
}

// NewKey implements library.Backups.
func (k *Keeper) NewKey(context.Context) (library.BackupKey, error) {
	i, err := age.GenerateX25519Identity()
	if err != nil {
		return library.BackupKey{}, err
	}
	return library.BackupKey{Recipient: i.Recipient().String(), Identity: i.String()}, nil
}

// SetKey implements library.Backups. The first of the scheduled backups is
// made soon after.
func (k *Keeper) SetKey(ctx context.Context, identity string) error {
	i, err := age.ParseX25519Identity(strings.TrimSpace(identity))
	if err != nil {
		return &library.Error{
			Kind: library.Invalid, Field: "identity", Message: "This is no recovery key.",
			Hint: "It begins with AGE-SECRET-KEY-1 and has 74 characters. Paste the whole of it.",
		}
	}
	err = k.o.Plans.UpdateBackupPlan(ctx, func(p *library.BackupPlan) error {
		p.Recipient, p.SetAt = i.Recipient().String(), k.now()
		return nil
	})
	k.nudge()
	return err
}

func (k *Keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *Keeper) now() time.Time { return k.o.Now().UTC().Truncate(time.Second) }

// Create implements library.Backups.
func (k *Keeper) Create(ctx context.Context, passphrase string) (library.Backup, error) {
	return k.create(ctx, passphrase, false)
}

func (k *Keeper) create(ctx context.Context, passphrase string, scheduled bool) (library.Backup, error) {
	b := library.Backup{CreatedAt: k.now(), Status: library.BackupRunning, Seal: library.SealKey, Scheduled: scheduled}
	b.ID = newID(b.CreatedAt)
	s, err := k.seal(ctx, passphrase)
	if err != nil {
		return b, err
	}
	if passphrase != "" {
		b.Seal = library.SealPassphrase
	}
	if err := k.begin(b.ID); err != nil {
		return b, err
	}
	if err := k.dir.put(b); err != nil {
		k.end()
		return b, broken(err)
	}
	begun := k.live(b)
	k.run(func() {
		if b = k.note(b, k.make(&b, s)); b.Status != library.BackupFailed {
			b = k.proven(b, s.open)
		}
		if b.Status == library.BackupProven {
			if err := k.thin(); err != nil {
				k.o.Log.Error("old backups could not be removed", "err", err)
			}
		}
	})
	return begun, nil
}

// Verify implements library.Backups.
func (k *Keeper) Verify(ctx context.Context, id, passphrase string) (library.Backup, error) {
	b, err := k.dir.get(id)
	if err != nil {
		return b, err
	}
	if _, err := k.dir.root.Lstat(id + fileEnd); err != nil {
		return b, &library.Error{Kind: library.Conflict, Message: "There is no file of this backup.", Hint: "It is being made, or it failed."}
	}
	key, err := k.unseal(ctx, b, passphrase)
	if err != nil {
		return b, err
	}
	if err := k.begin(id); err != nil {
		return b, err
	}
	begun := k.live(b)
	k.run(func() { k.proven(b, key) })
	return begun, nil
}

// begin takes the one place for work.
func (k *Keeper) begin(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy != "" {
		return &library.Error{
			Kind: library.Conflict, Message: "Another backup is being made or proven.", Hint: "Try again when it is done.",
		}
	}
	if k.ending.Err() != nil {
		return &library.Error{Kind: library.Conflict, Message: "The box is stopping.", Hint: "Try again when it runs."}
	}
	k.busy = id
	k.done.Store(0)
	k.total.Store(0)
	return nil
}

func (k *Keeper) end() {
	k.mu.Lock()
	k.busy = ""
	k.mu.Unlock()
	k.o.Changed()
}

// run runs f beside the caller, in the place that begin took, and tells of
// its progress.
func (k *Keeper) run(f func()) {
	k.work.Go(func() {
		done := make(chan struct{})
		k.work.Go(func() {
			t := time.NewTicker(time.Second)
			defer t.Stop()
			for {
				k.o.Changed()
				select {
				case <-done:
					return
				case <-t.C:
				}
			}
		})
		f()
		close(done)
		k.end()
		k.nudge()
	})
}
