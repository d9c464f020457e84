// Package beneath reaches files under one directory by descriptor, so that a
// path cannot be turned into another one between a look and a change.
//
// It owns openat2 and the *at calls. It never follows a link below the
// directory it was given, never leaves it, never crosses into a device or a
// FIFO by opening it, and refuses what is neither a regular file nor a
// directory. A file that also has another name, which may lie anywhere on the
// same file system, counts as no file of ours. It knows no path of ours.
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
	// File says that a file should be there.
	File bool
}

func (r *Refused) Error() string {
	return r.Path + " is " + r.What + ", which the box neither follows nor opens"
}

// Command is a line for a shell that makes room for what should be there, and
// loses nothing: a file with a second name becomes two, anything else is put
// aside.
func (r *Refused) Command() string {
	name := quote(r.Path)
	if r.Shared() {
		return "cp -p " + name + " " + quote(r.Path+".copy") + " && mv " + quote(r.Path+".copy") + " " + name
	}
	return "mv -n " + name + " " + quote(r.Path+".aside")
}

// Shared says that it is the file that should be there, with a second name.
func (r *Refused) Shared() bool { return r.File && r.What == linked }

// Folder says that it is a directory in the place of a file.
func (r *Refused) Folder() bool { return r.File && r.What == directory }

// quote makes one word of s for a shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// linked is a file with more than one name. Who owns the other one would see
// its owner, its mode and its content change with ours.
const linked = "a file with a second name (hard link)"

// Symlink is what a link is called.
const Symlink = "a symbolic link"

const directory = "a directory"

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
		if i.Links > 1 {
			return linked
		}
		return "a file"
	case unix.S_IFDIR:
		return directory
	case unix.S_IFLNK:
		return Symlink
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

// Base opens a directory that the owner chose the place of. Links on the way
// and at its end are followed.
func Base(path string) (*Dir, error) { return openDir(path, 0) }

// Open opens the directory at path, which itself is no link; else a *Refused.
// What leads to it is not looked at.
func Open(path string) (*Dir, error) {
	d, err := openDir(path, unix.O_NOFOLLOW)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		if info, lookErr := lookAt(path); lookErr == nil && !info.IsDir() {
			return nil, &Refused{Path: path, What: info.What()}
		}
	}
	return d, err
}

func openDir(path string, flags int) (*Dir, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Dir{f: os.NewFile(uintptr(fd), path), path: path}, nil
}

// lookAt describes what is at path without opening it.
func lookAt(path string) (Info, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return Info{}, err
	}
	defer unix.Close(fd)
	return describe(fd)
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

// Hold opens the regular file or directory at name for reading. Anything else,
// and a file that has a second name, is a *Refused and not opened.
func (d *Dir) Hold(name string) (*Node, error) { return d.hold(name, unix.O_RDONLY, false) }

// HoldAny is Hold for a file that may have further names.
func (d *Dir) HoldAny(name string) (*Node, error) { return d.hold(name, unix.O_RDONLY, true) }

// File is Hold for what must be a file.
func (d *Dir) File(name string) (*Node, error) {
	n, err := d.Hold(name)
	if err == nil && !n.IsFile() {
		n.Close()
		err = &Refused{Path: d.full(name), What: n.What()}
	}
	return n, wanted(err)
}

// wanted says of what is refused that it should be a file.
func wanted(err error) error {
	if r, ok := errors.AsType[*Refused](err); ok {
		r.File = true
	}
	return err
}

// hold looks first and then opens what it looked at, whatever became of the
// name meanwhile: a device or a FIFO put in its place is not opened either.
func (d *Dir) hold(name string, flags int, shared bool) (*Node, error) {
	handle, err := openBeneath(d.fd(), name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, d.explain("open", name, err)
	}
	defer unix.Close(handle)
	info, err := describe(handle)
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	if !info.IsDir() && (!info.IsFile() || info.Links > 1 && !shared) {
		return nil, &Refused{Path: d.full(name), What: info.What()}
	}
	fd, err := reopen(handle, flags)
	if err != nil {
		fd, err = d.again(name, flags, info)
	}
	if err != nil {
		return nil, d.explain("open", name, err)
	}
	return &Node{Info: info, f: os.NewFile(uintptr(fd), d.full(name))}, nil
}

// reopen opens what a handle stands for.
func reopen(handle, flags int) (int, error) {
	return unix.Open(fmt.Sprintf("/proc/self/fd/%d", handle), flags|unix.O_CLOEXEC, 0)
}

// again opens name where there is no /proc to reopen it by, and wants it to be
// what was looked at. In between, nothing but a race can make it a device.
func (d *Dir) again(name string, flags int, seen Info) (int, error) {
	fd, err := openBeneath(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return -1, err
	}
	info, err := describe(fd)
	if err == nil && (info.Inode != seen.Inode || info.Device != seen.Device) {
		err = errors.New("it was replaced while it was looked at")
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
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

// Head returns the first bytes of the content, at most limit.
func (n *Node) Head(limit int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(n.f, 0, limit))
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

// Sync makes the names in the directory at name durable.
func (d *Dir) Sync(name string) error {
	sub, err := d.Dir(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return sub.sync()
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
