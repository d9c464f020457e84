package store

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// AddSource implements library.Store.
func (s *Store) AddSource(ctx context.Context, src library.Source) (stored library.Source, created bool, err error) {
	hash, err := hashKey(src.SHA256)
	if err != nil {
		return library.Source{}, false, translate(err)
	}
	err = s.update(ctx, func(tx *bolt.Tx) error {
		stored, created, err = addSource(tx, hash, src)
		return err
	})
	if err != nil {
		return library.Source{}, false, err
	}
	return stored, created, nil
}

// addSource writes a source and its job, or finds the one that keeps the blob.
func addSource(tx *bolt.Tx, hash []byte, src library.Source) (stored library.Source, created bool, err error) {
	hashes := tx.Bucket([]byte(bHashes))
	if id := hashes.Get(hash); id != nil {
		known := library.SourceID(id)
		r, err := getSource(tx, known)
		return r.source(known), false, err
	}
	row := rowOf(src)
	row.Status = library.StatusQueued
	if err := hashes.Put(hash, []byte(src.ID)); err != nil {
		return stored, false, err
	}
	if err := putSource(tx, src.ID, nil, row); err != nil {
		return stored, false, err
	}
	return row.source(src.ID), true, putJob(tx, src.ID, jobRow{Due: row.Added})
}

// Source implements library.Store.
func (s *Store) Source(ctx context.Context, id library.SourceID) (out library.Source, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		r, err := getSource(tx, id)
		out = r.source(id)
		return err
	})
	return out, err
}

// BySHA256 implements library.Store.
func (s *Store) BySHA256(ctx context.Context, sha256 string) (out library.Source, err error) {
	hash, err := hashKey(sha256)
	if err != nil {
		return out, notFound("original")
	}
	err = s.view(ctx, func(tx *bolt.Tx) error {
		id := library.SourceID(tx.Bucket([]byte(bHashes)).Get(hash))
		if id == "" {
			return notFound("original")
		}
		r, err := getSource(tx, id)
		out = r.source(id)
		return err
	})
	return out, err
}

// Sources implements library.Store. A cursor is the id of the last item.
func (s *Store) Sources(ctx context.Context, f library.SourceFilter, p library.Page) (out library.List[library.Source], err error) {
	limit := limitOf(p)
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = library.List[library.Source]{}
		walk, total := newest(tx, f, p.Cursor)
		out.Total = total
		for id := walk(); id != ""; id = walk() {
			if len(out.Items) == limit {
				out.Next = string(out.Items[limit-1].ID)
				return nil
			}
			r, err := getSource(tx, id)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, r.source(id))
		}
		return nil
	})
	return out, err
}

// SourceCounts implements library.Store.
func (s *Store) SourceCounts(ctx context.Context) (out map[library.SourceFilter]int, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = map[library.SourceFilter]int{}
		counts := tx.Bucket([]byte(bCounts)).Cursor()
		for k, v := counts.First(); k != nil; k, v = counts.Next() {
			if status, typ, ok := cutFacet(k); ok {
				out[library.SourceFilter{Status: status, Type: typ}] = int(number(v))
			}
		}
		return nil
	})
	return out, err
}

func limitOf(p library.Page) int {
	if p.Limit <= 0 {
		return 50
	}
	return p.Limit
}

// newest returns a function that yields the ids that pass f and sort before
// the cursor, newest first, then "", and how many pass f in all.
func newest(tx *bolt.Tx, f library.SourceFilter, before string) (walk func() library.SourceID, total int) {
	var streams []*descent
	counts := tx.Bucket([]byte(bCounts)).Cursor()
	for k, v := counts.First(); k != nil; k, v = counts.Next() {
		status, typ, ok := cutFacet(k)
		if !ok || f.Status != "" && status != f.Status || f.Type != "" && typ != f.Type {
			continue
		}
		total += int(number(v))
		if f != (library.SourceFilter{}) {
			streams = append(streams, descend(tx, bFacets, string(k), before))
		}
	}
	if f == (library.SourceFilter{}) {
		streams = append(streams, descend(tx, bSources, "", before))
	}
	return func() library.SourceID {
		var top *descent
		for _, d := range streams {
			if d.at != "" && (top == nil || d.at > top.at) {
				top = d
			}
		}
		if top == nil {
			return ""
		}
		id := top.at
		top.next()
		return library.SourceID(id)
	}, total
}

