package sockets

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Variable names the descriptors that were handed over, in order from 3.
const Variable = "COFFER_FDS"

// Notify is the name of the pipe on which a service reports.
const Notify = "notify"

const firstDescriptor = 3

// Inherited is what init handed to this process.
type Inherited struct{ files map[string]*os.File }

// Inherit takes over the descriptors named in environ. They no longer pass to
// programs that this process starts.
func Inherit(environ []string) (*Inherited, error) {
	in := &Inherited{files: map[string]*os.File{}}
	list := ""
	for _, v := range environ {
		if name, value, _ := strings.Cut(v, "="); name == Variable {
			list = value
		}
	}
	if list == "" {
		return nil, errors.New("nothing was handed over: services are started by coffer init")
	}
	for i, name := range strings.Split(list, ",") {
		fd := firstDescriptor + i
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return nil, fmt.Errorf("descriptor %s: %w", name, err)
		}
		if _, twice := in.files[name]; name == "" || twice {
			return nil, fmt.Errorf("%s=%s names %q twice or not at all", Variable, list, name)
		}
		in.files[name] = os.NewFile(uintptr(fd), name)
	}
	return in, nil
}

// File returns the descriptor called name.
func (in *Inherited) File(name string) (*os.File, error) {
	f, ok := in.files[name]
	if !ok {
		return nil, fmt.Errorf("no descriptor %q was handed over", name)
	}
	return f, nil
}

// Bytes reads all of the descriptor called name, at most 1 MiB, and closes it.
func (in *Inherited) Bytes(name string) ([]byte, error) {
	f, err := in.File(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	delete(in.files, name)
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

// Listener returns the listening socket called name. Closing it leaves the
// socket and its queue with init.
func (in *Inherited) Listener(name string) (net.Listener, error) {
	f, err := in.File(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // FileListener has its own
	delete(in.files, name)
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", name, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	return l, nil
}

// Ready tells init that the service does its work now; status, when not empty,
// is one word or line about it.
func (in *Inherited) Ready(status string) error {
	lines := "READY=1\n"
	if status != "" {
		lines = statusLine(status) + lines
	}
	return in.notify(lines)
}

// Status tells init a line about the service.
func (in *Inherited) Status(status string) error { return in.notify(statusLine(status)) }

// Tell tells init of the service's work, on one line of less than 4 KiB, which
// the pipe takes whole.
func (in *Inherited) Tell(line string) error { return in.notify("TELL=" + line + "\n") }

func statusLine(status string) string {
	return "STATUS=" + strings.Join(strings.Fields(status), " ") + "\n"
}

func (in *Inherited) notify(lines string) error {
	f, err := in.File(Notify)
	if err != nil {
		return err
	}
	_, err = f.WriteString(lines)
	return err
}
