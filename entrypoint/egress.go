package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/confine"
	"coffer/appliance/https"
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

// openName is under which egress is handed the purposes that are open.
const openName = "open"

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
	text, err := s.Bytes(openName)
	if err != nil {
		return err
	}
	var open []string
	if err := json.Unmarshal(text, &open); err != nil {
		return fmt.Errorf("the open purposes: %w", err)
	}
	var recipient egress.Recipient
	if text, err = s.Bytes(recipientName); err == nil {
		err = json.Unmarshal(text, &recipient)
	}
	if err != nil {
		return errors.New("who is told of alarms cannot be read") // the error of JSON may quote it
	}
	var bucket egress.Bucket
	if text, err = s.Bytes(bucketName); err == nil {
		err = json.Unmarshal(text, &bucket)
	}
	if err != nil {
		return errors.New("where copies of backups go cannot be read") // the error of JSON may quote it
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
		Open: open, Roots: roots, Recipient: recipient, Bucket: bucket, InitUID: o.Init, APIUID: o.API, Idle: egressIdle, Log: s.log,
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

// openPurposes are those that the owner has configured, as it is now, with what
// each may reach.
func (p plan) openPurposes() map[string][]string {
	open := map[string][]string{}
	o := p.https(beneath.Keep).Options
	o.Log = slog.New(slog.DiscardHandler) // who serves tells what is wrong with it
	if wish, wanted := https.Load(o).Wish(); wanted {
		open[egress.ACME] = []string{wish.Host()}
	}
	if host := p.places().State().Host; host != "" {
		open[egress.Notices] = []string{host}
	}
	if host := p.places().StorageState().Host; host != "" {
		open[egress.Storage] = []string{host}
	}
	return open
}

// open is what egress is handed of them.
func (p plan) open() []byte {
	names := slices.Sorted(maps.Keys(p.openPurposes()))
	text, err := json.Marshal(append([]string{}, names...))
	if err != nil {
		panic(err) // strings always have JSON
	}
	return text
}

// purposes are what may be gone out for.
func (p plan) purposes() []ledger.Purpose {
	open := p.openPurposes()
	var all []ledger.Purpose
	for _, row := range egress.Purposes() {
		all = append(all, ledger.Purpose{
			Name: row.Name, Destinations: append([]string{}, open[row.Name]...), Later: !slices.Contains([]string{egress.ACME, egress.Notices, egress.Storage}, row.Name),
		})
	}
	return all
}
