package main

import (
	"context"

	"coffer/appliance/control"
	"coffer/services/library"
)

// wayOut asks init what may leave the box and what did, for the API and the
// pages.
type wayOut struct{ socket string }

// Outgoing implements library.WayOut.
func (w wayOut) Outgoing(ctx context.Context) (library.Outgoing, error) {
	r, err := control.Outgoing(ctx, w.socket)
	if err != nil {
		return library.Outgoing{}, &library.Error{
			Kind: library.Internal, Message: "The box does not tell what went out.", Hint: "Try again in a moment.", Cause: err,
		}
	}
	var out library.Outgoing
	for _, p := range r.Purposes {
		out.Purposes = append(out.Purposes, library.Purpose{Name: p.Name, Destinations: p.Destinations, Later: p.Later})
	}
	for _, l := range r.Lines {
		out.Destinations = append(out.Destinations, library.Destination{
			Purpose: l.Purpose, Place: l.Destination, Attempts: l.Attempts, Connected: l.Connected, Failed: l.Failed, Refused: l.Refused,
			Sent: l.Sent, Received: l.Received, First: l.First, Last: l.Last, Outcome: library.Outcome(l.Outcome), Reason: l.Reason,
		})
	}
	return out, nil
}
