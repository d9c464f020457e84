package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"coffer/appliance/certs"
	"coffer/appliance/control"
	"coffer/appliance/https"
	"coffer/appliance/orders"
	"coffer/services/auth"
	"coffer/services/library"
)

// frontDoor asks init how HTTPS is served, and for changes of that, for the API
// and the pages.
type frontDoor struct {
	socket string
	keeper *auth.Keeper
}

// HTTPS implements library.FrontDoor.
func (f frontDoor) HTTPS(ctx context.Context) (library.HTTPS, error) {
	s, err := control.HTTPS(ctx, f.socket, nil)
	if err != nil {
		return library.HTTPS{}, silent(err)
	}
	return servedAs(s), nil
}

// ChangeHTTPS implements library.FrontDoor. Whoever leaves meanwhile does not
// stop it, because then nobody would record it.
func (f frontDoor) ChangeHTTPS(ctx context.Context, c library.HTTPSChange) (library.HTTPS, error) {
	ctx = context.WithoutCancel(ctx)
	was, err := control.HTTPS(ctx, f.socket, nil)
	if err != nil {
		return library.HTTPS{}, silent(err)
	}
	if c.Mode == "" && c.Names == nil && len(c.Certificate)+len(c.Key) == 0 && c.Only == nil && c.TakeBack == "" && c.Order == nil && !c.Again {
		return servedAs(was), nil
	}
	// Init tells what is too large; to see that it is, it needs no more.
	change := https.Change{
		Mode: https.Mode(c.Mode), Names: c.Names, Chain: c.Certificate[:min(len(c.Certificate), certs.MaxPEM+1)], Key: c.Key[:min(len(c.Key), certs.MaxPEM+1)],
		Release: c.TakeBack, Again: c.Again,
	}
	if o := c.Order; o != nil {
		change.Order, change.Agree = &https.Order{Directory: o.Directory, Email: o.Email, Names: o.Names}, o.Agree
	}
	if o := c.Only; o != nil {
		change.Pin = &https.Pin{Name: o.Name, Below: o.Below, Preload: o.Preload}
	}
	is, err := control.HTTPS(ctx, f.socket, &change)
	if fault, ok := errors.AsType[*certs.Fault](err); ok {
		return library.HTTPS{}, inDomain(fault, c)
	}
	if err != nil {
		return library.HTTPS{}, silent(err)
	}
	if detail := different(was, is); detail != "" {
		f.keeper.Record(ctx, library.AuditHTTPSChanged, detail)
	}
	return servedAs(is), nil
}

func silent(err error) error {
	return &library.Error{
		Kind: library.Internal, Message: "The box does not tell how HTTPS is served.", Hint: "Try again in a moment.", Cause: err,
	}
}

// different says what a change came to, for the audit log.
func different(was, is https.State) string {
	var all []string
	if was.Mode != is.Mode {
		all = append(all, fmt.Sprintf("%s → %s", was.Mode, is.Mode))
	}
	if !slices.Equal(was.Names, is.Names) {
		all = append(all, "names: "+strings.Join(is.Names, " "))
	}
	if u := is.Uploaded; u != nil && (was.Uploaded == nil || was.Uploaded.Fingerprint != u.Fingerprint) {
		all = append(all, fmt.Sprintf("a certificate for %s handed in, sha256 %.16s…", strings.Join(u.Names, " "), u.Fingerprint))
	}
	if wish := is.Order; wish.Wanted && (!was.Order.Wanted || !slices.Equal(was.Order.Names, wish.Names) || was.Order.Directory != wish.Directory) {
		all = append(all, fmt.Sprintf("a certificate for %s is to be ordered from %s", strings.Join(wish.Names, " "), hostOf(wish.Directory)))
	} else if was.Order.Wanted && !wish.Wanted && is.Mode != https.ACME {
		all = append(all, "no certificate is ordered any more")
	}
	told := func(s https.State, p https.Pin) bool {
		return slices.ContainsFunc(s.Pins, func(o https.Pin) bool { return o == p })
	}
	for _, p := range is.Pins {
		switch {
		case told(was, p):
		case p.Held():
			all = append(all, p.Name+" is opened over HTTPS only")
		default:
			all = append(all, p.Name+" is no longer opened over HTTPS only")
		}
	}
	return strings.Join(all, ", ")
}

