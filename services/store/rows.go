package store

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// errCorrupt is wrapped by what is said of a row that no version wrote.
var errCorrupt = errors.New("corrupt row")

// sourceRow is a row of sources.
type sourceRow struct {
	Title    string          `json:"title"`
	Named    bool            `json:"named,omitempty"`
	FileName string          `json:"file,omitempty"`
	Type     library.Type    `json:"type,omitempty"`
	Status   library.Status  `json:"status"`
	Reason   *library.Reason `json:"reason,omitempty"`
	Pages    int             `json:"pages,omitempty"`
	Passages int             `json:"passages,omitempty"`
	Size     int64           `json:"size"`
	SHA256   string          `json:"sha256"`
	Added    int64           `json:"added"`
	Ready    int64           `json:"ready,omitempty"`
	Change   uint64          `json:"change,omitempty"`   // its latest change
	Finished string          `json:"finished,omitempty"` // the key of its finished job

	Origin  *library.Origin   `json:"origin,omitempty"`
	Archive *library.Contents `json:"archive,omitempty"`
}

func (r *sourceRow) source(id library.SourceID) library.Source {
	return library.Source{
		ID: id, Title: r.Title, Named: r.Named, FileName: r.FileName, Type: r.Type, Status: r.Status,
		Reason: r.Reason, Pages: r.Pages, Passages: r.Passages, Size: r.Size, SHA256: r.SHA256,
		AddedAt: fromMillis(r.Added), ReadyAt: fromMillis(r.Ready), Origin: r.Origin, Archive: r.Archive,
	}
}

func rowOf(s library.Source) sourceRow {
	return sourceRow{
		Title: s.Title, Named: s.Named, FileName: s.FileName, Type: s.Type, Status: s.Status,
		Reason: s.Reason, Pages: s.Pages, Passages: s.Passages, Size: s.Size, SHA256: s.SHA256,
		Added: toMillis(s.AddedAt), Ready: toMillis(s.ReadyAt), Origin: s.Origin,
	}
}

// getSource reads one row; NotFound when there is none.
func getSource(tx *bolt.Tx, id library.SourceID) (sourceRow, error) {
	var r sourceRow
	v := get(tx, bSources, string(id))
	if v == nil {
		return r, notFound("source")
	}
	return r, decode(bSources, v, &r)
}

// putSource writes a row, and moves the source in facets and counts when its
// status or type changed from was (nil: it is new).
func putSource(tx *bolt.Tx, id library.SourceID, was *sourceRow, r sourceRow) error {
	if was == nil || was.Status != r.Status || was.Type != r.Type {
		if was != nil {
			if err := dropFacet(tx, id, was); err != nil {
				return err
			}
		}
		if err := tx.Bucket([]byte(bFacets)).Put([]byte(facet(r.Status, r.Type)+string(id)), nil); err != nil {
			return err
		}
		if err := count(tx, facet(r.Status, r.Type), +1); err != nil {
			return err
		}
	}
	b := tx.Bucket([]byte(bSources))
	b.FillPercent = appendFill
	return putJSON(b, string(id), r)
}

func dropFacet(tx *bolt.Tx, id library.SourceID, was *sourceRow) error {
	if err := tx.Bucket([]byte(bFacets)).Delete([]byte(facet(was.Status, was.Type) + string(id))); err != nil {
		return err
	}
	return count(tx, facet(was.Status, was.Type), -1)
}

// appendFill suits buckets whose keys mostly grow: pages are left nearly full.
const appendFill = 0.9

func facet(s library.Status, t library.Type) string { return string(s) + "\x00" + string(t) + "\x00" }

func jobCount(s library.JobState) string { return "job\x00" + string(s) + "\x00" }

