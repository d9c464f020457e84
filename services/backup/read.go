package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"coffer/services/extract"
	"coffer/services/library"
	"coffer/weaken"
)

// sink takes what is read. What it was given counts only once read returns
// without an error.
type sink interface {
	// begin may refuse by what the head says.
	begin(Head) error
	store() io.Writer
	// original takes the bytes of one original; it reads r to its end.
	original(sha256 string, r io.Reader) error
	// sealed takes init's entry, and the key to it where that came along.
	sealed(text []byte, key string) error
}

// readTime bounds one reading: some files are terabytes on a slow disk.
const readTime = 7 * 24 * time.Hour

// limits are those of a file that was sealed by whoever holds the key: its size
// is the owner's business, its form is not.
func limits() extract.Limits {
	return extract.Limits{
		Members: 100_000_000, File: math.MaxInt64 / 4, Total: math.MaxInt64 / 4, Ratio: math.MaxInt64 / 4, RatioFrom: math.MaxInt64 / 4,
		Depth: 1, Time: readTime,
	}
}

// read opens the backup in r and hands its content to into, in its order. It
// returns what the manifest says once everything was there and nothing else.
func read(ctx context.Context, r io.Reader, keys []age.Identity, into sink) (Head, Manifest, error) {
	plain, err := age.Decrypt(r, keys...)
	if err != nil {
		return Head{}, Manifest{}, unopened(err)
	}
	return unpack(ctx, plain, into)
}

// unpack reads what was sealed.
func unpack(ctx context.Context, plain io.Reader, into sink) (Head, Manifest, error) {
	t := &reader{ctx: ctx, into: into, all: sha256.New()}
	defer t.abandon()
	err := extract.WalkStream(ctx, plain, "backup", extract.Options{Limits: limits(), Formats: []extract.Format{extract.Tar}}, t.visit)
	if err == nil {
		_, err = io.Copy(io.Discard, plain) // the last of it is authenticated, too
	}
	if err == nil && !t.ended {
		err = errors.New("it ends before its manifest")
	}
	if err != nil {
		return t.head, t.manifest, damaged(err)
	}
	return t.head, t.manifest, nil
}

func unopened(err error) error {
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return &library.Error{
			Kind: library.Invalid, Field: "key", Message: "This key does not open this backup.",
			Hint: "Use the recovery key or the passphrase that it was made with.", Cause: err,
		}
	}
	return &library.Error{
		Kind: library.Invalid, Field: "file", Message: "This is no backup of Coffer, or its beginning is damaged.",
		Hint: "Nothing was changed. Take another copy of the file, or another backup.", Cause: err,
	}
}

// damaged says of a fault in the file what it means. Faults of the disk and
// refusals stay as they are.
func damaged(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*library.Error](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return &library.Error{
		Kind: library.Invalid, Field: "file", Message: "The backup is damaged.",
		Hint: "Nothing was changed. Take another copy of the file, or another backup.", Cause: err,
	}
}

type reader struct {
	ctx      context.Context
	into     sink
	head     Head
	manifest Manifest

	began  bool
	parts  int
	unpack *unpacker // of the store, while its parts come
	store  *Digest   // once they are over
	last   string    // original
	all    hash.Hash
	count  int
	bytes  int64
	key    string  // to sealed
	sealed *Digest // init's entry
	ended  bool
}

func (t *reader) visit(e extract.Entry, r io.Reader) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	switch {
	case t.ended:
		return fmt.Errorf("%s comes after the manifest", e.Name)
	case !t.began:
		return t.begin(e.Name, r)
	case t.store == nil && e.Name == partName(t.parts):
		return t.part(r)
	}
	if err := t.endStore(); err != nil {
		return err
	}
	hash := originalOf(e.Name)
	switch {
	case hash != "" && t.key == "" && t.sealed == nil && hash > t.last:
		return t.original(hash, r)
	case e.Name == keyName && t.sealed == nil && t.key == "":
		text, err := io.ReadAll(io.LimitReader(r, maxHead))
		t.key = string(text)
		return err
	case e.Name == sealedName && t.sealed == nil:
		return t.takeSealed(r)
	case e.Name == manifestName:
		return t.end(r)
	}
	return fmt.Errorf("%q is out of place", e.Name)
}