// inDomain is a fault as the API and the pages tell it.
func inDomain(f *certs.Fault, c library.HTTPSChange) error {
	e := &library.Error{Kind: library.Invalid, Field: "mode", Code: string(f.Code), Message: sentence(f.What), Hint: f.Remedy, Cause: f}
	switch f.Code {
	case https.Decided, https.Pinned, https.Port, https.Unserved:
		e.Kind = library.Conflict
	case orders.TooSoon:
		e.Kind, e.Field = library.Conflict, "order"
	case orders.NoNames, orders.BadOrder, orders.Terms:
		e.Field = "order"
	case https.BadNames:
		e.Field = "names"
	case https.NoUpload:
		e.Field = "certificate"
	case https.BadName:
		e.Field = "https_only"
	case https.Uncovered:
		e.Field = uncoveredBy(c)
	default:
		if f.Part != "" && c.Mode != library.HTTPSFolder {
			e.Field = string(f.Part)
		}
	}
	return e
}

// uncoveredBy is what has to be another for a name that is opened over HTTPS
// only.
func uncoveredBy(c library.HTTPSChange) string {
	switch {
	case c.Only != nil:
		return "https_only"
	case c.Order != nil:
		return "order"
	case len(c.Certificate) > 0:
		return "certificate"
	case c.Names != nil:
		return "names"
	}
	return "mode"
}

func sentence(what string) string {
	first, size := utf8.DecodeRuneInString(what)
	return string(unicode.ToUpper(first)) + what[size:] + "."
}

func servedAs(s https.State) library.HTTPS {
	h := library.HTTPS{
		Mode: library.HTTPSMode(s.Mode), Locked: s.Fixed, Port: s.Port, PlainPort: s.Plain, Redirect: s.Redirect,
		Presented: certificateOf(s.Presented), Uploaded: certificateOf(s.Uploaded), Folder: s.Folder, FixedNames: s.Fixes, Names: s.Names,
	}
	for _, p := range s.Pins {
		h.Only = append(h.Only, library.HTTPSOnly{Name: p.Name, Below: p.Below, Preload: p.Preload, Back: p.Back})
	}
	if a := s.Authority; a != nil {
		h.Authority = &library.Authority{PEM: []byte(a.PEM), Name: a.Name, Expires: a.Expires, Fingerprint: a.Fingerprint}
	}
	h.Problem, h.Order = problemOf(s.Problem), orderOf(s.Order)
	return h
}

func problemOf(p *https.Problem) *library.HTTPSProblem {
	if p == nil {
		return nil
	}
	return &library.HTTPSProblem{Code: string(p.Code), Message: sentence(p.What), Hint: p.Remedy, Quote: p.Detail, Until: p.Until}
}

func orderOf(o https.Ordered) library.HTTPSOrder {
	var ended time.Time
	if n := len(o.Past); n > 0 {
		ended = o.Past[n-1].At
	}
	return library.HTTPSOrder{
		Wanted: o.Wanted, Serves: o.Serves, Directory: o.Directory, DirectoryLocked: o.FixedDirectory, Email: o.Email, EmailLocked: o.FixedEmail,
		Names: o.Names, Chosen: o.Chosen, Agreed: o.Agreed, Terms: o.Terms,
		Step: library.HTTPSStep(o.Step), Next: o.Next, Free: o.Free, Ended: ended, Problem: problemOf(o.Problem),
	}
}

// hostOf is where the directory of an authority is.
func hostOf(directory string) string { return orders.Wish{Directory: directory}.Host() }

func certificateOf(c *https.Certificate) *library.Certificate {
	if c == nil {
		return nil
	}
	return &library.Certificate{
		Names: c.Names, Issuer: c.Issuer, NotBefore: c.NotBefore, Expires: c.Expires, Fingerprint: c.Fingerprint, Own: c.Own,
	}
}
