package backup

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"

	"coffer/services/library"
)

// minPassphrase is in characters. Whoever has the file can try as fast as their
// machines allow.
const minPassphrase = 12

// workFactor is log2 of scrypt's N: 64 MiB and a quarter of a second, which a
// small box can spare.
const workFactor = 16

// sealing is to whom a backup is sealed, and how the box opens it again.
type sealing struct {
	to        []age.Recipient
	recipient string // to whom init seals its entry; empty: a key that goes into the backup
	open      age.Identity
}

// seal decides the recipients of a new backup.
func (k *Keeper) seal(ctx context.Context, passphrase string) (s sealing, err error) {
	if passphrase != "" {
		if n := len([]rune(passphrase)); n < minPassphrase {
			return s, &library.Error{
				Kind: library.Invalid, Field: "passphrase", Message: fmt.Sprintf("The passphrase has %d characters; it needs %d.", n, minPassphrase),
				Hint: "Take four or more words that you remember and others do not guess.",
			}
		}
		r, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return s, err
		}
		r.SetWorkFactor(workFactor)
		i, err := age.NewScryptIdentity(passphrase)
		return sealing{to: []age.Recipient{r}, open: i}, err
	}
	plan, err := k.o.Plans.BackupPlan(ctx)
	if err != nil {
		return s, err
	}
	if plan.Recipient == "" {
		return s, &library.Error{
			Kind: library.Invalid, Field: "passphrase", Message: "There is no recovery key yet.",
			Hint: "Set one up, or give a passphrase for this one backup.",
		}
	}
	owner, err := age.ParseX25519Recipient(plan.Recipient)
	if err != nil {
		return s, fmt.Errorf("the recovery key in the store: %w", err)
	}
	proof, err := k.proofKey(ctx)
	if err != nil {
		return s, err
	}
	return sealing{to: []age.Recipient{owner, proof.Recipient()}, recipient: plan.Recipient, open: proof}, nil
}

// proofKey is the box's own key, made when it is first needed.
func (k *Keeper) proofKey(ctx context.Context) (*age.X25519Identity, error) {
	fresh, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	text := ""
	err = k.o.Plans.UpdateBackupPlan(ctx, func(p *library.BackupPlan) error {
		if p.Proof == "" {
			p.Proof = fresh.String()
		}
		text = p.Proof
		return nil
	})
	if err != nil {
		return nil, err
	}
	return age.ParseX25519Identity(text)
}

// unseal is the key with which the box opens a backup again.
func (k *Keeper) unseal(ctx context.Context, b library.Backup, passphrase string) (age.Identity, error) {
	if b.Seal != library.SealPassphrase {
		own, err := k.proofKey(ctx)
		if err != nil || !b.Fetched {
			return own, err
		}
		if err := k.opens(b, own); err != nil {
			return nil, &library.Error{
				Kind: library.Conflict, Message: "This backup is another box's, which this one cannot open by itself.",
				Hint: "It is proven when it is restored with its recovery key.", Cause: err,
			}
		}
		return own, nil
	}
	if passphrase == "" {
		return nil, &library.Error{
			Kind: library.Invalid, Field: "passphrase", Message: "This backup is sealed with a passphrase.", Hint: "Give the one that it was made with.",
		}
	}
	i, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	i.SetMaxWorkFactor(maxWorkFactor)
	if err := k.opens(b, i); err != nil { // a wrong one is told at once
		return nil, unopened(err)
	}
	return i, nil
}

// opens reports whether a key opens a backup, as far as its first lines tell.
func (k *Keeper) opens(b library.Backup, key age.Identity) error {
	f, err := k.dir.root.Open(b.ID + fileEnd)
	if err != nil {
		return broken(err)
	}
	defer f.Close()
	_, err = age.Decrypt(f, key)
	return err
}

// maxWorkFactor bounds the memory that opening may take: 128 MiB.
const maxWorkFactor = 17

// secrets is init's entry, sealed to the owner. Where there is a passphrase
// only, it is sealed to a key that goes into the backup with it.
func (k *Keeper) secrets(ctx context.Context, s sealing) (key string, sealed []byte, err error) {
	if k.o.Seal == nil {
		return "", nil, nil
	}
	recipient := s.recipient
	if recipient == "" {
		i, err := age.GenerateX25519Identity()
		if err != nil {
			return "", nil, err
		}
		recipient, key = i.Recipient().String(), i.String()
	}
	sealed, err = k.o.Seal(ctx, recipient)
	if err != nil {
		return "", nil, errors.Join(errUnsealed, err)
	}
	if len(sealed) > maxSealed {
		return "", nil, fmt.Errorf("%w: %d bytes of it", errUnsealed, len(sealed))
	}
	return key, sealed, nil
}
