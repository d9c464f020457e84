package egress

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxGiven is room for a few descriptors, in bytes. The kernel drops more.
const maxGiven = 64

// given is a connection over which a caller may give a file that is open.
type given struct {
	conn *net.UnixConn
	file *os.File // the first that came
}

// Read keeps the first descriptor that comes with the bytes, and closes others.
func (g *given) Read(p []byte) (int, error) {
	aside := make([]byte, maxGiven)
	n, m, _, _, err := g.conn.ReadMsgUnix(p, aside)
	messages, bad := unix.ParseSocketControlMessage(aside[:m])
	if bad != nil {
		return n, err
	}
	for _, message := range messages {
		all, bad := unix.ParseUnixRights(&message)
		if bad != nil {
			continue // another kind of message
		}
		for _, fd := range all {
			f := os.NewFile(uintptr(fd), "given")
			if g.file == nil {
				g.file = f
			} else {
				_ = f.Close() // nobody asked for it
			}
		}
	}
	return n, err
}

func (g *given) Write(p []byte) (int, error) { return g.conn.Write(p) }

func (g *given) close() {
	if g.file != nil {
		_ = g.file.Close() // it was read only
	}
}

// give sends text with a file.
func give(conn *net.UnixConn, text []byte, f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	n := 0
	if err := raw.Control(func(fd uintptr) {
		n, _, sent = conn.WriteMsgUnix(text, unix.UnixRights(int(fd)), nil)
	}); err != nil {
		return err
	}
	if sent == nil && n < len(text) {
		_, sent = conn.Write(text[n:])
	}
	return sent
}
