// Package sockets binds every Unix socket of the box before any service
// starts, and hands them over: a client that connects while a service is away
// waits in the queue of the socket instead of being refused.
//
// Init's side is Set: it binds, owns the descriptors for the life of the box,
// and can wait for a first connection without taking it. The services' side is
// Inherited: it finds what was handed over by name. Package sockets refuses to
// know what is spoken over a socket.
package sockets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/weaken"
)

// backlog is how many connections wait while a service is away.
const backlog = 512

// pathMax is the longest path a Unix socket address holds.
const pathMax = len(unix.RawSockaddrUnix{}.Path) - 1

// Spec says where a socket is and who may connect to it.
type Spec struct {
	Name string // in COFFER_FDS
	Path string
	UID  int // owner: the service behind it; -1 leaves it
	GID  int // group: its clients; -1 leaves it
	Mode fs.FileMode
}

// Set is the bound sockets. It is safe for concurrent use.
type Set struct {
	files map[string]*os.File
	paths map[string]string
}

// Bind makes and binds all sockets; on an error none is left. The folders must
// exist and be changeable by nobody but us.
func Bind(specs ...Spec) (*Set, error) {
	s := &Set{files: map[string]*os.File{}, paths: map[string]string{}}
	for _, spec := range specs {
		f, err := bind(spec)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("socket %s: %w", spec.Name, err)
		}
		s.files[spec.Name] = f
		s.paths[spec.Name] = spec.Path
	}
	return s, nil
}

// File returns the listening descriptor of name, which stays the Set's. It is
// not blocking and closes on exec.
func (s *Set) File(name string) (*os.File, error) {
	f, ok := s.files[name]
	if !ok {
		return nil, fmt.Errorf("no socket %q", name)
	}
	return f, nil
}

// Wait returns once a connection waits at the socket, and leaves it there.
func (s *Set) Wait(ctx context.Context, name string) error {
	f, err := s.File(name)
	if err != nil {
		return err
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	// Read calls back now, and again each time the poller says that the
	// socket became readable: no time is spent while nothing happens.
	err = conn.Read(func(fd uintptr) bool {
		var waiting bool
		waiting, failed = readable(int(fd))
		return waiting || failed != nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(err, failed)
}

// Close closes all sockets and removes their files.
func (s *Set) Close() error {
	var errs []error
	for name, f := range s.files {
		errs = append(errs, f.Close())
		if err := os.Remove(s.paths[name]); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func readable(fd int) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		return n > 0, err
	}
}

func bind(spec Spec) (*os.File, error) {
	if len(spec.Path) > pathMax {
		return nil, fmt.Errorf("the path %s is longer than the %d bytes a socket can have; use a shorter one", spec.Path, pathMax)
	}
	if err := removeStale(spec.Path); err != nil {
		return nil, err
	}
	if weaken.Without(weaken.SocketMode) {
		spec.Mode = 0o666
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), spec.Path)
	// Nobody can connect before listen, so that the mode is in place in time.
	steps := []func() error{
		func() error { return os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrUnix{Name: spec.Path})) },
		func() error { return os.Lchown(spec.Path, spec.UID, spec.GID) },
		func() error { return os.Chmod(spec.Path, spec.Mode) },
		func() error { return os.NewSyscallError("listen", unix.Listen(fd, backlog)) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// removeStale removes a socket that an earlier run left, and what holds no
// bytes and so is nobody's: a link, a FIFO or a device. A socket that somebody
// still listens on is refused: that is another box.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch kind := st.Mode().Type(); {
	case kind == 0 || kind == fs.ModeDir:
		return fmt.Errorf("%s is in the way and is not a socket; put it elsewhere", path)
	case kind != fs.ModeSocket:
		return os.NewSyscallError("unlink", unix.Unlink(path))
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		return fmt.Errorf("another box is running here: somebody answers at %s", path)
	case errors.Is(err, syscall.EAGAIN):
		return fmt.Errorf("another box is running here: %s is busy", path)
	}
	return os.NewSyscallError("unlink", unix.Unlink(path))
}

// RunFolder makes the folder for sockets, 0755 and ours, or checks that it is.
func RunFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	dir, err := beneath.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	self, err := dir.Hold(".")
	if err != nil {
		return err
	}
	defer self.Close()
	if self.UID != os.Geteuid() {
		if os.Geteuid() != 0 {
			return fmt.Errorf("%s belongs to user %d", path, self.UID)
		}
		if err := self.Own(0, 0); err != nil {
			return err
		}
	}
	return self.Chmod(0o755)
}
