package stock

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/services/library"
	"coffer/services/store"
)

// Keys adds n keys that read to the box whose volume is data, and returns them.
func Keys(ctx context.Context, data string, n int) (keys []string, err error) {
	s, err := store.Open(filepath.Join(data, "store"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	owner, err := s.Owner(ctx)
	if err != nil {
		return nil, err
	}
	keys = make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256)
	for i := range keys {
		group.Go(func() error {
			id, text := newKey()
			keys[i] = text
			sum := sha256.Sum256([]byte(text))
			return s.PutKey(ctx, library.Key{
				ID: id, Owner: owner.ID, Epoch: owner.Epoch, Name: fmt.Sprintf("script %d", i), Hash: sum[:], Scopes: []string{"read"}, CreatedAt: time.Now(),
			})
		})
	}
	return keys, group.Wait()
}

// newKey makes a key as its form is told: a prefix, 16 characters that name it,
// 52 that are secret, and the CRC-32 of all of them.
func newKey() (id, text string) {
	id = strings.ToLower(rand.Text())[:16]
	body := "cfr_" + id + strings.ToLower(rand.Text()+rand.Text())
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
	return id, body + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum))
}
