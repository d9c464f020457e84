package main

import (
	"context"
	"encoding/json"
	"errors"

	"coffer/appliance/control"
	"coffer/appliance/places"
	"coffer/services/egress"
	"coffer/services/library"
)

// places is where the owner has the box go by itself.
func (p plan) places() places.Store {
	return places.Store{
		Dir: p.data("secrets"), Given: places.Notices{Kind: places.Kind(p.cfg.NotifyKind), Address: p.cfg.NotifyURL.Reveal()},
		Fixed: p.cfg.NotifyURL.IsSet(), Reachable: egress.Reachable, Log: p.log,
	}
}

// unsendable is what is wrong with what the configuration says of it.
func (p plan) unsendable() []string {
	if err := p.places().Check(); err != nil {
		return []string{"COFFER_NOTIFY_URL: " + err.Error()}
	}
	return nil
}

// recipientName is under which egress is handed who is told of alarms.
const recipientName = "recipient"

// recipient is that, as it is when egress starts.
func (p plan) recipient() []byte {
	n := p.places().Notices()
	text, err := json.Marshal(egress.Recipient{Kind: string(n.Kind), Address: n.Address, Secrets: n.Secrets()})
	if err != nil {
		panic(err) // strings always have JSON
	}
	return text
}

// noticePlace asks init who is told of alarms, for the API.
type noticePlace struct{ socket string }

// NoticeTarget implements library.NoticePlace.
func (p noticePlace) NoticeTarget(ctx context.Context) (library.NoticeTarget, error) {
	s, err := control.Notices(ctx, p.socket, nil)
	if err != nil {
		return library.NoticeTarget{}, misplaced(err)
	}
	return library.NoticeTarget{Kind: library.NoticeKind(s.Kind), Host: s.Host, Locked: s.Fixed}, nil
}

// SetNoticeTarget implements library.NoticePlace. Whoever leaves meanwhile does
// not stop it, because then nobody would record it.
func (p noticePlace) SetNoticeTarget(ctx context.Context, w library.NoticeWish) error {
	_, err := control.Notices(context.WithoutCancel(ctx), p.socket, &places.Change{Kind: places.Kind(w.Kind), Address: w.Address})
	return misplaced(err)
}

// misplaced is a fault as the API and the pages tell it.
func misplaced(err error) error {
	f, ok := errors.AsType[*places.Fault](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return &library.Error{Kind: library.Internal, Message: "The box does not tell who is told of alarms.", Hint: "Try again in a moment.", Cause: err}
	case f.Code == places.Decided:
		return &library.Error{Kind: library.Conflict, Field: "address", Code: string(f.Code), Message: sentence(f.What), Hint: f.Remedy + "."}
	}
	return &library.Error{Kind: library.Invalid, Field: "address", Code: string(f.Code), Message: sentence(f.What), Hint: f.Remedy + "."}
}

// messenger has egress send notices.
type messenger struct{ client egress.Client }

// Send implements library.Messenger.
func (m messenger) Send(ctx context.Context, n library.Notice) (library.NoticeReceipt, error) {
	severity := egress.Warning
	switch {
	case n.Alarm == "":
		severity = egress.Trial
	case n.Over:
		severity = egress.Over
	case n.Grave:
		severity = egress.Critical
	}
	r, err := m.client.Notify(ctx, egress.Notice{
		ID: n.ID, Title: n.Title, Text: n.Text, Alarm: string(n.Alarm), Severity: severity, At: n.At, Box: n.Box,
	})
	if f, ok := errors.AsType[*egress.Failure](err); ok {
		return library.NoticeReceipt{}, &library.Error{Kind: library.Conflict, Code: string(f.Code), Message: f.Error(), Hint: "See to the other side, or give another address."}
	}
	return library.NoticeReceipt{Status: r.Status, Said: r.Said}, err
}
