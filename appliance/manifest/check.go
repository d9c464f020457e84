package manifest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"coffer/appliance/beneath"
	"coffer/weaken"
)

// check is one run over the tree.
type check struct {
	*Manifest
	dir      *beneath.Dir
	uid, gid int // root's, or the only user's
	report   Report
}

// found records a difference; err says whether the repair failed.
func (c *check) found(name, what string, err error) {
	f := Finding{Path: "/" + name, What: what, Repaired: err == nil}
	if err != nil {
		f.What += " (" + cause(err) + ")"
	}
	c.report.Findings = append(c.report.Findings, f)
}

func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func (c *check) attributes(mode uint32) beneath.Attributes {
	return beneath.Attributes{UID: c.uid, GID: c.gid, Mode: mode}
}

// folders makes and mends every folder on the way. Those of the system are
// made when missing and otherwise left as they are.
func (c *check) folders() {
	var all []string
	for _, e := range c.entries {
		for dir := path.Dir(e.Name); dir != "."; dir = path.Dir(dir) {
			all = append(all, dir)
		}
	}
	all = append(all, c.dirs...)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		c.folder(name)
	}
}

func (c *check) folder(name string) {
	info, err := c.dir.Look(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := c.dir.Mkdir(name, c.attributes(dirMode)); err != nil {
			c.found(name, "missing", err)
		}
		return
	case err != nil:
		c.found(name, "unreadable", err)
		return
	case !info.IsDir():
		what := info.What() + " in place of a folder"
		if !c.ours(name) {
			c.found(name, what, errors.New("it is the system's"))
			return
		}
		err := c.dir.Remove(name)
		if err == nil {
			err = c.dir.Mkdir(name, c.attributes(dirMode))
		}
		c.found(name, what, err)
		return
	}
	if !c.ours(name) {
		if info.Mode&0o022 != 0 && info.Mode&0o1000 == 0 {
			c.found(name, fmt.Sprintf("a folder that others can change, mode %04o", info.Mode), errors.New("it is the system's"))
		}
		return
	}
	if c.owned(info) && info.Mode == dirMode {
		return
	}
	c.found(name, c.differs(info, dirMode), c.mend(name, dirMode))
}

// owned reports the right owner: the user who runs the box, or root, from whom
// a box that is not root's is even safer.
func (c *check) owned(info beneath.Info) bool {
	return info.UID == c.uid && info.GID == c.gid || info.UID == 0 && info.GID == 0
}

func (c *check) differs(info beneath.Info, mode uint32) string {
	var parts []string
	if !c.owned(info) {
		parts = append(parts, fmt.Sprintf("owned by %d:%d", info.UID, info.GID))
	}
	if info.Mode != mode {
		parts = append(parts, fmt.Sprintf("mode %04o", info.Mode))
	}
	return strings.Join(parts, ", ")
}

// mend sets owner and mode.
func (c *check) mend(name string, mode uint32) error {
	n, err := c.dir.Hold(name)
	if err != nil {
		return err
	}
	defer n.Close()
	if !c.owned(n.Info) {
		if err := n.Own(c.uid, c.gid); err != nil {
			return err
		}
	}
	return n.Chmod(mode)
}

// file compares one protected file, and writes it anew when anything about it
// differs: whoever changed its owner or mode can still hold it open.
func (c *check) file(e Entry) {
	info, what := c.compare(e)
	if what == "" {
		what = c.differs(info, fileMode)
	}
	if what == "" {
		return
	}
	if info.IsDir() && c.ours(path.Dir(e.Name)) {
		if err := c.dir.Remove(e.Name); err != nil {
			c.found(e.Name, what, err)
			return
		}
	}
	a := c.attributes(fileMode)
	if weaken.Without(weaken.ProtectedMode) {
		a.Mode |= 0o022
	}
	a.Modified = modified(e.Sum)
	c.found(e.Name, what, c.dir.Put(e.Name, e.Content, a))
}

const missing = "missing"

// compare says how a file differs in kind or content; "" when it does not.
func (c *check) compare(e Entry) (beneath.Info, string) {
	info, err := c.dir.Look(e.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return info, missing
	case err != nil:
		return info, "unreadable: " + cause(err)
	case !info.IsFile() || info.Links > 1:
		return info, info.What()
	case info.Size != int64(len(e.Content)):
		return info, "other content"
	}
	n, err := c.dir.Hold(e.Name)
	if err != nil {
		return info, "unreadable: " + cause(err)
	}
	defer n.Close()
	content, err := n.Read(info.Size)
	if err != nil || sha256.Sum256(content) != e.Sum {
		return n.Info, "other content"
	}
	return n.Info, ""
}

// built holds what has no content to compare with to its owner, and takes
// rights to change it away from everybody.
func (c *check) built(name string, depth int) {
	info, err := c.dir.Look(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		c.found(name, "unreadable", err)
		return
	case !info.IsFile() && !info.IsDir():
		c.found(name, info.What()+" in place of a file", errors.New("it has no copy to be mended from"))
		return
	}
	if mode := info.Mode &^ 0o7222; !c.owned(info) || info.Mode != mode {
		c.found(name, c.differs(info, mode), c.mend(name, mode))
	}
	if !info.IsDir() || depth > 4 {
		return
	}
	for _, child := range c.names(name) {
		c.built(path.Join(name, child), depth+1)
	}
}

// strangers looks for what is not in the manifest.
func (c *check) strangers() {
	for _, dir := range c.dirs {
		for _, name := range c.names(dir) {
			full := path.Join(dir, name)
			if !c.known(full) {
				c.found(full, "not part of the box", c.dir.Remove(full))
			}
		}
	}
}

func (c *check) names(dir string) []string {
	d, err := c.dir.Dir(dir)
	if err != nil {
		return nil // its absence has been reported, or is fine
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		c.found(dir, "unreadable", err)
	}
	return names
}

func (c *check) known(name string) bool {
	if slices.Contains(c.dirs, name) || slices.Contains(c.Built, name) {
		return true
	}
	_, ok := slices.BinarySearchFunc(c.entries, name, func(e Entry, n string) int { return strings.Compare(e.Name, n) })
	return ok
}
