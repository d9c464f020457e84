package main

import (
	"context"
	"errors"

	"coffer/appliance/control"
	"coffer/appliance/journal"
	"coffer/services/library"
)

// logs asks init for what the box said, for the API and the pages.
type logs struct{ socket string }

// Log implements library.Logs.
func (l logs) Log(ctx context.Context, q library.LogQuery) (library.LogPage, error) {
	got, err := control.Logs(ctx, l.socket, journal.Query{
		Service: q.Service, Limit: q.Limit, After: q.After, Level: q.Level, Search: q.Search,
	}, false)
	switch {
	case errors.Is(err, journal.ErrUnknown):
		return library.LogPage{}, &library.Error{Kind: library.NotFound, Message: "The box has no such service.", Cause: err}
	case errors.Is(err, journal.ErrQuery):
		return library.LogPage{}, &library.Error{Kind: library.Invalid, Message: "The log cannot be asked for that.", Cause: err}
	case err != nil:
		return library.LogPage{}, &library.Error{
			Kind: library.Internal, Message: "The box does not tell its log.", Hint: "Try again in a moment.", Cause: err,
		}
	}
	page := library.LogPage{Next: got.Next, Gap: got.Gap, Services: got.Services}
	for _, line := range got.Lines {
		page.Lines = append(page.Lines, library.LogLine{
			Service: line.Service, Time: line.Time, Level: line.Level.String(), Text: line.Text,
		})
	}
	return page, nil
}
