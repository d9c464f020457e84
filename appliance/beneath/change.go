package beneath

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Keep leaves an owner or group as it is.
const Keep = -1

// Attributes are what a made file or directory gets, whatever the umask.
type Attributes struct {
	UID, GID int // Keep leaves the maker's
	Mode     uint32
	// Modified is the time of last change; zero is now.
	Modified time.Time
}

func (a Attributes) apply(n *Node) error {
	if a.UID != Keep || a.GID != Keep {
		if err := n.Own(a.UID, a.GID); err != nil {
			return err
		}
	}
	if err := n.Chmod(a.Mode); err != nil {
		return err
	}
	if !a.Modified.IsZero() {
		return n.Stamp(a.Modified)
	}
	return nil
}

// Mkdir makes one directory; fs.ErrExist when something is there.
func (d *Dir) Mkdir(name string, a Attributes) error {
	parent, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer parent.Close()
	if err := unix.Mkdirat(parent.fd(), base, 0o700); err != nil {
		return d.fail("mkdir", name, err)
	}
	n, err := parent.Hold(base)
	if err != nil {
		return err
	}
	defer n.Close()
	if err := a.apply(n); err != nil {
		return err
	}
	return parent.sync()
}

// Put writes a whole file: a new file beside it is written, synced and renamed
// over name, so a reader sees the old content or the new.
func (d *Dir) Put(name string, content []byte, a Attributes) error {
	return d.write(name, content, a, func(dir int, temp, base string) error {
		return unix.Renameat(dir, temp, dir, base)
	})
}

// Create is Put for a name that must not exist; fs.ErrExist when it does.
func (d *Dir) Create(name string, content []byte, a Attributes) error {
	return d.write(name, content, a, func(dir int, temp, base string) error {
		err := unix.Renameat2(dir, temp, dir, base, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
			// A file system without RENAME_NOREPLACE (NFS): a link is as
			// exclusive.
			if err = unix.Linkat(dir, temp, dir, base, 0); err == nil {
				err = unix.Unlinkat(dir, temp, 0)
			}
		}
		return err
	})
}

func (d *Dir) write(name string, content []byte, a Attributes, place func(dir int, temp, base string) error) error {
	parent, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer parent.Close()
	// One name per target: what a crash left behind is swept here.
	temp := "." + base + ".new"
	if err := unix.Unlinkat(parent.fd(), temp, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return d.fail("remove", path.Join(path.Dir(name), temp), err)
	}
	fd, err := openBeneath(parent.fd(), temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return d.fail("create", name, err)
	}
	n := &Node{f: os.NewFile(uintptr(fd), parent.full(temp))}
	_, err = n.f.Write(content)
	if err == nil {
		err = a.apply(n)
	}
	if err == nil {
		err = n.f.Sync()
	}
	err = errors.Join(err, n.f.Close())
	if err == nil {
		err = d.fail("write", name, place(parent.fd(), temp, base))
	}
	if err != nil {
		_ = unix.Unlinkat(parent.fd(), temp, 0)
		return err
	}
	return parent.sync()
}

// Append opens the regular file at name for reading and for writing at its
// end, making it when there is nothing. A link, a file with a second name and
// what is no file are a *Refused, and not opened.
func (d *Dir) Append(name string, a Attributes) (*os.File, error) {
	const flags = unix.O_RDWR | unix.O_APPEND
	seen, err := d.Look(name)
	var n *Node
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n, err = d.make(name, flags)
	case err != nil:
		err = d.explain("open", name, errors.Unwrap(err))
	case seen.IsDir():
		err = &Refused{Path: d.full(name), What: seen.What()}
	default:
		n, err = d.hold(name, flags, false)
	}
	if err != nil {
		return nil, wanted(err)
	}
	if err := a.mend(n); err != nil {
		n.Close()
		return nil, err
	}
	return n.f, nil
}

// make makes a file that must not exist.
func (d *Dir) make(name string, flags int) (*Node, error) {
	fd, err := openBeneath(d.fd(), name, flags|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, d.explain("open", name, err)
	}
	info, err := describe(fd)
	if err != nil {
		unix.Close(fd)
		return nil, d.fail("open", name, err)
	}
	return &Node{Info: info, f: os.NewFile(uintptr(fd), d.full(name))}, nil
}

// mend applies what differs.
func (a Attributes) mend(n *Node) error {
	if a.UID != Keep && n.UID != a.UID || a.GID != Keep && n.GID != a.GID {
		if err := n.Own(a.UID, a.GID); err != nil {
			return err
		}
	}
	if n.Mode == a.Mode {
		return nil
	}
	return n.Chmod(a.Mode)
}

// Rename gives what is at from the name to, replacing a file or link there.
func (d *Dir) Rename(from, to string) error {
	parent, base, err := d.parent(from)
	if err != nil {
		return err
	}
	defer parent.Close()
	target, name, err := d.parent(to)
	if err != nil {
		return err
	}
	defer target.Close()
	return d.fail("rename", from, unix.Renameat(parent.fd(), base, target.fd(), name))
}

// Unlink removes the name of anything but a directory.
func (d *Dir) Unlink(name string) error {
	parent, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer parent.Close()
	return d.fail("remove", name, unix.Unlinkat(parent.fd(), base, 0))
}

// Remove removes a file, a link, or a directory with what is in it.
func (d *Dir) Remove(name string) error {
	parent, base, err := d.parent(name)
	if err != nil {
		return err
	}
	defer parent.Close()
	info, err := parent.Look(base)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return d.fail("remove", name, unix.Unlinkat(parent.fd(), base, 0))
	}
	sub, err := parent.Dir(base)
	if err != nil {
		return err
	}
	defer sub.Close()
	names, err := sub.Names()
	for _, child := range names {
		err = errors.Join(err, sub.Remove(child))
	}
	if err != nil {
		return err
	}
	return d.fail("remove", name, unix.Unlinkat(parent.fd(), base, unix.AT_REMOVEDIR))
}

// parent opens the directory that holds name, and returns the last element.
func (d *Dir) parent(name string) (*Dir, string, error) {
	name = path.Clean(name)
	if !fs.ValidPath(name) || name == "." {
		return nil, "", d.fail("open", name, fs.ErrInvalid)
	}
	p, err := d.Dir(path.Dir(name))
	return p, path.Base(name), err
}

// openBeneath opens name below dir following no link.
func openBeneath(dir int, name string, flags int, mode uint32) (int, error) {
	fd, err := openat2(dir, name, flags, mode)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		// A kernel before 5.6, or a sandbox that does not know the call.
		return walk(dir, name, flags, mode)
	}
	return fd, err
}

func openat2(dir int, name string, flags int, mode uint32) (int, error) {
	if name != "." && !fs.ValidPath(name) {
		return -1, unix.EINVAL
	}
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Mode:    uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(dir, name, &how)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		return fd, err
	}
}

// walk does what openat2 does, one component at a time.
func walk(dir int, name string, flags int, mode uint32) (int, error) {
	if !fs.ValidPath(name) {
		return -1, unix.EINVAL
	}
	parts := strings.Split(name, "/")
	at := dir
	for _, part := range parts[:len(parts)-1] {
		next, err := unix.Openat(at, part, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if at != dir {
			unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = next
	}
	fd, err := unix.Openat(at, parts[len(parts)-1], flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if at != dir {
		unix.Close(at)
	}
	return fd, err
}
