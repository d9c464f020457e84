package packages

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"coffer/services/extract"
	"coffer/services/library"
)

// What lies in the folder.
const (
	uploadName   = "upload"
	membersName  = "members"
	acceptedName = "accepted"
	recordName   = "record.json"
)

const (
	// rememberEvery is after how many documents the record is written.
	rememberEvery = 200
	// forRoom is how long an import waits for room on the disk before it tries
	// again.
	forRoom = 30 * time.Second
)

// Import implements library.Packages.
func (k *Keeper) Import(ctx context.Context, r io.Reader) (i library.Import, err error) {
	if err := k.begin(); err != nil {
		return i, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, broken(errors.Join(k.root.RemoveAll(uploadName), k.root.RemoveAll(membersName))))
			k.mu.Lock()
			k.busy = false
			k.mu.Unlock()
		}
	}()
	if err := k.unpack(ctx, r); err != nil {
		return i, err
	}
	o, err := k.open(ctx, membersName)
	if err != nil {
		return i, err
	}
	i, err = k.describe(ctx, o)
	if err = errors.Join(err, broken(o.root.Close())); err != nil {
		return i, err
	}
	if err := k.accept(i); err != nil {
		return i, broken(err)
	}
	k.set(i, true)
	k.nudge()
	return i, nil
}

// unpack takes what arrives apart. A package has its directory at its end, so it
// lies on the disk for as long.
func (k *Keeper) unpack(ctx context.Context, r io.Reader) (err error) {
	f, err := k.root.OpenFile(uploadName, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return broken(err)
	}
	defer func() { err = errors.Join(err, broken(errors.Join(f.Close(), k.root.Remove(uploadName)))) }()
	in := &arriving{r: r}
	size, err := io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{in}, make([]byte, 128<<10))
	switch {
	case in.err != nil:
		return &library.Error{Kind: library.Invalid, Field: "file", Message: "The upload ended early. Nothing was added.", Hint: "Send it again.", Cause: in.err}
	case err != nil:
		return broken(err)
	}
	if !beginsWithMediaType(f) {
		return refuse(codeNotPackage, "This is no CCX package: it does not begin with its media type.", nil)
	}
	o := extract.Options{Limits: limits(k.o.MaxFile), Formats: []extract.Format{extract.Zip}}
	files, err := extract.Into(ctx, k.root, membersName, f, size, "package.ccx", o)
	switch {
	case err != nil:
		return unpacked(err)
	case len(files) == 0 || files[0].Name != mimetypeName:
		return refuse(codeNotPackage, "This is no CCX package: its media type is not its first entry.", nil)
	}
	return nil
}

// arriving remembers why reading stopped: only the reader knows whether the
// sender or the disk is at fault.
type arriving struct {
	r   io.Reader
	err error
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && err != io.EOF {
		a.err = err
	}
	return n, err
}

// beginsWithMediaType looks at the first local header of the ZIP (APPNOTE 4.3.7):
// the entry must be stored under its name.
func beginsWithMediaType(r io.ReaderAt) bool {
	head := make([]byte, 30)
	if _, err := r.ReadAt(head, 0); err != nil {
		return false
	}
	number := func(at int) int { return int(head[at]) | int(head[at+1])<<8 }
	name, extra := number(26), number(28)
	rest := make([]byte, name+extra+len(mediaType))
	if _, err := r.ReadAt(rest, 30); err != nil {
		return false
	}
	const stored = 0
	return string(head[:4]) == "PK\x03\x04" && number(8) == stored &&
		string(rest[:name]) == mimetypeName && string(rest[name+extra:]) == mediaType
}

// open checks what lies unpacked in folder. The caller closes its root.
func (k *Keeper) open(ctx context.Context, folder string) (*opened, error) {
	root, err := k.root.OpenRoot(folder)
	if err != nil {
		return nil, broken(err)
	}
	o, err := check(ctx, root)
	if err != nil {
		return nil, errors.Join(err, broken(root.Close()))
	}
	return o, nil
}

// describe is the import of a checked package, before anything of it is added.
func (k *Keeper) describe(ctx context.Context, o *opened) (library.Import, error) {
	i := library.Import{
		ID: k.now().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6]), At: k.now(), Status: library.ImportRunning,
		Name: clip(o.head.Name), Version: clip(o.head.PackageVersion), Title: clip(o.head.Title), Program: clip(o.head.Generator),
	}
	if o.signer != nil {
		i.Signer, i.Own = Fingerprint(o.signer), o.signer.Equal(k.public())
	}
	bad := 0
	err := o.each(ctx, func(line int, why error) {
		if bad++; bad <= 10 {
			o.note(codeSources, fmt.Sprintf("Line %d of the sources is left out: %v.", line, why))
		}
	}, func(item) error { i.Sources++; return nil })
	if bad > 10 {
		o.note(codeSources, fmt.Sprintf("%d lines of the sources are left out in all.", bad))
	}
	i.Notes = o.notes
	return i, err
}

// clip bounds what a package says of itself, in characters.
func clip(s string) string {
	const most = 200
	n := 0
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if n++; n > most || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s), "")
}

// accept makes what was checked durable, and then what is to be added.
func (k *Keeper) accept(i library.Import) error {
	d, err := k.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	if err := errors.Join(unix.Syncfs(int(d.Fd())), k.root.RemoveAll(acceptedName), k.writeRecord(i)); err != nil {
		return err
	}
	return errors.Join(k.root.Rename(membersName, acceptedName), d.Sync())
}

func (k *Keeper) readRecord() (i library.Import, err error) {
	text, err := k.root.ReadFile(recordName)
	if errors.Is(err, fs.ErrNotExist) {
		return i, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &i)
	}
	if err != nil {
		return library.Import{}, err
	}
	return i, nil
}

func (k *Keeper) writeRecord(i library.Import) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	const part = recordName + ".part"
	f, err := k.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = k.root.Rename(part, recordName)
	}
	if err != nil {
		return errors.Join(err, k.root.RemoveAll(part))
	}
	d, err := k.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