// cutFacet takes the status and type out of a key of counts; ok is false for
// the counters of jobs.
func cutFacet(k []byte) (s library.Status, t library.Type, ok bool) {
	parts := bytes.Split(k, []byte{0})
	if len(parts) != 3 || string(parts[0]) == "job" {
		return "", "", false
	}
	return library.Status(parts[0]), library.Type(parts[1]), true
}

// descent walks the keys under a prefix from the greatest down. at is the rest
// of the key it stands on, empty at the end.
type descent struct {
	c      *bolt.Cursor
	prefix string
	at     string
}

// descend starts below prefix+before, or at the end of the prefix when before
// is empty.
func descend(tx *bolt.Tx, bucket, prefix, before string) *descent {
	d := &descent{c: tx.Bucket([]byte(bucket)).Cursor(), prefix: prefix}
	end := prefix + before
	if before == "" {
		end = prefix + "\xff"
	}
	if k, _ := d.c.Seek([]byte(end)); k == nil {
		d.set(d.c.Last())
	} else {
		d.next()
	}
	return d
}

func (d *descent) next() { d.set(d.c.Prev()) }

func (d *descent) set(k, _ []byte) {
	if k == nil || !bytes.HasPrefix(k, []byte(d.prefix)) {
		d.at = ""
		return
	}
	d.at = string(k[len(d.prefix):])
}

// SetTitle implements library.Store. The change lets the index follow.
func (s *Store) SetTitle(ctx context.Context, id library.SourceID, title string) (out library.Source, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, err := getSource(tx, id)
		if err != nil {
			return err
		}
		r := was
		r.Title, r.Named = title, true
		if r.Status == library.StatusReady {
			if r.Change, err = appendChange(tx, was.Change, library.Change{Source: id}); err != nil {
				return err
			}
		}
		out = r.source(id)
		return putSource(tx, id, &was, r)
	})
	return out, err
}

// DeleteSource implements library.Store. One source keeps a blob, so its
// removal always orphans it.
func (s *Store) DeleteSource(ctx context.Context, id library.SourceID) (out library.Source, orphaned bool, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		r, err := getSource(tx, id)
		if err != nil {
			return err
		}
		out, orphaned = r.source(id), true
		hash, err := hashKey(r.SHA256)
		if err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bHashes)).Delete(hash); err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bJobs)).Delete([]byte(id)); err != nil {
			return err
		}
		if err := dropFinished(tx, &r); err != nil {
			return err
		}
		if err := dropPassages(tx, id); err != nil {
			return err
		}
		if err := dropMembers(tx, id); err != nil {
			return err
		}
		if err := dropFacet(tx, id, &r); err != nil {
			return err
		}
		if r.Change != 0 { // the index may hold it
			if _, err := appendChange(tx, r.Change, library.Change{Source: id, Deleted: true}); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(bSources)).Delete([]byte(id))
	})
	return out, orphaned, err
}

// Passages implements library.Store.
func (s *Store) Passages(ctx context.Context, id library.SourceID, from, n int) (out []library.Passage, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = nil
		r, err := getSource(tx, id)
		if err != nil {
			return err
		}
		if from < 0 || from >= r.Passages {
			return nil
		}
		out = make([]library.Passage, 0, max(0, min(n, r.Passages-from)))
		prefix := passagePrefix(id)
		c := tx.Bucket([]byte(bPassages)).Cursor()
		for k, v := c.Seek(passageKey(id, from)); k != nil && bytes.HasPrefix(k, prefix) && len(out) < n; k, v = c.Next() {
			p, err := decodePassage(id, k, v)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

func dropPassages(tx *bolt.Tx, id library.SourceID) error {
	return dropAll(tx.Bucket([]byte(bPassages)), passagePrefix(id))
}

func dropAll(b *bolt.Bucket, prefix []byte) error {
	// Keys first: a cursor may skip after it deletes.
	var keys [][]byte
	c := b.Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}
