package store

import (
	"bytes"
	"context"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// memberRow is a row of members.
type memberRow struct {
	Path   string           `json:"path"`
	Size   int64            `json:"size,omitempty"`
	Source library.SourceID `json:"source,omitempty"`
	Known  bool             `json:"known,omitempty"`
	Reason *library.Reason  `json:"reason,omitempty"`
}

// BeginArchive implements library.Store.
func (s *Store) BeginArchive(ctx context.Context, id library.SourceID) (out library.Source, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, _, err := waiting(tx, id)
		if err != nil {
			return err
		}
		r := was
		if r.Type = library.TypeArchive; r.Archive == nil {
			r.Archive = &library.Contents{}
		}
		out = r.source(id)
		return putSource(tx, id, &was, r)
	})
	return out, err
}

// AddMembers implements library.Store. Numbers have no gaps, so that their count
// is the next one.
func (s *Store) AddMembers(ctx context.Context, archive library.SourceID, members []library.Member, src *library.Source) (stored library.Source, created bool, err error) {
	var hash []byte
	if src != nil {
		if hash, err = hashKey(src.SHA256); err != nil {
			return stored, false, translate(err)
		}
	}
	err = s.update(ctx, func(tx *bolt.Tx) error {
		stored, created = library.Source{}, false
		was, _, err := waiting(tx, archive)
		if err != nil {
			return err
		}
		if was.Archive == nil {
			return &library.Error{Kind: library.Invalid, Field: "members", Message: "This source is not being taken apart."}
		}
		r, counts := was, *was.Archive
		r.Archive = &counts
		for i, m := range members {
			switch {
			case m.Number < counts.Members:
				continue
			case m.Number > counts.Members:
				return &library.Error{Kind: library.Invalid, Field: "members", Message: "Members of the archive are missing before these."}
			}
			if src != nil && i == len(members)-1 {
				if stored, created, err = addSource(tx, hash, *src); err != nil {
					return err
				}
				m.Source, m.Known = stored.ID, !created && !cameAs(stored, archive, m.Path)
			}
			tally(&counts, m)
			b := tx.Bucket([]byte(bMembers))
			b.FillPercent = appendFill
			if err := putJSON(b, string(passageKey(archive, m.Number)), memberRow{m.Path, m.Size, m.Source, m.Known, m.Reason}); err != nil {
				return err
			}
		}
		return putSource(tx, archive, &was, r)
	})
	return stored, created, err
}

// cameAs reports that a source came in as that member before: the archive is
// taken apart anew.
func cameAs(s library.Source, archive library.SourceID, path string) bool {
	return s.Origin != nil && s.Origin.Archive == archive && s.Origin.Path == path
}

func tally(c *library.Contents, m library.Member) {
	c.Members++
	switch {
	case m.Source == "":
		c.Left++
	case m.Known:
		c.Known++
	default:
		c.Added++
	}
}

// Members implements library.Store.
func (s *Store) Members(ctx context.Context, archive library.SourceID, from, n int) (out []library.Member, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = nil
		if _, err := getSource(tx, archive); err != nil {
			return err
		}
		prefix := passagePrefix(archive)
		c := tx.Bucket([]byte(bMembers)).Cursor()
		for k, v := c.Seek(passageKey(archive, from)); k != nil && bytes.HasPrefix(k, prefix) && len(out) < n; k, v = c.Next() {
			var r memberRow
			if err := decode(bMembers, v, &r); err != nil {
				return err
			}
			out = append(out, library.Member{
				Number: int(binary.BigEndian.Uint32(k[len(prefix):])),
				Path:   r.Path, Size: r.Size, Source: r.Source, Known: r.Known, Reason: r.Reason,
			})
		}
		return nil
	})
	return out, err
}

// dropMembers forgets what an archive holds.
func dropMembers(tx *bolt.Tx, archive library.SourceID) error {
	return dropAll(tx.Bucket([]byte(bMembers)), passagePrefix(archive))
}

// withTrouble is what an archive holds with why it was not followed to its end.
func withTrouble(c *library.Contents, trouble *library.Reason) *library.Contents {
	if c == nil {
		return nil
	}
	out := *c
	out.Trouble = trouble
	return &out
}
