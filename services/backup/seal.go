package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"coffer/services/extract"
)

// Seal packs files into a tar stream that only the recipient (age1…) can read.
// The whole of it is held in memory; more than 16 MiB is refused.
func Seal(recipient string, files func(add func(name string, content []byte) error) error) ([]byte, error) {
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, errors.New("that is no recipient") // the error may quote it
	}
	var out bytes.Buffer
	sealed, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(sealed)
	size := 0
	err = files(func(name string, content []byte) error {
		if size += len(content); size > maxSealed/2 {
			return fmt.Errorf("secrets and configuration are larger than %d bytes", maxSealed/2)
		}
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o400}); err != nil {
			return err
		}
		_, err := t.Write(content)
		return err
	})
	if err := errors.Join(err, t.Close(), sealed.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Unseal opens what Seal made with an identity (AGE-SECRET-KEY-1…).
func Unseal(ctx context.Context, sealed []byte, identity string) (map[string][]byte, error) {
	key, err := age.ParseX25519Identity(strings.TrimSpace(identity))
	if err != nil {
		return nil, errors.New("that is no recovery key")
	}
	plain, err := age.Decrypt(bytes.NewReader(sealed), key)
	if err != nil {
		return nil, unopened(err)
	}
	files := map[string][]byte{}
	bounds := limits()
	bounds.Members, bounds.File, bounds.Total = 10_000, maxSealed, 2*maxSealed
	err = extract.WalkStream(ctx, plain, "sealed", extract.Options{Limits: bounds, Formats: []extract.Format{extract.Tar}}, func(e extract.Entry, r io.Reader) error {
		content, err := io.ReadAll(r)
		files[e.Name] = content
		return err
	})
	if err == nil {
		_, err = io.Copy(io.Discard, plain)
	}
	return files, damaged(err)
}
