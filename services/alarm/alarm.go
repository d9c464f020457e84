// Package alarm watches what harms the owner when nobody sees it: a disk that
// fills up, backups that fail, a certificate that ends.
//
// It owns when such a thing is an alarm. It refuses to remember: an alarm stands
// as long as its cause, and is found anew after a start.
package alarm

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"coffer/services/library"
)

// every is the time between two looks.
const every = 20 * time.Second

// Options are what a Watch looks at.
type Options struct {
	// Volume is the room on the volume, in bytes.
	Volume  func() (free, size int64, err error)
	Backups library.Backups   // nil: none are made
	Door    library.FrontDoor // nil: nothing serves HTTPS
	// Changed is told when there are others than before; nil: nobody.
	Changed func()
	// Seen is given what stands after each look, and must not wait; nil: nobody is.
	Seen func([]library.Alarm)
	Log  *slog.Logger
	Now  func() time.Time // nil: time.Now
}

// Watch looks again and again. It is safe for concurrent use.
type Watch struct {
	o   Options
	now atomic.Pointer[[]library.Alarm]
}

var _ library.Alarms = (*Watch)(nil)

// New returns a watch that has not looked yet.
func New(o Options) (*Watch, error) {
	if o.Volume == nil || o.Log == nil {
		return nil, errors.New("alarm: a volume and a log are required")
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Seen == nil {
		o.Seen = func([]library.Alarm) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Watch{o: o}, nil
}

// Alarms implements library.Alarms.
func (w *Watch) Alarms() []library.Alarm {
	if all := w.now.Load(); all != nil {
		return *all
	}
	return nil
}

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// look tells of what began and what ended.
func (w *Watch) look(ctx context.Context) {
	before := w.Alarms()
	all := slices.Concat(w.disk(), w.backups(ctx), w.certificate(ctx))
	if ctx.Err() != nil {
		return
	}
	slices.SortStableFunc(all, func(a, b library.Alarm) int {
		switch {
		case a.Grave == b.Grave:
			return 0
		case a.Grave:
			return -1
		}
		return 1
	})
	w.now.Store(&all)
	changed := false
	for _, a := range all {
		if !has(before, a.Code) {
			changed = true
			w.o.Log.Warn("alarm", "alarm", string(a.Code))
		}
	}
	for _, a := range before {
		if !has(all, a.Code) {
			changed = true
			w.o.Log.Info("alarm over", "alarm", string(a.Code))
		}
	}
	if changed {
		w.o.Changed()
	}
	w.o.Seen(all)
}

func has(all []library.Alarm, code library.AlarmCode) bool {
	return slices.ContainsFunc(all, func(a library.Alarm) bool { return a.Code == code })
}

func (w *Watch) disk() []library.Alarm {
	free, size, err := w.o.Volume()
	switch {
	case err != nil:
		w.o.Log.Error("the room on the volume is not known", "err", err)
		return nil
	case free <= library.Reserve(size):
		return []library.Alarm{{Code: library.AlarmDiskFull, Free: free, Grave: true}}
	case free < library.Low(size):
		return []library.Alarm{{Code: library.AlarmDiskLow, Free: free}}
	}
	return nil
}

func (w *Watch) backups(ctx context.Context) []library.Alarm {
	if w.o.Backups == nil {
		return nil
	}
	o, err := w.o.Backups.Overview(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.o.Log.Error("the state of backups is not known", "err", err)
		}
		return nil
	}
	return ofBackups(o, w.o.Now())
}

// ofBackups judges the newest backup that has ended, when one was proven last,
// and the last try to copy one. What the owner has not set up cannot be late.
func ofBackups(o library.BackupOverview, now time.Time) (out []library.Alarm) {
	var proven, oldest time.Time
	decided := false
	for _, b := range o.Items {
		if b.Fetched { // it says nothing of whether this box makes any
			continue
		}
		switch b.Status {
		case library.BackupFailed:
			if !decided {
				out = append(out, library.Alarm{Code: library.AlarmBackupFailed, At: b.CreatedAt, Reason: b.Reason, Grave: true})
			}
			decided = true
		case library.BackupProven:
			decided = true
			if b.ProvenAt.After(proven) {
				proven = b.ProvenAt
			}
		}
		oldest = b.CreatedAt
	}
	since := proven
	if since.IsZero() {
		since = oldest
	}
	if o.Recipient != "" && !since.IsZero() && now.Sub(since) > library.BackupOverdueAfter {
		out = append(out, library.Alarm{Code: library.AlarmBackupOverdue, At: proven, Grave: true})
	}
	if c := o.Copies; c.Failure != nil {
		out = append(out, library.Alarm{Code: library.AlarmCopyFailed, At: c.Failed, Reason: c.Failure, Grave: true})
	}
	return out
}

func (w *Watch) certificate(ctx context.Context) []library.Alarm {
	if w.o.Door == nil {
		return nil
	}
	h, err := w.o.Door.HTTPS(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.o.Log.Error("how HTTPS is served is not known", "err", err)
		}
		return nil
	}
	return ofHTTPS(h, w.o.Now())
}

func ofHTTPS(h library.HTTPS, now time.Time) (out []library.Alarm) {
	problem := h.Problem
	if problem == nil && h.Order.Step == "" {
		problem = h.Order.Problem
	}
	if problem != nil {
		out = append(out, library.Alarm{Code: library.AlarmUntaken, Reason: &library.Reason{Code: problem.Code, Message: problem.Message}})
	}
	switch p := h.Presented; {
	case p == nil:
	case !now.Before(p.Expires):
		out = append(out, library.Alarm{Code: library.AlarmExpired, At: p.Expires, Grave: true})
	case p.EndsSoon(now):
		out = append(out, library.Alarm{Code: library.AlarmExpires, At: p.Expires})
	}
	return out
}
