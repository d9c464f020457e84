package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"coffer/services/library"
	"coffer/weaken"
)

// content is what a backup is made of.
type content struct {
	head     Head
	snapshot library.Snapshot
	open     func(sha256 string) (io.ReadSeekCloser, error)
	sealed   []byte // nil: none
	// sealedKey opens sealed where the owner has a passphrase only.
	sealedKey string
	// without are originals that are known to be spoiled.
	without map[string]bool
	// manifest is written in place of the true one; only a trial does that.
	manifest *Manifest
	// progress is told of bytes of the store and of originals as they pass.
	progress func(int64)
}

// write writes a backup to w. An original that is missing or damaged is left
// out and named in the manifest; every other fault ends it.
func write(ctx context.Context, w io.Writer, to []age.Recipient, c content) (m Manifest, err error) {
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return m, err
	}
	if weaken.Without(weaken.BackupSeal) {
		sealed = bare{w}
	}
	m, err = pack(ctx, sealed, c)
	return m, errors.Join(err, sealed.Close())
}

type bare struct{ io.Writer }

func (bare) Close() error { return nil }

// pack writes what is to be sealed.
func pack(ctx context.Context, w io.Writer, c content) (m Manifest, err error) {
	t := &writer{ctx: ctx, tar: tar.NewWriter(w), c: c}
	head, err := json.Marshal(c.head)
	if err != nil {
		return m, err
	}
	if err := t.file(headName, head); err != nil {
		return m, err
	}
	if m.Store, err = t.store(); err != nil {
		return m, err
	}
	if err := t.originals(&m); err != nil {
		return m, err
	}
	if c.sealedKey != "" {
		if err := t.file(keyName, []byte(c.sealedKey)); err != nil {
			return m, err
		}
	}
	if c.sealed != nil {
		sum := sha256.Sum256(c.sealed)
		m.Sealed = &Digest{int64(len(c.sealed)), hex.EncodeToString(sum[:])}
		if err := t.file(sealedName, c.sealed); err != nil {
			return m, err
		}
	}
	told := &m
	if c.manifest != nil {
		told = c.manifest
	}
	text, err := json.Marshal(told)
	if err != nil {
		return m, err
	}
	if err := t.file(manifestName, text); err != nil {
		return m, err
	}
	return m, t.tar.Close()
}

type writer struct {
	ctx context.Context
	tar *tar.Writer
	c   content
}

func (t *writer) begin(name string, size int64) error {
	return t.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o400, ModTime: t.c.head.CreatedAt, Format: tar.FormatPAX,
	})
}

func (t *writer) file(name string, content []byte) error {
	if err := t.begin(name, int64(len(content))); err != nil {
		return err
	}
	_, err := t.tar.Write(content)
	return err
}

func (t *writer) store() (Digest, error) {
	p := &parts{w: t}
	packed, err := zstd.NewWriter(p, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return Digest{}, err
	}
	hash := sha256.New()
	n, err := t.c.snapshot.WriteTo(io.MultiWriter(hash, packed, passing(t.ctx, t.c.progress)))
	err = errors.Join(err, packed.Close())
	if err == nil {
		err = p.flush()
	}
	return Digest{n, hex.EncodeToString(hash.Sum(nil))}, err
}

// parts cuts what is written to it into files of at most partSize.
type parts struct {
	w   *writer
	buf []byte
	n   int
}

func (p *parts) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(partSize-len(p.buf), len(rest))
		p.buf = append(p.buf, rest[:n]...)
		rest = rest[n:]
		if len(p.buf) == partSize {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

func (p *parts) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	err := p.w.file(partName(p.n), p.buf)
	p.n, p.buf = p.n+1, p.buf[:0]
	return err
}

func (t *writer) originals(m *Manifest) error {
	all := sha256.New()
	err := t.c.snapshot.Originals(func(name string, size int64) error {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		there, err := t.original(name, size)
		if err != nil || !there {
			if err == nil {
				m.Missing = append(m.Missing, name)
			}
			return err
		}
		raw, err := hex.DecodeString(name)
		if err != nil {
			return err
		}
		all.Write(raw)
		m.Originals++
		m.Content.Size += size
		return nil
	})
	m.Content.SHA256 = hex.EncodeToString(all.Sum(nil))
	return err
}

// spoiled is an original whose bytes are no longer those of its name. What has
// begun in the stream cannot be taken back, so the backup is written anew
// without it.
type spoiled struct{ name string }

func (s *spoiled) Error() string { return "the original " + s.name[:8] + " is damaged" }

// spoiled reads every original and returns those that are.
func (c content) spoiled(ctx context.Context) (map[string]bool, error) {
	all := map[string]bool{}
	err := c.snapshot.Originals(func(name string, _ int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := c.open(name)
		if err != nil {
			return nil // it is missing, which is told when it is written
		}
		defer f.Close()
		hash := sha256.New()
		if _, err := io.Copy(io.MultiWriter(hash, passing(ctx, nil)), f); err != nil || hex.EncodeToString(hash.Sum(nil)) != name {
			all[name] = true
		}
		return ctx.Err()
	})
	return all, err
}

// original reports whether the original was there; *spoiled says that it was,
// with other bytes.
func (t *writer) original(name string, size int64) (there bool, err error) {
	if t.c.without[name] {
		return false, nil
	}
	f, err := t.c.open(name)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if n, err := f.Seek(0, io.SeekEnd); err != nil || n != size {
		return false, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	if err := t.begin(originalName(name), size); err != nil {
		return false, err
	}
	hash := sha256.New()
	from := &faulty{r: f}
	n, err := io.Copy(io.MultiWriter(t.tar, hash, passing(t.ctx, t.c.progress)), io.LimitReader(from, size))
	if from.err != nil || err == nil && (n != size || hex.EncodeToString(hash.Sum(nil)) != name) {
		return false, &spoiled{name}
	}
	return err == nil, err
}

// faulty remembers that the fault was the reader's: a disk that cannot read one
// original must not keep the others from being saved.
type faulty struct {
	r   io.Reader
	err error
}

func (f *faulty) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// pass counts the bytes that are written to it, and ends with its context.
type pass struct {
	ctx  context.Context
	tell func(int64)
}

func passing(ctx context.Context, tell func(int64)) io.Writer { return pass{ctx, tell} }

func (p pass) Write(b []byte) (int, error) {
	if p.tell != nil {
		p.tell(int64(len(b)))
	}
	return len(b), p.ctx.Err()
}
