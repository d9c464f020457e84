package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"coffer/appliance/control"
	"coffer/appliance/posture"
	"coffer/services/library"
)

// watch asks init how the box keeps its claims, for the API and the pages.
type watch struct {
	socket   string
	standing atomic.Value // library.Standing
	log      *slog.Logger
}

func newWatch(socket string, log *slog.Logger) *watch {
	w := &watch{socket: socket, log: log}
	w.standing.Store(library.Unseen)
	return w
}

// How often the standing is asked for, and how soon again before the first.
const (
	standingEvery = 30 * time.Second
	standingFirst = 3 * time.Second
)

// run keeps the standing current until ctx ends.
func (w *watch) run(ctx context.Context) error {
	next := time.NewTimer(standingFirst)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		again := standingEvery
		p, err := w.ask(ctx, false)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			w.log.Warn("init does not say how the box is", "error", err)
		case p.CheckedAt.IsZero():
			again = standingFirst
		}
		next.Reset(again)
	}
}

// Posture implements library.Watch.
func (w *watch) Posture(ctx context.Context) (library.Posture, error) { return w.ask(ctx, true) }

// Standing implements library.Watch.
func (w *watch) Standing() library.Standing { return w.standing.Load().(library.Standing) }

func (w *watch) ask(ctx context.Context, fresh bool) (library.Posture, error) {
	r, err := control.Report(ctx, w.socket, control.Request{Ask: control.AskPosture, Fresh: fresh})
	if err != nil {
		w.standing.Store(library.Unseen)
		return library.Posture{}, &library.Error{
			Kind: library.Internal, Message: "The box does not say how it is.", Hint: "Try again in a moment.", Cause: err,
		}
	}
	p := inLibrary(r)
	w.standing.Store(p.Standing())
	return p, nil
}

func inLibrary(r posture.Report) library.Posture {
	p := library.Posture{CheckedAt: r.CheckedAt}
	for _, i := range r.Items {
		p.Claims = append(p.Claims, library.Claim{
			ID: i.ID, Group: string(i.Group), Title: i.Title, Text: i.Claim, Against: i.Against,
			Standing: library.Standing(i.Status), Evidence: i.Evidence, Remedy: i.Remedy, Later: i.Later,
		})
	}
	return p
}
