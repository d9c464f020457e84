// Package restore puts a staged state of the box in the place of the present
// one, whole or not at all, and back again.
//
// It owns DATA/restore and DATA/before. The API lays a restored store and its
// originals out in DATA/restore/staged; init adds the secrets, which only it
// may have, and decides. From the moment that the decision is on disk, each
// start finishes it before anything else is looked at, however often it is
// interrupted: every step is one rename, and a step that is done is seen to be.
// What was there before lies in DATA/before until the next restore, and can be
// put back, which lays aside what was restored. It refuses what is not a folder,
// and knows nothing of what the folders hold.
package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"coffer/appliance/beneath"
)

// Where things lie below DATA.
const (
	Folder = "restore"
	Staged = Folder + "/staged" // the API's
	Before = "before"
	kept   = Folder + "/kept"   // init's own part
	former = Folder + "/former" // what lay in Before, while it is put back
	// decided holds the decision while it is carried out.
	decided = Folder + "/decided.json"
)

// What may be put in place, in this order.
const (
	store   = "store"
	blobs   = "blobs"
	secrets = "secrets"
	config  = "config"
)

// decision is what decided holds: which folders change, and from where.
type decision struct {
	Staged []string `json:"staged,omitempty"`
	Kept   []string `json:"kept,omitempty"`
	Former []string `json:"former,omitempty"` // alone: what lay in Before is put back
}

const maxDecision = 4 << 10

// ErrNothing says that nothing whole is staged.
var ErrNothing = errors.New("nothing is staged that could be restored")

// Decide takes the decision to put what is staged in place. files are init's
// part: the secrets and the configuration of the restored box by their names
// below DATA. The configuration is taken only where there is none. When Decide
// returns without an error the decision is on disk; Finish carries it out.
func Decide(data string, files map[string][]byte, log *slog.Logger) error {
	d, err := beneath.Base(data)
	if err != nil {
		return err
	}
	defer d.Close()
	var will decision
	for _, name := range []string{store, blobs} {
		info, err := d.Look(path.Join(Staged, name))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			return ErrNothing
		}
		if err != nil {
			return err
		}
		will.Staged = append(will.Staged, name)
	}
	if err := clear(d, kept, Before); err != nil {
		return err
	}
	taken := map[string]bool{}
	for name := range files {
		top, _, _ := strings.Cut(name, "/")
		switch {
		case !fs.ValidPath(name) || top != secrets && top != config || top == name:
			log.Warn("not restored: it is none of init's files", "name", name)
			delete(files, name)
			continue
		case top == config && !taken[top] && configured(d):
			log.Warn("the configuration of the backup is not restored: there is one", "name", name)
			delete(files, name)
			continue
		}
		taken[top] = true
	}
	for name, content := range files {
		if err := keep(d, name, content); err != nil {
			return err
		}
	}
	for _, top := range []string{secrets, config} {
		if taken[top] {
			will.Kept = append(will.Kept, top)
		}
	}
	return write(d, will)
}

// write is the moment of the decision.
func write(d *beneath.Dir, will decision) error {
	text, err := json.Marshal(will)
	if err != nil {
		return err
	}
	return d.Put(decided, text, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o600})
}

// configured reports a configuration that the owner has put there.
func configured(d *beneath.Dir) bool {
	c, err := d.Dir(config)
	if err != nil {
		return false
	}
	defer c.Close()
	names, err := c.Names()
	return err != nil || len(names) > 0
}

func keep(d *beneath.Dir, name string, content []byte) error {
	folders := strings.Split(path.Dir(name), "/")
	for n := 0; n <= len(folders); n++ {
		at := path.Join(append([]string{kept}, folders[:n]...)...)
		err := d.Mkdir(at, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o711})
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return d.Put(path.Join(kept, name), content, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o440})
}

// clear removes what an earlier restore left.
func clear(d *beneath.Dir, names ...string) error {
	for _, name := range names {
		if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Finish carries out a decision that is on disk, from wherever it was
// interrupted. It reports whether there was one.
func Finish(data string, log *slog.Logger) (bool, error) {
	d, err := beneath.Base(data)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	will, err := read(d)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := will.makeWay(d); err != nil {
		return false, err
	}
	if err := d.Mkdir(Before, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o700}); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	for _, m := range will.moves() {
		if err := m.exchange(d); err != nil {
			return false, giveUp(d, will, err, log)
		}
	}
	if err := durable(d); err != nil {
		return false, err
	}
	if err := d.Remove(decided); err != nil {
		return false, err
	}
	log.Info("restored; what was there before lies in " + path.Join(data, Before))
	return true, clear(d, kept, former, Staged)
}

// giveUp puts the former state back where a step cannot be done, as with a
// folder that is a volume of its own. The box then starts as it was.
func giveUp(d *beneath.Dir, will decision, why error, log *slog.Logger) error {
	for _, m := range will.moves() {
		if err := m.back(d); err != nil {
			return errors.Join(why, err)
		}
	}
	err := durable(d)
	if err == nil {
		err = will.giveWay(d)
	}
	if err == nil {
		err = d.Remove(decided)
	}
	if err != nil {
		return errors.Join(why, err)
	}
	log.Error("not restored; the box is as it was", slog.Any("error", why))
	return clear(d, kept, Staged)
}

func durable(d *beneath.Dir) error {
	var err error
	for _, name := range []string{".", Before, Folder} {
		err = errors.Join(err, d.Sync(name))
	}
	return err
}

func read(d *beneath.Dir) (decision, error) {
	n, err := d.Hold(decided)
	if err != nil {
		return decision{}, err
	}
	defer n.Close()
	text, err := n.Read(maxDecision)
	if err != nil {
		return decision{}, err
	}
	var will decision
	if err := json.Unmarshal(text, &will); err != nil {
		return decision{}, fmt.Errorf("%s/%s: %w", d.Path(), decided, err)
	}
	for _, name := range slices.Concat(will.Staged, will.Kept, will.Former) {
		if !slices.Contains([]string{store, blobs, secrets, config}, name) {
			return decision{}, fmt.Errorf("%s/%s names %q, which is never restored", d.Path(), decided, name)
		}
	}
	return will, nil
}

// move is one folder that changes.
type move struct{ from, name string }

func (w decision) moves() (all []move) {
	for _, name := range w.Staged {
		all = append(all, move{path.Join(Staged, name), name})
	}
	for _, name := range w.Kept {
		all = append(all, move{path.Join(kept, name), name})
	}
	for _, name := range w.Former {
		all = append(all, move{path.Join(former, name), name})
	}
	return all
}

// back undoes an exchange, or half of one.
func (m move) back(d *beneath.Dir) error {
	was := path.Join(Before, m.name)
	if _, err := d.Look(was); errors.Is(err, fs.ErrNotExist) {
		return nil // there was none, or it never left
	} else if err != nil {
		return err
	}
	if _, err := d.Look(m.name); err == nil {
		if err := d.Rename(m.name, m.from); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.Rename(was, m.name)
}

// exchange puts from in the place of name, whose former content goes to Before.
// Without from it is done.
func (m move) exchange(d *beneath.Dir) error {
	from, name := m.from, m.name
	info, err := d.Look(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &beneath.Refused{Path: path.Join(d.Path(), from), What: info.What()}
	}
	if _, err := d.Look(name); err == nil {
		if err := d.Rename(name, path.Join(Before, name)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.Rename(from, name)
}
