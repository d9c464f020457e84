package packages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"coffer/services/library"
)

// Run adds what was accepted until ctx ends. What is not added by then is when
// the box starts again.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		}
		own, stop := context.WithCancel(ctx)
		k.mu.Lock()
		i := k.last
		k.stop = stop
		k.mu.Unlock()
		err := k.add(own, &i)
		stopped := own.Err() != nil
		stop()
		k.mu.Lock()
		k.stop = nil
		k.mu.Unlock()
		if ctx.Err() != nil {
			return k.writeRecord(i) // it goes on from there
		}
		k.end(i, err, stopped)
	}
}

// end notes how an import ended, and removes what it was made of.
func (k *Keeper) end(i library.Import, err error, stopped bool) {
	i.EndedAt, i.Waiting = k.now(), false
	switch {
	case stopped:
		i.Status = library.ImportStopped
	case err != nil:
		i.Status = library.ImportFailed
		i.Notes = noted(i.Notes, err)
		k.o.Log.Error("package not added to its end", "import", i.ID, "done", i.Done, "of", i.Sources, "err", err)
	default:
		i.Status = library.ImportDone
	}
	if err := errors.Join(k.writeRecord(i), k.root.RemoveAll(acceptedName)); err != nil {
		k.o.Log.Error("the end of an import was not noted", "import", i.ID, "err", err)
	}
	k.o.Log.Info("package added", "import", i.ID, "status", i.Status, "sources", i.Sources, "added", i.Added, "known", i.Known, "left", i.Left)
	k.set(i, false)
}

// noted adds what a person reads of err.
func noted(notes []library.Reason, err error) []library.Reason {
	if len(notes) >= library.MaxImportNotes {
		return notes
	}
	r := library.Reason{Code: "failed", Message: "The log of the API says why."}
	if e, ok := errors.AsType[*library.Error](err); ok && e.Kind != library.Internal {
		r = library.Reason{Code: string(e.Kind), Message: e.Message}
	}
	return append(notes, r)
}

// add adds what is accepted, from the document on that i says was last. What it
// holds is checked once more: the box may have lost power since.
func (k *Keeper) add(ctx context.Context, i *library.Import) (err error) {
	o, err := k.open(ctx, acceptedName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broken(o.root.Close())) }()
	at, told := 0, time.Time{}
	return o.each(ctx, func(int, error) {}, func(it item) error {
		if at++; at <= i.Done {
			return nil
		}
		if err := k.one(ctx, o, it, i); err != nil {
			return err
		}
		i.Done = at
		k.mu.Lock()
		k.last = *i
		k.mu.Unlock()
		if now := time.Now(); now.Sub(told) >= time.Second {
			told = now
			k.o.Changed()
		}
		if i.Done%rememberEvery == 0 {
			return broken(k.writeRecord(*i))
		}
		return ctx.Err()
	})
}

// one adds one document. A full disk is waited for; what is wrong with the
// document itself leaves it out.
func (k *Keeper) one(ctx context.Context, o *opened, it item, i *library.Import) error {
	for {
		created, err := k.bring(ctx, o, it)
		e, ok := errors.AsType[*library.Error](err)
		switch {
		case err == nil && created:
			i.Added++
		case err == nil:
			i.Known++
		case ctx.Err() != nil:
			return ctx.Err()
		case ok && e.Kind == library.Full:
			if !i.Waiting {
				k.o.Log.Warn("an import waits for room on the disk", "import", i.ID, "done", i.Done, "of", i.Sources)
			}
			i.Waiting = true
			k.set(*i, true)
			if err := pause(ctx, forRoom); err != nil {
				return err
			}
			continue
		case ok && (e.Kind == library.Invalid || e.Kind == library.TooLarge):
			i.Left++
			if len(i.Notes) < library.MaxImportNotes {
				i.Notes = append(i.Notes, library.Reason{Code: string(e.Kind), Message: fmt.Sprintf("%s: %s", clip(it.Title), e.Message)})
			}
		default:
			return err
		}
		i.Waiting = false
		return nil
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (k *Keeper) bring(ctx context.Context, o *opened, it item) (created bool, err error) {
	// Without its original a document that the box has would come again as text.
	if it.Original != "" && o.modes[it.Path] != modeEmbedded {
		if known, err := k.o.Library.Keeps(ctx, it.Original); known || err != nil {
			return false, err
		}
	}
	var text io.Reader = strings.NewReader(it.Inline)
	if it.Path != "" {
		f, err := o.root.Open(it.Path)
		if err != nil {
			return false, broken(err)
		}
		defer f.Close()
		text = f
	}
	_, created, err = k.o.Library.Bring(ctx, it.Brought, text)
	return created, err
}
