// Package control is how the owner talks to a running init: a socket that only
// root, or the user that runs the box, can open, proven again by the kernel's
// word on who connected. There is no password.
//
// It owns the requests and their form: one JSON object and a newline each way
// per connection. What they do is the supervisor's.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
)

// Name of the socket among those of the box.
const Name = "control"

const (
	patience   = 5 * time.Second // for one conversation
	maxRequest = 4 << 10
	maxAtOnce  = 8
)

// Socket is where init listens.
func Socket(run string) sockets.Spec {
	return sockets.Spec{Name: Name, Path: filepath.Join(run, "control.sock"), UID: -1, GID: -1, Mode: 0o600}
}

// Box is what can be asked for.
type Box interface {
	Status(context.Context) ([]supervise.Status, error)
	Restart(ctx context.Context, service string) error
}

// The things that can be asked for.
const (
	AskStatus  = "status"
	AskRestart = "restart"
)

// Request asks for one thing.
type Request struct {
	Ask     string `json:"ask"`
	Service string `json:"service,omitempty"` // of AskRestart
}

// Answer has an Error or what was asked for.
type Answer struct {
	Error    string             `json:"error,omitempty"`
	Services []supervise.Status `json:"services,omitempty"`
}

// Serve answers on l until ctx ends, and closes it.
func Serve(ctx context.Context, l *net.UnixListener, b Box, log *slog.Logger) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var g errgroup.Group
	g.SetLimit(maxAtOnce)
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			_ = g.Wait() // conversations have no error of their own
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		g.Go(func() error {
			defer conn.Close()
			answer := converse(ctx, conn, b)
			if answer.Error != "" {
				log.Warn("control request refused", slog.String("error", answer.Error))
			}
			_ = json.NewEncoder(conn).Encode(answer) // whoever left needs no answer
			return nil
		})
	}
}

func converse(ctx context.Context, conn *net.UnixConn, b Box) Answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = conn.SetDeadline(time.Now().Add(patience)) // the socket has deadlines
	if err := trusted(conn); err != nil {
		return Answer{Error: err.Error()}
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadBytes('\n')
	if err != nil {
		return Answer{Error: "a request is one line of JSON"}
	}
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return Answer{Error: "a request is one line of JSON"}
	}
	var answer Answer
	switch r.Ask {
	case AskStatus:
		answer.Services, err = b.Status(ctx)
	case AskRestart:
		if err = b.Restart(ctx, r.Service); err == nil {
			answer.Services, err = b.Status(ctx)
		}
	default:
		err = fmt.Errorf("nothing answers to %q", r.Ask)
	}
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return answer
}

// trusted asks the kernel who connected: root, or who runs the box.
func trusted(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var who *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return judge(who.Uid, os.Geteuid())
}

func judge(peer uint32, me int) error {
	if peer == 0 || int(peer) == me {
		return nil
	}
	return fmt.Errorf("user %d may not command the box", peer)
}