func (t *reader) begin(name string, r io.Reader) error {
	if name != headName {
		return &library.Error{
			Kind: library.Invalid, Field: "file", Message: "This is no backup of Coffer.", Hint: "Nothing was changed.",
			Cause: fmt.Errorf("it begins with %q", name),
		}
	}
	if err := decode(r, maxHead, &t.head); err != nil {
		return err
	}
	if t.head.Format > Format {
		return &library.Error{
			Kind: library.Invalid, Field: "file",
			Message: fmt.Sprintf("This backup has format %d, and this version of Coffer reads up to %d.", t.head.Format, Format),
			Hint:    fmt.Sprintf("It was made by version %s: use that one, or a later one. Nothing was changed.", t.head.Program),
		}
	}
	if t.head.Format < 1 || t.head.StoreSize < 0 || t.head.StoreSize > maxStoreSize {
		return errors.New("its head is not one that any version wrote")
	}
	t.began = true
	if err := t.into.begin(t.head); err != nil {
		return err
	}
	var err error
	t.unpack, err = newUnpacker(t.into.store(), t.head.StoreSize)
	return err
}

func (t *reader) part(r io.Reader) error {
	t.parts++
	n, err := io.Copy(t.unpack, io.LimitReader(r, partSize+1))
	if n > partSize {
		return errors.New("a part of the store is too long")
	}
	return err
}

func (t *reader) endStore() error {
	if t.store != nil {
		return nil
	}
	d, err := t.unpack.end()
	t.store = &d
	if err == nil && d.Size != t.head.StoreSize {
		err = fmt.Errorf("the store has %d bytes, of %d", d.Size, t.head.StoreSize)
	}
	return err
}

func (t *reader) original(name string, r io.Reader) error {
	hash, n := sha256.New(), new(counter)
	if err := t.into.original(name, io.TeeReader(r, io.MultiWriter(hash, n))); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != name {
		return fmt.Errorf("the original %s has other bytes", name[:8])
	}
	raw, err := hex.DecodeString(name)
	t.all.Write(raw)
	t.last = name
	t.count++
	t.bytes += int64(*n)
	return err
}

func (t *reader) takeSealed(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxSealed+1))
	if err != nil {
		return err
	}
	if len(text) > maxSealed {
		return errors.New("the sealed entry is too long")
	}
	sum := sha256.Sum256(text)
	t.sealed = &Digest{int64(len(text)), hex.EncodeToString(sum[:])}
	return t.into.sealed(text, t.key)
}

// end compares what was there with what the manifest says.
func (t *reader) end(r io.Reader) error {
	if err := decode(r, maxManifest, &t.manifest); err != nil {
		return err
	}
	m := t.manifest
	content := Digest{t.bytes, hex.EncodeToString(t.all.Sum(nil))}
	switch {
	case weaken.Without(weaken.BackupProof):
	case m.Store != *t.store:
		return errors.New("the store is not the one that was written")
	case m.Originals != t.count || m.Content != content:
		return fmt.Errorf("%d originals, of %d that were written", t.count, m.Originals)
	case (m.Sealed == nil) != (t.sealed == nil) || m.Sealed != nil && *m.Sealed != *t.sealed:
		return errors.New("the sealed entry is not the one that was written")
	}
	t.ended = true
	return nil
}

// maxManifest holds a million missing originals, in bytes.
const maxManifest = 80 << 20

func decode(r io.Reader, max int64, into any) error {
	text, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return err
	}
	if int64(len(text)) > max {
		return errors.New("a description is too long")
	}
	return json.Unmarshal(text, into)
}

func (t *reader) abandon() {
	if t.unpack != nil && t.store == nil {
		_, _ = t.unpack.end() // why it ended is known
	}
}

// unpacker decompresses what is written to it, hashes it and passes it on.
type unpacker struct {
	*io.PipeWriter
	done chan unpacked
}

type unpacked struct {
	Digest
	err error
}

// newUnpacker passes on at most max bytes.
func newUnpacker(to io.Writer, max int64) (*unpacker, error) {
	pr, pw := io.Pipe()
	d, err := zstd.NewReader(pr, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, err
	}
	u := &unpacker{pw, make(chan unpacked, 1)}
	go func() {
		defer d.Close()
		hash := sha256.New()
		n, err := io.Copy(io.MultiWriter(hash, to), io.LimitReader(d, max))
		if err == nil {
			if more, _ := d.Read(make([]byte, 1)); more > 0 {
				err = errors.New("the store is longer than it should be")
			}
		}
		pr.CloseWithError(errors.Join(errors.New("the store is over"), err))
		u.done <- unpacked{Digest{n, hex.EncodeToString(hash.Sum(nil))}, err}
	}()
	return u, nil
}

func (u *unpacker) end() (Digest, error) {
	_ = u.Close() // a pipe's has no error
	out := <-u.done
	return out.Digest, out.err
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
