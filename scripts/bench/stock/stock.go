// Package stock fills a stopped box with more sources than a client could add
// while one waits.
//
// It owns the made-up rows and files, written through the store's own package.
// It refuses a store that a box has open.
package stock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/services/library"
	"coffer/services/store"
)

// Word stands in every source of a Fill.
const Word = "warehouse"

// Fill adds the sources numbered first to last-1, as already read, each with an
// original of some bytes, to the box whose volume is data.
func Fill(ctx context.Context, data string, first, last int) (err error) {
	s, err := store.Open(filepath.Join(data, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	blobs := filepath.Join(data, "blobs")
	owner, err := ownerOf(blobs)
	if err != nil {
		return err
	}
	// Writers that come together share a commit.
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256)
	for i := first; i < last; i++ {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			text := fmt.Sprintf("Box %d of the %s holds %d things.", i, Word, i%97)
			sum := sha256.Sum256([]byte(text))
			hash := hex.EncodeToString(sum[:])
			if err := original(blobs, hash, text, owner); err != nil {
				return err
			}
			now := time.Now()
			src := library.Source{
				ID: library.SourceID(fmt.Sprintf("%026d", i)), Title: fmt.Sprintf("Box %d", i), FileName: "box.txt",
				Status: library.StatusQueued, Size: int64(len(text)), SHA256: hash, AddedAt: now,
			}
			if _, _, err := s.AddSource(ctx, src); err != nil {
				return err
			}
			_, _, err := s.Commit(ctx, src.ID, library.Reading{
				Type: library.TypeText, Passages: []library.Passage{{Source: src.ID, Text: text}},
			}, now)
			return err
		})
	}
	return group.Wait()
}

type ids struct{ uid, gid int }

func ownerOf(folder string) (ids, error) {
	st, err := os.Stat(folder)
	if err != nil {
		return ids{}, err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return ids{}, fmt.Errorf("%s has no owner here", folder)
	}
	return ids{int(sys.Uid), int(sys.Gid)}, nil
}

// original lays a file where the box keeps the blob of that hash.
func original(blobs, hash, text string, owner ids) error {
	shard := filepath.Join(blobs, hash[:2])
	if err := os.Mkdir(shard, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	file := filepath.Join(shard, hash[2:])
	return errors.Join(os.WriteFile(file, []byte(text), 0o400), os.Chown(file, owner.uid, owner.gid), os.Chown(shard, owner.uid, owner.gid))
}
