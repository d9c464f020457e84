// Package beneath reaches files under one directory by descriptor, so that a
// path cannot be turned into another one between a look and a change.
//
// It owns openat2 and the *at calls. It never follows a link below the
// directory it was given, never leaves it, never crosses into a device or a
// FIFO by opening it, and refuses what is neither a regular file nor a
// directory. It knows no path of ours.
package beneath

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Refused says that something at Path is not what may be there.
type Refused struct {
	Path string
	What string // "a symbolic link", "a FIFO", …
}

func (r *Refused) Error() string { return r.Path + " is " + r.What + ", which is never followed" }

// Info describes one file or directory.
type Info struct {
	UID, GID int
	Mode     uint32 // permission bits with set-id and sticky
	Type     uint32 // unix.S_IFREG, unix.S_IFDIR, …
	Links    uint64
	Size     int64
	Device   uint64
	Inode    uint64
	Modified time.Time
}

// IsDir reports a directory.
func (i Info) IsDir() bool { return i.Type == unix.S_IFDIR }

// IsFile reports a regular file.
func (i Info) IsFile() bool { return i.Type == unix.S_IFREG }

// What names the type in words.
func (i Info) What() string {
	switch i.Type {
	case unix.S_IFREG:
		return "a file"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	default:
		return "a device"
	}
}

// Dir is an open directory.
type Dir struct {
	f    *os.File
	path string
}

// Open opens the directory at path. Links in path itself are followed: it is
// the owner's choice of place.
func Open(path string) (*Dir, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Dir{f: os.NewFile(uintptr(fd), path), path: path}, nil
}

// Close releases the descriptor.
func (d *Dir) Close() error { return d.f.Close() }

// Path is where the directory was opened.
func (d *Dir) Path() string { return d.path }

func (d *Dir) fd() int { return int(d.f.Fd()) }

func (d *Dir) full(name string) string { return path.Join(d.path, name) }

func (d *Dir) fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: d.full(name), Err: err}
}

// Dir opens a directory below d.
func (d *Dir) Dir(name string) (*Dir, error) {
	fd, err := openBeneath(d.fd(), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, d.explain("open", name, err)
	}
	return &Dir{f: os.NewFile(uintptr(fd), d.full(name)), path: d.full(name)}, nil
}

// explain turns the kernel's refusal of a link into a Refused that names the
// component at fault.
func (d *Dir) explain(op, name string, err error) error {
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EXDEV) {
		parts := strings.Split(path.Clean(name), "/")
		for i := range parts {
			prefix := strings.Join(parts[:i+1], "/")
			info, lookErr := d.Look(prefix)
			if lookErr != nil {
				break
			}
			if !info.IsDir() && (i < len(parts)-1 || !info.IsFile()) {
				return &Refused{Path: d.full(prefix), What: info.What()}
			}
		}
	}
	return d.fail(op, name, err)
}

// Look describes what is at name without opening it; a link is described as
// a link.
func (d *Dir) Look(name string) (Info, error) {
	fd, err := openBeneath(d.fd(), name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return Info{}, d.fail("look at", name, err)
	}
	defer unix.Close(fd)
	info, err := describe(fd)
	return info, d.fail("look at", name, err)
}

func describe(fd int) (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Info{}, err
	}
	return Info{
		UID: int(st.Uid), GID: int(st.Gid),
		Mode: st.Mode & 0o7777, Type: st.Mode & unix.S_IFMT,
		Links: uint64(st.Nlink), Size: st.Size, Device: uint64(st.Dev), Inode: st.Ino,
		Modified: time.Unix(st.Mtim.Unix()),
	}, nil
}

// Node is an open regular file or directory, with what it was when opened.
type Node struct {
	Info
	f *os.File
}

// Hold opens the regular file or directory at name for reading. Anything else
// is a *Refused, found before it is opened.
func (d *Dir) Hold(name string) (*Node, error) {
	seen, err := d.Look(name)
	if err != nil {
		return nil, d.explain("open", name, errors.Unwrap(err))
	}
	if !seen.IsDir() && !seen.IsFile() {
		return nil, &Refused{Path: d.full(name), What: seen.What()}
	}
	fd, err := openBeneath(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, d.explain("open", name, err)
	}
	info, err := describe(fd)
	if err == nil && (info.Inode != seen.Inode || info.Device != seen.Device) {
		err = errors.New("it was replaced while it was looked at")
	}
	if err != nil {
		unix.Close(fd)
		return nil, d.fail("open", name, err)
	}
	return &Node{Info: info, f: os.NewFile(uintptr(fd), d.full(name))}, nil
}

// Close releases the descriptor.
func (n *Node) Close() error { return n.f.Close() }

// Own gives the held file to uid:gid.
func (n *Node) Own(uid, gid int) error {
	err := n.f.Chown(uid, gid)
	if err == nil {
		n.UID, n.GID = uid, gid
	}
	return err
}

// Chmod sets permission bits, set-id and sticky included.
func (n *Node) Chmod(mode uint32) error {
	if err := unix.Fchmod(int(n.f.Fd()), mode); err != nil {
		return &fs.PathError{Op: "chmod", Path: n.f.Name(), Err: err}
	}
	n.Mode = mode
	return nil
}

// Read returns the content, or an error when there are more than limit bytes.
func (n *Node) Read(limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(n.f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s holds more than %d bytes", n.f.Name(), limit)
	}
	return b, nil
}

// Tail returns the last bytes of the content, at most limit.
func (n *Node) Tail(limit int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(n.f, max(0, n.Size-limit), limit))
}

// Stamp sets the time of last change.
func (n *Node) Stamp(t time.Time) error {
	tv := unix.NsecToTimeval(t.UnixNano())
	return unix.Futimes(int(n.f.Fd()), []unix.Timeval{tv, tv})
}

// sync makes a changed directory durable. Some file systems cannot, and say
// so with EINVAL.
func (d *Dir) sync() error {
	if err := d.f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// Names lists a directory, sorted.
func (d *Dir) Names() ([]string, error) {
	if _, err := d.f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	names, err := d.f.Readdirnames(-1)
	sort.Strings(names)
	return names, err
}
