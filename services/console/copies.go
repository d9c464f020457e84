package console

import (
	"context"
	"errors"
	"time"

	"coffer/services/library"
)

// What can be asked about copies of backups.
const (
	SetStorage  = "set-storage"  // Storage; zero: none
	CopiesState = "copies-state" // where they go, and how it goes
	ListCopies  = "copies"       // what is in the storage
	FetchCopy   = "fetch-copy"   // of the name ID
	TryStorage  = "try-storage"
)

// aboutCopies answers what is asked about copies; asked is false for anything
// else.
func (o Options) aboutCopies(ctx context.Context, r Request) (a Answer, asked bool, err error) {
	switch r.Ask {
	case SetStorage, CopiesState, ListCopies, FetchCopy, TryStorage:
	default:
		return a, false, nil
	}
	if o.Copies == nil {
		return a, true, &library.Error{Kind: library.NotFound, Message: "No copies of backups are made here."}
	}
	switch r.Ask {
	case SetStorage:
		if err = o.Copies.SetCopyPlace(ctx, r.Storage); err == nil {
			if a.Copies, err = o.Copies.Copies(ctx); err == nil {
				kind := library.AuditCopiesSet
				if a.Copies.Host == "" {
					kind = library.AuditCopiesOff
				}
				o.Keeper.RecordByConsole(ctx, kind, a.Copies.Place())
			}
		}
	case CopiesState:
		a.Copies, err = o.Copies.Copies(ctx)
	case ListCopies:
		a.Stored, err = o.Copies.ListCopies(ctx)
	case FetchCopy:
		if err = o.Copies.FetchCopy(ctx, r.ID); err == nil {
			o.Keeper.RecordByConsole(ctx, library.AuditCopyFetched, r.ID)
		}
	case TryStorage:
		err = o.Copies.TryCopyPlace(ctx)
	}
	return a, true, err
}

// AwaitFetch asks how a copy comes until it is there, and tells of its progress
// meanwhile.
func AwaitFetch(ctx context.Context, path string, tell func(library.Fetch)) (library.Fetch, error) {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		a, err := Exchange(ctx, path, Request{Ask: CopiesState}, nil)
		if err != nil {
			return library.Fetch{}, err
		}
		f := a.Copies.Fetch
		if !f.Busy {
			return f, nil
		}
		tell(f)
		select {
		case <-ctx.Done():
			return f, errors.New("it goes on in the box; coffer backup list says when it is there")
		case <-t.C:
		}
	}
}
