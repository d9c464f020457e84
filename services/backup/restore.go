package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"coffer/services/library"
)

// The form in which init finds what is staged.
const (
	stagedStore  = "store"
	stagedBlobs  = "blobs"
	storeFile    = stagedStore + "/coffer.db"
	stagedSealed = sealedName
)

// Restore implements library.Backups.
func (k *Keeper) Restore(ctx context.Context, r io.Reader, key string) (out library.Restored, err error) {
	if k.o.Commit == nil {
		return out, &library.Error{Kind: library.Conflict, Message: "Nothing is restored here."}
	}
	identity, err := keyOf(key)
	if err != nil {
		return out, err
	}
	if err := k.begin("restore"); err != nil {
		return out, err
	}
	defer k.end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(k.ending, cancel)()
	s, err := k.newStage()
	if err != nil {
		return out, broken(err)
	}
	defer func() { err = errors.Join(err, s.close(err == nil)) }()
	head, m, err := read(ctx, r, []age.Identity{identity}, s)
	if err != nil {
		return out, err
	}
	sources, err := s.compare(ctx, head, m)
	if err != nil {
		return out, err
	}
	if err := s.sync(); err != nil {
		return out, broken(err)
	}
	if s.key == "" {
		s.key = strings.TrimSpace(key)
	}
	if err := k.o.Commit(ctx, s.key); err != nil {
		return out, &library.Error{
			Kind: library.Internal, Message: "What was read could not be put in place.",
			Hint: "Nothing was changed. The log of init says why.", Cause: err,
		}
	}
	k.o.Log.Info("backup restored", "made", head.CreatedAt, "program", head.Program, "sources", sources, "originals", m.Originals, "missing", len(m.Missing))
	return library.Restored{CreatedAt: head.CreatedAt, Program: head.Program, Sources: sources, Originals: m.Originals, Missing: len(m.Missing)}, nil
}

// keyOf tells a recovery key from a passphrase.
func keyOf(text string) (age.Identity, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "AGE-SECRET-KEY-") {
		i, err := age.ParseX25519Identity(text)
		if err != nil {
			return nil, &library.Error{
				Kind: library.Invalid, Field: "key", Message: "This is no recovery key.",
				Hint: "It begins with AGE-SECRET-KEY-1 and has 74 characters. Paste the whole of it.",
			}
		}
		return i, nil
	}
	if text == "" {
		return nil, &library.Error{Kind: library.Invalid, Field: "key", Message: "There is no key.", Hint: "Give the recovery key or the passphrase of the backup."}
	}
	i, err := age.NewScryptIdentity(text)
	if err == nil {
		i.SetMaxWorkFactor(maxWorkFactor)
	}
	return i, err
}

// stage is a sink that lays a backup out for init.
type stage struct {
	k     *Keeper
	root  *os.Root
	out   *os.File
	there map[string]bool
	key   string // to what is init's, where it came along
}

// newStage clears what an earlier attempt left.
func (k *Keeper) newStage() (*stage, error) {
	root, err := os.OpenRoot(k.o.Stage)
	if err != nil {
		return nil, err
	}
	s := &stage{k: k, root: root, there: map[string]bool{}}
	if err := s.clear(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	for _, name := range []string{stagedStore, stagedBlobs} {
		if err := root.Mkdir(name, 0o700); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return s, nil
}

func (s *stage) clear() error {
	return errors.Join(s.root.RemoveAll(stagedStore), s.root.RemoveAll(stagedBlobs), s.root.RemoveAll(stagedSealed))
}

// close leaves what is staged only where it is to be put in place.
func (s *stage) close(stays bool) error {
	var err error
	if s.out != nil {
		err = s.out.Close()
	}
	if !stays {
		err = errors.Join(err, s.clear())
	}
	return broken(errors.Join(err, s.root.Close()))
}

func (s *stage) begin(h Head) (err error) {
	if newest := s.k.o.Snapshots.Schema(); h.Schema > newest {
		return &library.Error{
			Kind: library.Invalid, Field: "file",
			Message: fmt.Sprintf("This backup holds a library of schema %d, and this version of Coffer reads up to %d.", h.Schema, newest),
			Hint:    fmt.Sprintf("It was made by version %s: use that one, or a later one. Nothing was changed.", h.Program),
		}
	}
	if err := s.k.room(h.StoreSize + spare); err != nil {
		return err
	}
	s.out, err = s.root.OpenFile(storeFile, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return broken(err)
}

func (s *stage) store() io.Writer { return onDisk{s.out} }

// onDisk tells a fault of the disk from one of the backup.
type onDisk struct{ io.Writer }

func (d onDisk) Write(b []byte) (int, error) {
	n, err := d.Writer.Write(b)
	return n, broken(err)
}

func (s *stage) original(sha256 string, r io.Reader) (err error) {
	folder := stagedBlobs + "/" + sha256[:2]
	if err := s.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return broken(err)
	}
	f, err := s.root.OpenFile(folder+"/"+sha256[2:], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return broken(err)
	}
	s.there[sha256] = true
	_, err = io.Copy(onDisk{f}, r)
	return errors.Join(err, broken(f.Close()))
}

func (s *stage) sealed(text []byte, key string) error {
	s.key = key
	f, err := s.root.OpenFile(stagedSealed, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return broken(err)
	}
	_, err = f.Write(text)
	return broken(errors.Join(err, f.Close()))
}

func (s *stage) compare(ctx context.Context, h Head, m Manifest) (sources int, err error) {
	p := &proof{k: s.k, out: s.out, there: s.there}
	err = p.compare(ctx, h, m)
	return p.sources, err
}

// sync makes all that is staged durable, files and names, in one call: a call for
// each of many small originals takes longer than all the rest. It tells of a
// failed write from Linux 5.8 on.
func (s *stage) sync() error {
	d, err := s.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
