package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"coffer/appliance/beneath"
)

// recordName is the file under DATA that remembers the API's last user, and
// while files are handed over, how far that is.
const recordName = ".api-owner"

type record struct {
	UID int `json:"uid"`
	GID int `json:"gid"`
	// Moving is set while files are on their way to UID:GID.
	Moving *moving `json:"moving,omitempty"`
}

type moving struct {
	From []int    `json:"from"` // users the files have had
	Done []string `json:"done"` // trees that are complete
}

// trees is what belongs to the API's user, and the only part of the volume
// that is ever walked.
func trees() []string { return []string{"store", "blobs", "backups", "witness"} }

// maxDepth bounds the walk; our trees are three deep.
const maxDepth = 16

// migrate hands stored files to the API's user when that changed. It can stop
// anywhere and goes on at the next start.
func (l *layer) migrate(ctx context.Context, data *beneath.Dir) error {
	want := l.Roles.API
	rec, known, err := readRecord(data)
	if err != nil {
		return err
	}
	var from []int
	if known && rec.Moving != nil {
		from = rec.Moving.From
	}
	if known && rec.UID != want.UID {
		from = append(from, rec.UID)
	}
	var wrong []string
	for _, tree := range trees() {
		info, err := data.Look(tree)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return &beneath.Refused{Path: data.Path() + "/" + tree, What: info.What()}
		}
		if info.UID != want.UID || info.GID != want.GID {
			wrong = append(wrong, tree)
			from = append(from, info.UID)
		}
	}
	same := known && rec.UID == want.UID && rec.GID == want.GID
	if same && rec.Moving == nil && len(wrong) == 0 {
		return nil
	}
	slices.Sort(from)
	rec = record{UID: want.UID, GID: want.GID, Moving: &moving{From: slices.Compact(from), Done: doneBefore(rec, same)}}
	if len(wrong) == 0 && len(from) == 0 { // a new volume
		rec.Moving = nil
		return writeRecord(data, l.Roles.Root, rec)
	}
	if err := writeRecord(data, l.Roles.Root, rec); err != nil {
		return err
	}
	l.Log.Info("handing stored files to the new user", "uid", want.UID, "gid", want.GID, "from", rec.Moving.From)
	w := &mover{layer: l, to: want, from: rec.Moving.From, every: l.ProgressEvery}
	if w.every == 0 {
		w.every = progressEvery
	}
	w.next = time.Now().Add(w.every)
	for _, tree := range trees() {
		if slices.Contains(rec.Moving.Done, tree) && !slices.Contains(wrong, tree) {
			continue
		}
		if err := w.entry(ctx, data, tree, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		rec.Moving.Done = append(rec.Moving.Done, tree)
		if err := writeRecord(data, l.Roles.Root, rec); err != nil {
			return err
		}
	}
	rec.Moving = nil
	l.report.Moved = w.moved
	l.Log.Info("stored files are handed over", "files", w.moved, "left_alone", w.strange)
	return writeRecord(data, l.Roles.Root, rec)
}

// doneBefore keeps the finished trees of a migration to the same user.
func doneBefore(rec record, same bool) []string {
	if same && rec.Moving != nil {
		return rec.Moving.Done
	}
	return nil
}

const progressEvery = 2 * time.Second

type mover struct {
	*layer
	to      Owner
	from    []int
	moved   int
	strange int
	every   time.Duration
	next    time.Time
}

// entry hands one name over: of a folder first what is in it, then itself, so
// that a folder with the new owner is complete.
func (m *mover) entry(ctx context.Context, in *beneath.Dir, name string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := in.Look(name)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir() && depth < maxDepth:
		if err := m.children(ctx, in, name, depth); err != nil {
			return err
		}
	case info.IsFile() && (info.Links == 1 || slices.Contains(m.from, info.UID)):
		// A second name of a file that never was the API's could be a plant.
	default:
		if info.UID != m.to.UID {
			m.strange++
			m.Log.Warn("left alone, not an ordinary file of the library", "path", in.Path()+"/"+name, "is", info.What())
		}
		return nil
	}
	if info.UID == m.to.UID && info.GID == m.to.GID {
		return nil
	}
	n, err := in.HoldAny(name)
	if err != nil {
		return err
	}
	defer n.Close()
	if n.IsDir() != info.IsDir() || n.Links != info.Links && n.IsFile() {
		return fmt.Errorf("%s/%s changed while it was handed over", in.Path(), name)
	}
	if err := n.Own(m.to.UID, m.to.GID); err != nil {
		return err
	}
	m.moved++
	if now := time.Now(); now.After(m.next) {
		m.next = now.Add(m.every)
		m.Log.Info("handing stored files to the new user", "done", m.moved)
	}
	return nil
}

func (m *mover) children(ctx context.Context, in *beneath.Dir, name string, depth int) error {
	d, err := in.Dir(name)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return err
	}
	for _, child := range names {
		if err := m.entry(ctx, d, child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// readRecord returns the record. One that is damaged counts as unknown: the
// folders' own owners then decide.
func readRecord(data *beneath.Dir) (record, bool, error) {
	n, err := data.File(recordName)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, false, nil
	}
	if err != nil {
		return record{}, false, err
	}
	defer n.Close()
	content, err := n.Read(4096)
	var rec record
	if err != nil || json.Unmarshal(content, &rec) != nil || rec.UID <= 0 || n.UID != 0 {
		return record{}, false, nil
	}
	return rec, true, nil
}

func writeRecord(data *beneath.Dir, root Owner, rec record) error {
	content, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return data.Put(recordName, append(content, '\n'), beneath.Attributes{UID: root.UID, GID: root.GID, Mode: 0o644})
}
