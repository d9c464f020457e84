package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// auditRow is a row of audit.
type auditRow struct {
	Time   int64              `json:"time"`
	Kind   library.AuditKind  `json:"kind"`
	Who    library.AuditActor `json:"who"`
	Client string             `json:"client,omitempty"`
	Agent  string             `json:"agent,omitempty"`
	Detail string             `json:"detail,omitempty"`
	Count  int                `json:"count,omitempty"` // beyond the first
	Last   int64              `json:"last,omitempty"`
}

func (r *auditRow) entry(key []byte) library.AuditEntry {
	e := library.AuditEntry{
		ID: hex.EncodeToString(key), Time: fromMillis(r.Time), Kind: r.Kind, Who: r.Who, Client: r.Client,
		Agent: r.Agent, Detail: r.Detail, Count: 1 + r.Count, Last: fromMillis(r.Last),
	}
	if r.Last == 0 {
		e.Last = e.Time
	}
	return e
}

// prunedAtOnce bounds the work that one write does for the bounds of the log.
const prunedAtOnce = 64

// Record implements library.Audit.
func (s *Store) Record(ctx context.Context, e library.AuditEntry) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		if e.Kind.Repeats() {
			done, err := countAgain(tx, &e)
			if done || err != nil {
				return err
			}
		}
		b := tx.Bucket([]byte(bAudit))
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		key := binary.BigEndian.AppendUint64(nil, n)
		row := auditRow{Time: toMillis(e.Time), Kind: e.Kind, Who: e.Who, Client: e.Client, Agent: e.Agent, Detail: e.Detail}
		b.FillPercent = appendFill
		if err := putJSON(b, string(key), row); err != nil {
			return err
		}
		if e.Kind.Repeats() {
			if err := tx.Bucket([]byte(bAuditRepeats)).Put(key, nil); err != nil {
				return err
			}
			if err := count(tx, repeatsCount, +1); err != nil {
				return err
			}
		}
		if err := count(tx, auditCount(e.Kind), +1); err != nil {
			return err
		}
		return pruneAudit(tx, e.Time)
	})
}

// countAgain adds e to an entry of the last span that is of the same kind and
// client. Where there are too many such clients already, e loses what tells it
// from the others, and counts with them.
func countAgain(tx *bolt.Tx, e *library.AuditEntry) (done bool, err error) {
	b := tx.Bucket([]byte(bAudit))
	for range 2 {
		alike := 0
		c := tx.Bucket([]byte(bAuditRepeats)).Cursor()
		for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
			var r auditRow
			if err := decode(bAudit, b.Get(k), &r); err != nil {
				return false, err
			}
			if e.Time.Sub(fromMillis(r.Time)) >= library.AuditSpan {
				break
			}
			if r.Kind != e.Kind {
				continue
			}
			if r.Client == e.Client {
				r.Count++
				r.Last = toMillis(e.Time)
				return true, putJSON(b, string(k), r)
			}
			alike++
		}
		if alike < library.AuditClients {
			return false, nil
		}
		e.Client, e.Agent, e.Detail = "", "", ""
	}
	return false, nil
}

// pruneAudit removes the oldest entries beyond the bounds.
func pruneAudit(tx *bolt.Tx, now time.Time) error {
	b, repeats := tx.Bucket([]byte(bAudit)), tx.Bucket([]byte(bAuditRepeats))
	counts := tx.Bucket([]byte(bCounts))
	for range prunedAtOnce {
		var key []byte
		oldest, v := b.Cursor().First()
		switch {
		case number(counts.Get([]byte(repeatsCount))) > library.AuditRepeats:
			key, _ = repeats.Cursor().First()
		case auditTotal(tx, "") > library.AuditKeep:
			key = oldest
		case oldest != nil:
			var r auditRow
			if err := decode(bAudit, v, &r); err != nil {
				return err
			}
			if now.Sub(fromMillis(r.Time)) > library.AuditAge {
				key = oldest
			}
		}
		if key == nil {
			return nil
		}
		if err := dropAudit(tx, append([]byte(nil), key...)); err != nil {
			return err
		}
	}
	return nil
}

func dropAudit(tx *bolt.Tx, key []byte) error {
	b, repeats := tx.Bucket([]byte(bAudit)), tx.Bucket([]byte(bAuditRepeats))
	var r auditRow
	if err := decode(bAudit, b.Get(key), &r); err != nil {
		return err
	}
	if err := count(tx, auditCount(r.Kind), -1); err != nil {
		return err
	}
	if r.Kind.Repeats() {
		if err := repeats.Delete(key); err != nil {
			return err
		}
		if err := count(tx, repeatsCount, -1); err != nil {
			return err
		}
	}
	return b.Delete(key)
}

// Counters of the log: one for each kind, and one for the kinds that repeat.
const (
	auditPrefix  = "audit\x00"
	repeatsCount = "repeats\x00"
)

func auditCount(k library.AuditKind) string { return auditPrefix + string(k) }

func auditTotal(tx *bolt.Tx, kind library.AuditKind) (total int) {
	counts := tx.Bucket([]byte(bCounts))
	if kind != "" {
		return int(number(counts.Get([]byte(auditCount(kind)))))
	}
	c := counts.Cursor()
	for k, v := c.Seek([]byte(auditPrefix)); len(k) >= len(auditPrefix) && string(k[:len(auditPrefix)]) == auditPrefix; k, v = c.Next() {
		total += int(number(v))
	}
	return total
}

// Events implements library.Audit. A cursor is the id of the last item.
func (s *Store) Events(ctx context.Context, f library.AuditFilter, p library.Page) (out library.List[library.AuditEntry], err error) {
	limit := limitOf(p)
	before, err := hex.DecodeString(p.Cursor)
	if err != nil || len(before) != 0 && len(before) != 8 {
		return out, badCursor()
	}
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = library.List[library.AuditEntry]{Total: auditTotal(tx, f.Kind)}
		c := tx.Bucket([]byte(bAudit)).Cursor()
		k, v := c.Last()
		if len(before) == 8 {
			if k, v = c.Seek(before); k == nil {
				k, v = c.Last()
			}
			for k != nil && string(k) >= string(before) {
				k, v = c.Prev()
			}
		}
		for ; k != nil; k, v = c.Prev() {
			var r auditRow
			if err := decode(bAudit, v, &r); err != nil {
				return err
			}
			if f.Kind != "" && r.Kind != f.Kind {
				continue
			}
			if len(out.Items) == limit {
				out.Next = out.Items[limit-1].ID
				return nil
			}
			out.Items = append(out.Items, r.entry(k))
		}
		return nil
	})
	return out, err
}
