// Package peer asks the kernel who sits at the other end of a Unix socket.
//
// It owns that question. What the answer permits is for whoever asks.
package peer

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// UID is the user that connected conn.
func UID(conn *net.UnixConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, fmt.Errorf("who asks: %w", failed)
	}
	return int(who.Uid), nil
}