// count changes a counter. One that reaches nothing is removed.
func count(tx *bolt.Tx, key string, by int64) error {
	b := tx.Bucket([]byte(bCounts))
	n := int64(number(b.Get([]byte(key)))) + by
	if n < 0 {
		return fmt.Errorf("%w: counts %q is below nothing", errCorrupt, key)
	}
	if n == 0 {
		return b.Delete([]byte(key))
	}
	return b.Put([]byte(key), binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// number reads 8 bytes; a missing or odd value is 0.
func number(v []byte) uint64 {
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// jobRow is a value of jobs.
type jobRow struct {
	Due      int64
	Attempts int
	Reason   *library.Reason
}

func (j jobRow) encode() ([]byte, error) {
	v := binary.BigEndian.AppendUint64(nil, uint64(j.Due))
	v = append(v, byte(j.Attempts))
	if j.Reason == nil {
		return v, nil
	}
	reason, err := json.Marshal(j.Reason)
	return append(v, reason...), err
}

func decodeJob(v []byte) (jobRow, error) {
	if len(v) < 9 {
		return jobRow{}, fmt.Errorf("%w in %s: %d bytes", errCorrupt, bJobs, len(v))
	}
	j := jobRow{Due: int64(binary.BigEndian.Uint64(v)), Attempts: int(v[8])}
	if len(v) > 9 {
		return j, decode(bJobs, v[9:], &j.Reason)
	}
	return j, nil
}

func (j jobRow) job(id library.SourceID, title string) library.Job {
	out := library.Job{
		Source: id, Title: title, State: library.JobWaiting, Attempts: j.Attempts,
		Reason: j.Reason, UpdatedAt: fromMillis(j.Due),
	}
	if j.Attempts > 0 {
		out.NotBefore = out.UpdatedAt
	}
	return out
}

func putJob(tx *bolt.Tx, id library.SourceID, j jobRow) error {
	v, err := j.encode()
	if err != nil {
		return err
	}
	b := tx.Bucket([]byte(bJobs))
	b.FillPercent = appendFill
	return b.Put([]byte(id), v)
}

// finishedRow is a row of finished.
type finishedRow struct {
	State    library.JobState `json:"state"`
	Attempts int              `json:"attempts,omitempty"`
	Reason   *library.Reason  `json:"reason,omitempty"`
}

func finishedKey(ended time.Time, id library.SourceID) string {
	return fmt.Sprintf("%016x%s", toMillis(ended), id)
}

func splitFinished(key string) (ended time.Time, id library.SourceID, err error) {
	if len(key) > 16 {
		if ms, err := strconv.ParseInt(key[:16], 16, 64); err == nil {
			return fromMillis(ms), library.SourceID(key[16:]), nil
		}
	}
	return time.Time{}, "", fmt.Errorf("%w in %s: key %q", errCorrupt, bFinished, key)
}

func passagePrefix(id library.SourceID) []byte { return append([]byte(id), 0) }

func passageKey(id library.SourceID, n int) []byte {
	return binary.BigEndian.AppendUint32(passagePrefix(id), uint32(n))
}

func encodePassage(p library.Passage) []byte {
	v := make([]byte, 0, len(p.Text)+3)
	return append(binary.AppendUvarint(v, uint64(p.Page)), p.Text...)
}

// decodePassage copies what it returns.
func decodePassage(id library.SourceID, k, v []byte) (library.Passage, error) {
	page, n := binary.Uvarint(v)
	if n <= 0 || page > 1<<31 || len(k) != len(id)+5 {
		return library.Passage{}, fmt.Errorf("%w in %s", errCorrupt, bPassages)
	}
	return library.Passage{
		Source: id, Number: int(binary.BigEndian.Uint32(k[len(id)+1:])), Page: int(page), Text: string(v[n:]),
	}, nil
}

func encodeChange(c library.Change) []byte {
	if c.Deleted {
		return append([]byte{'-'}, c.Source...)
	}
	return append([]byte{'+'}, c.Source...)
}

func decodeChange(k, v []byte) (library.Change, error) {
	if len(k) != 8 || len(v) < 2 || v[0] != '+' && v[0] != '-' {
		return library.Change{}, fmt.Errorf("%w in %s", errCorrupt, bChanges)
	}
	return library.Change{Seq: number(k), Source: library.SourceID(v[1:]), Deleted: v[0] == '-'}, nil
}

func hashKey(sha256 string) ([]byte, error) {
	h, err := hex.DecodeString(sha256)
	if err != nil || len(h) != 32 {
		return nil, fmt.Errorf("%w: %q is not a SHA-256", errCorrupt, sha256)
	}
	return h, nil
}

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func get(tx *bolt.Tx, bucket, key string) []byte {
	return tx.Bucket([]byte(bucket)).Get([]byte(key))
}

func decode(bucket string, v []byte, into any) error {
	if err := json.Unmarshal(v, into); err != nil {
		return fmt.Errorf("%w in %s: %w", errCorrupt, bucket, err)
	}
	return nil
}

func putJSON(b *bolt.Bucket, key string, row any) error {
	v, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), v)
}
