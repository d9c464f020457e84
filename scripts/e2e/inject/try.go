//go:build linux && amd64

package inject

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Try is one thing that a process is made to attempt. Do returns nil when the
// kernel allowed it.
type Try struct {
	Name string
	Do   func(*Target) error
}

// Socket tries to make a socket.
func Socket(name string, family, kind int) Try {
	return Try{name, func(t *Target) error {
		fd, err := t.Call(unix.SYS_SOCKET, uint64(family), uint64(kind))
		if err == nil {
			_, _ = t.Call(unix.SYS_CLOSE, fd)
		}
		return err
	}}
}

// Open tries to open a path for reading.
func Open(path string) Try {
	return Try{"open " + path, func(t *Target) error {
		address, err := t.Path(path)
		if err != nil {
			return err
		}
		here := unix.AT_FDCWD
		fd, err := t.Call(unix.SYS_OPENAT, uint64(here), address, unix.O_RDONLY|unix.O_CLOEXEC)
		if err == nil {
			_, _ = t.Call(unix.SYS_CLOSE, fd)
		}
		return err
	}}
}

// Connect tries to connect to a unix socket.
func Connect(path string) Try {
	return Try{"connect to " + path, func(t *Target) error {
		fd, err := t.Call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC)
		if err != nil {
			return err
		}
		defer func() { _, _ = t.Call(unix.SYS_CLOSE, fd) }()
		name := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
		name = append(append(name, path...), 0)
		address, err := t.Bytes(name)
		if err != nil {
			return err
		}
		_, err = t.Call(unix.SYS_CONNECT, fd, address, uint64(len(name)))
		return err
	}}
}

// Dial tries to connect to an internet address over TCP.
func Dial(name string, to netip.AddrPort) Try {
	return Try{name, func(t *Target) error {
		fd, err := t.reach(unix.SOCK_STREAM, to)
		if err == nil {
			_, _ = t.Call(unix.SYS_CLOSE, fd)
		}
		return err
	}}
}

// Send tries to send a packet to an internet address over UDP.
func Send(name string, to netip.AddrPort) Try {
	return Try{name, func(t *Target) error {
		fd, err := t.reach(unix.SOCK_DGRAM, to)
		if err != nil {
			return err
		}
		defer func() { _, _ = t.Call(unix.SYS_CLOSE, fd) }()
		word, err := t.Bytes([]byte("a question"))
		if err != nil {
			return err
		}
		_, err = t.Call(unix.SYS_SENDTO, fd, word, 10, 0, 0, 0)
		return err
	}}
}

// reach makes an internet socket and connects it.
func (t *Target) reach(kind uint64, to netip.AddrPort) (uint64, error) {
	family := uint64(unix.AF_INET6)
	name := binary.BigEndian.AppendUint16(nil, to.Port())
	if to.Addr().Is4() {
		family = unix.AF_INET
		name = append(append(name, to.Addr().AsSlice()...), make([]byte, 8)...)
	} else {
		name = append(append(append(name, 0, 0, 0, 0), to.Addr().AsSlice()...), 0, 0, 0, 0)
	}
	fd, err := t.Call(unix.SYS_SOCKET, family, kind|unix.SOCK_CLOEXEC)
	if err != nil {
		return 0, err
	}
	address, err := t.Bytes(append(binary.NativeEndian.AppendUint16(nil, uint16(family)), name...))
	if err == nil {
		_, err = t.Call(unix.SYS_CONNECT, fd, address, uint64(len(name)+2))
	}
	if err != nil {
		_, _ = t.Call(unix.SYS_CLOSE, fd)
	}
	return fd, err
}

// Call tries a bare system call with small arguments.
func Call(name string, number uintptr, args ...uint64) Try {
	return Try{name, func(t *Target) error {
		_, err := t.Call(number, args...)
		return err
	}}
}

// Execute tries to become another program. Where it is allowed, it happens.
func Execute(path string) Try {
	return Try{"execute " + path, func(t *Target) error {
		address, err := t.Path(path)
		if err != nil {
			return err
		}
		_, err = t.Call(unix.SYS_EXECVE, address, 0, 0)
		return err
	}}
}
