package boot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"coffer/appliance/beneath"
)

// NginxReady returns a Probe: nginx is ready when its pid file names it, which
// it writes once it holds its listeners, and address accepts a connection.
// The pid matters: another process on the port is not our edge.
func NginxReady(run, address string) func(ctx context.Context, pid int) error {
	return func(ctx context.Context, pid int) error {
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		for {
			if named(run, pid) && accepts(ctx, address) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again.C:
			}
		}
	}
}

// NginxPID is where nginx writes its number, below RUN, in a folder that is its
// own.
const NginxPID = "nginx/nginx.pid"

// named reports that the pid file names pid. Who took nginx over can put
// anything there, so that nothing but a file is opened.
func named(run string, pid int) bool {
	dir, err := beneath.Open(run)
	if err != nil {
		return false
	}
	defer dir.Close()
	n, err := dir.File(NginxPID)
	if err != nil {
		return false
	}
	defer n.Close()
	text, err := n.Read(32)
	return err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(pid)
}

func accepts(ctx context.Context, address string) bool {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// portFree checks that nginx will be able to listen on address, so that a port
// in use is told at once and by name. The option is what sets it.
func portFree(option, host string, port uint16) error {
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program; stop that, or set %s to another port", address, option)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("this machine lets nobody listen on port %d without privileges; set %s to a port of 1024 or more", port, option)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("this machine has no address %s; set %s to one that it has", host, option)
	}
	return err
}
