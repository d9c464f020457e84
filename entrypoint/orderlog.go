package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"coffer/appliance/control"
	"coffer/services/auth"
	"coffer/services/library"
)

// orderLog writes into the audit log what came of orders for certificates: init
// orders, and has no log that the owner reads there.
type orderLog struct {
	socket string
	keeper *auth.Keeper
	last   time.Time // everything that ended until then is written
	log    *slog.Logger
}

// ordersEvery is how often init is asked.
const ordersEvery = 30 * time.Second

func (l *orderLog) run(ctx context.Context) error {
	every := time.NewTicker(ordersEvery)
	defer every.Stop()
	for known := false; ; {
		if !known {
			known = l.recall(ctx)
		}
		if known {
			l.look(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// recall finds what was written last.
func (l *orderLog) recall(ctx context.Context) bool {
	for _, kind := range []library.AuditKind{library.AuditCertificateMade, library.AuditOrderFailed} {
		found, err := l.keeper.Events(ctx, library.AuditFilter{Kind: kind}, library.Page{Limit: 1})
		if err != nil {
			l.log.Warn("the audit log cannot be read", slog.Any("error", err))
			return false
		}
		for _, e := range found.Items {
			if e.Time.After(l.last) {
				l.last = e.Time
			}
		}
	}
	return true
}

func (l *orderLog) look(ctx context.Context) {
	s, err := control.HTTPS(ctx, l.socket, nil)
	if err != nil {
		return // who shows how the box is tells of it
	}
	if s.Order.Step != "" { // of which the box says what would count if it ended now
		return
	}
	for _, o := range s.Order.Past {
		if !o.At.After(l.last) {
			continue
		}
		l.last = o.At
		detail := fmt.Sprintf("for %s, by %s", strings.Join(o.Wish.Names, " "), o.Wish.Host())
		if o.Problem != nil {
			l.keeper.RecordByBox(ctx, library.AuditOrderFailed, detail+": "+o.Problem.Error())
			continue
		}
		l.keeper.RecordByBox(ctx, library.AuditCertificateMade, detail+", until "+o.Until.Format(time.DateOnly))
	}
}
