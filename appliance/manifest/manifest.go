// Package manifest keeps the protected files what they were when the box was
// built: templates, pages, static assets and the edge's configuration.
//
// It owns the list of them, with content, and what is done about a difference:
// repaired where the file system is writable, reported where not. It refuses
// to follow links below the root, and removes only from folders that are
// wholly the box's own.
package manifest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"coffer/appliance/beneath"
)

// Set is a tree of files to be found under Prefix, such as usr/share/coffer.
type Set struct {
	Prefix string
	Files  fs.FS
}

// Modes of what is protected.
const (
	fileMode = 0o444
	dirMode  = 0o755
)

// Entry is one protected file.
type Entry struct {
	Name    string // below the root, without leading slash
	Content []byte
	Sum     [sha256.Size]byte
}

// Manifest is the list of protected files.
type Manifest struct {
	Own
	entries []Entry
	dirs    []string // the box's folders that hold them
}

// Own says what else is the box's.
type Own struct {
	// Folders are wholly the box's: what is in them and not in the manifest is
	// removed. Other folders on the way are shared with the system.
	Folders []string
	// Built are files and folders, within Folders or not, that are made for one
	// machine and so have no content to compare with: programs and compiled
	// caches. They are held to owner and mode. Missing ones are not missed.
	Built []string
}

// New reads sets into a manifest. Files in two sets must not collide.
func New(own Own, sets ...Set) (*Manifest, error) {
	m := &Manifest{Own: own}
	for _, set := range sets {
		err := fs.WalkDir(set.Files, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			content, err := fs.ReadFile(set.Files, name)
			if err != nil {
				return err
			}
			m.entries = append(m.entries, Entry{Name: path.Join(set.Prefix, name), Content: content, Sum: sha256.Sum256(content)})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: %w", set.Prefix, err)
		}
	}
	slices.SortFunc(m.entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	for i, e := range m.entries {
		if i > 0 && m.entries[i-1].Name == e.Name {
			return nil, fmt.Errorf("manifest: two files are called %s", e.Name)
		}
		for dir := path.Dir(e.Name); dir != "."; dir = path.Dir(dir) {
			if m.ours(dir) && !slices.Contains(m.dirs, dir) {
				m.dirs = append(m.dirs, dir)
			}
		}
	}
	for _, dir := range m.Folders {
		if !slices.Contains(m.dirs, dir) {
			m.dirs = append(m.dirs, dir)
		}
	}
	slices.Sort(m.dirs)
	return m, nil
}

// ours reports a folder that is wholly the box's.
func (m *Manifest) ours(dir string) bool {
	return slices.ContainsFunc(m.Folders, func(o string) bool { return dir == o || strings.HasPrefix(dir, o+"/") })
}

// Len is the number of protected files.
func (m *Manifest) Len() int { return len(m.entries) }

// Finding is one difference and what became of it.
type Finding struct {
	Path string
	What string
	// Repaired is false when the file system would not let it be.
	Repaired bool
}

// Report is the outcome of one enforcement.
type Report struct {
	At       time.Time
	Files    int // protected files that were looked at
	Findings []Finding
}

// Repaired counts the differences that are gone.
func (r Report) Repaired() int {
	return r.count(func(f Finding) bool { return f.Repaired })
}

// Standing counts the differences that remain.
func (r Report) Standing() int {
	return r.count(func(f Finding) bool { return !f.Repaired })
}

func (r Report) count(is func(Finding) bool) (n int) {
	for _, f := range r.Findings {
		if is(f) {
			n++
		}
	}
	return n
}

// ErrNotInstalled is returned for the machine's own root when nothing of the
// box is there: starting it would overwrite the configuration of an nginx that
// belongs to the machine.
var ErrNotInstalled = errors.New("the box is not installed under /; use its image, make run, or --root with a folder")

// Enforce makes the tree under root match. The error is for a root that cannot
// be worked with at all; differences are in the report, and logged.
func (m *Manifest) Enforce(root string, log *slog.Logger) (Report, error) {
	if path.Clean(root) == "/" {
		if _, err := os.Lstat("/usr/share/coffer"); errors.Is(err, fs.ErrNotExist) {
			return Report{}, ErrNotInstalled
		}
	}
	return m.Install(root, log)
}

// Install is Enforce for a root that may be empty.
func (m *Manifest) Install(root string, log *slog.Logger) (Report, error) {
	dir, err := beneath.Base(root)
	if err != nil {
		return Report{}, err
	}
	defer dir.Close()
	c := &check{Manifest: m, dir: dir, report: Report{At: time.Now(), Files: len(m.entries)}}
	c.uid, c.gid = os.Geteuid(), os.Getegid()
	c.folders()
	for _, e := range m.entries {
		c.file(e)
	}
	for _, name := range m.Built {
		c.built(name, 0)
	}
	c.strangers()
	if c.report.count(func(f Finding) bool { return f.What == missing && f.Repaired }) == len(m.entries) {
		log.Info("protected files laid out", "files", len(m.entries))
		c.report.Findings = slices.DeleteFunc(c.report.Findings, func(f Finding) bool { return f.What == missing && f.Repaired })
	}
	for _, f := range c.report.Findings {
		if f.Repaired {
			log.Warn("protected file repaired", "path", f.Path, "was", f.What)
		} else {
			log.Error("protected file differs and cannot be repaired", "path", f.Path, "is", f.What)
		}
	}
	return c.report, nil
}

// modified gives a file a time that depends on its content alone: web servers
// make entity tags of time and size, and must not give two contents one tag.
// It lies in 2001 to 2035.
func modified(sum [sha256.Size]byte) time.Time {
	return time.Unix(1_000_000_000+int64(binary.BigEndian.Uint32(sum[:])>>2), 0)
}
