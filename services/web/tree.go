package web

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// tree is a read-only file system in memory: contents by path, folders
// implied.
type tree map[string][]byte

// Open opens a file or a folder.
func (t tree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if content, ok := t[name]; ok {
		return &opened{entry: entry{path.Base(name), int64(len(content)), false}, Reader: bytes.NewReader(content)}, nil
	}
	list := t.list(name)
	if len(list) == 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &opened{entry: entry{path.Base(name), 0, true}, Reader: bytes.NewReader(nil), list: list}, nil
}

// list is what stands in a folder, in order.
func (t tree) list(folder string) []fs.DirEntry {
	var out []fs.DirEntry
	last := ""
	for _, name := range t.names() {
		rest := name
		if folder != "." {
			var below bool
			if rest, below = strings.CutPrefix(name, folder+"/"); !below {
				continue
			}
		}
		first, _, deeper := strings.Cut(rest, "/")
		if first == last {
			continue
		}
		last = first
		e := entry{name: first, folder: deeper}
		if !deeper {
			e.size = int64(len(t[name]))
		}
		out = append(out, e)
	}
	return out
}

// opened is an open file, or a folder when its list is set.
type opened struct {
	entry
	*bytes.Reader
	list []fs.DirEntry
	at   int
}

func (o *opened) Stat() (fs.FileInfo, error) { return o.entry, nil }
func (o *opened) Close() error               { return nil }
func (o *opened) Size() int64                { return o.entry.Size() }

// ReadDir implements fs.ReadDirFile.
func (o *opened) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := o.list[o.at:]
	if n <= 0 {
		o.at = len(o.list)
		return rest, nil
	}
	if len(rest) == 0 {
		return nil, io.EOF
	}
	rest = rest[:min(n, len(rest))]
	o.at += len(rest)
	return rest, nil
}

// entry describes a file or a folder.
type entry struct {
	name   string
	size   int64
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }

func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
