package backup

import (
	"bytes"
	"context"
	"errors"
	"io"

	"filippo.io/age"

	"coffer/services/library"
)

// Facts implements library.Backups.
func (k *Keeper) Facts(ctx context.Context) (f library.BackupFacts, err error) {
	plan, err := k.o.Plans.BackupPlan(ctx)
	if err != nil {
		return f, err
	}
	all, err := k.dir.all()
	if err != nil {
		return f, err
	}
	f.Planned = plan.Recipient != ""
	k.copyFacts(plan, all, &f)
	decided := false
	for _, b := range all {
		if b.Size > 0 {
			f.Backups++
		}
		if b.Fetched { // it says nothing of whether this box makes any
			continue
		}
		if b.Status == library.BackupFailed && !decided && b.Reason != nil {
			f.Failed = b.Reason.Message
		}
		if b.Status == library.BackupProven || b.Status == library.BackupFailed {
			decided = true
		}
		if b.Status == library.BackupProven && b.ProvenAt.After(f.ProvenAt) {
			f.ProvenAt, f.Sources = b.ProvenAt, b.Sources
		}
	}
	return f, try(ctx, &f)
}

// try seals a word, as backups are sealed, and looks what opens it.
func try(ctx context.Context, f *library.BackupFacts) error {
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	const word = "what nobody should read"
	c := content{head: Head{Format: Format, StoreSize: int64(len(word))}, snapshot: scrap(word)}
	var sealed, part bytes.Buffer
	if _, err := write(ctx, &sealed, []age.Recipient{own.Recipient()}, c); err != nil {
		return err
	}
	c.manifest = &Manifest{Originals: 1}
	if _, err := pack(ctx, &part, c); err != nil {
		return err
	}
	opens := func(file []byte, key age.Identity) bool {
		_, _, err := read(ctx, bytes.NewReader(file), []age.Identity{key}, nowhere{})
		return err == nil
	}
	_, _, missed := unpack(ctx, &part, nowhere{})
	file := sealed.Bytes()
	f.Bare = !bytes.HasPrefix(file, []byte("age-encryption.org/v1")) || bytes.Contains(file, []byte(manifestName))
	f.ForeignIn, f.PartIsIn = opens(file, other), missed == nil
	if !f.Bare && !opens(file, own) {
		return errors.New("a backup that was just sealed does not open")
	}
	file[len(file)-20] ^= 1
	f.TamperedIn = opens(file, own)
	return nil
}

// scrap is a store of a few bytes.
type scrap string

func (s scrap) Size() int64                             { return int64(len(s)) }
func (scrap) Schema() int                               { return 1 }
func (scrap) Originals(func(string, int64) error) error { return nil }
func (s scrap) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(s))
	return int64(n), err
}
func (scrap) Close() error { return nil }

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) begin(Head) error                     { return nil }
func (nowhere) store() io.Writer                     { return io.Discard }
func (nowhere) sealed([]byte, string) error          { return nil }
func (nowhere) original(_ string, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
