package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"coffer/appliance/confine"
	"coffer/appliance/ledger"
	"coffer/appliance/trust"
	"coffer/services/egress"
)

// egressOptions is what init tells egress.
type egressOptions struct {
	logOptions
	Init int // users that may ask
	API  int
}

const (
	// egressMemory is the soft limit of egress's memory in bytes.
	egressMemory = 32 << 20
	// egressIdle is how long egress waits for the next request.
	egressIdle = 20 * time.Second
)

func playEgress(ctx context.Context, c call) int {
	if err := goOut(ctx, c); err != nil {
		return c.fail("egress", err)
	}
	return exitOK
}

func goOut(ctx context.Context, c call) error {
	var o egressOptions
	s, err := c.begin(ctx, &o, &o.logOptions)
	if err != nil {
		return err
	}
	defer s.stop()
	frugal(egressMemory)
	roots, err := s.Bytes("roots")
	if err != nil {
		return err
	}
	l, err := s.Listener("egress")
	if err != nil {
		return err
	}
	listener, ok := l.(*net.UnixListener)
	if !ok {
		return errors.New("the socket egress is none of this machine")
	}
	if err := confine.GiveUpExec(); err != nil {
		return fmt.Errorf("giving up exec: %w", err)
	}
	if err := s.Ready(""); err != nil {
		return err
	}
	return egress.Serve(s.ctx, listener, egress.Options{
		Open: openPurposes(), Roots: roots, InitUID: o.Init, APIUID: o.API, Idle: egressIdle, Log: s.log,
		Tell: func(a egress.Attempt) {
			line, err := json.Marshal(a)
			if err == nil {
				err = s.Tell(string(line))
			}
			if err != nil {
				s.log.Error("an attempt is not counted", slog.Any("error", err))
			}
		},
	})
}

// told counts what egress tells of.
func (p plan) told(line string) {
	var a egress.Attempt
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		p.log.Warn("egress told of an attempt that cannot be read", "error", err)
		return
	}
	p.ledger.Add(ledger.Attempt{
		At: time.Now().UTC(), Purpose: a.Purpose, Destination: a.Destination,
		Outcome: string(a.Outcome), Reason: a.Reason, Sent: a.Sent, Received: a.Received, Done: a.Done,
	})
}

// roots are the certificates that the owner trusts besides the built-in ones,
// as they are when egress starts.
func (p plan) roots() []byte { return trust.Read(p.data(trust.Folder), p.log) }

// openPurposes are those that this version goes out for, once they are
// configured.
func openPurposes() []string { return []string{egress.ACME} }

// purposes are what may be gone out for.
func (p plan) purposes() []ledger.Purpose {
	var all []ledger.Purpose
	for _, row := range egress.Purposes() {
		later := !slices.Contains(openPurposes(), row.Name)
		all = append(all, ledger.Purpose{Name: row.Name, Destinations: []string{}, Later: later})
	}
	return all
}
