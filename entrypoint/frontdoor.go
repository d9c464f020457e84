package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/appliance/certs"
	"coffer/appliance/control"
	"coffer/appliance/https"
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
	if c.Mode == "" && c.Names == nil && len(c.Certificate)+len(c.Key) == 0 {
		return servedAs(was), nil
	}
	// Init tells what is too large; to see that it is, it needs no more.
	is, err := control.HTTPS(ctx, f.socket, &https.Change{
		Mode: https.Mode(c.Mode), Names: c.Names, Chain: c.Certificate[:min(len(c.Certificate), certs.MaxPEM+1)], Key: c.Key[:min(len(c.Key), certs.MaxPEM+1)],
	})
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
	return strings.Join(all, ", ")
}

// inDomain is a fault as the API and the pages tell it.
func inDomain(f *certs.Fault, c library.HTTPSChange) error {
	e := &library.Error{Kind: library.Invalid, Field: "mode", Code: string(f.Code), Message: sentence(f.What), Hint: f.Remedy, Cause: f}
	switch f.Code {
	case https.Decided, https.Pinned, https.Port, https.Unserved:
		e.Kind = library.Conflict
	case https.BadNames:
		e.Field = "names"
	case https.NoUpload:
		e.Field = "certificate"
	default:
		if f.Part != "" && c.Mode != library.HTTPSFolder {
			e.Field = string(f.Part)
		}
	}
	return e
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
	if a := s.Authority; a != nil {
		h.Authority = &library.Authority{PEM: []byte(a.PEM), Name: a.Name, Expires: a.Expires, Fingerprint: a.Fingerprint}
	}
	if p := s.Problem; p != nil {
		h.Problem = &library.HTTPSProblem{Code: string(p.Code), Message: sentence(p.What), Hint: p.Remedy}
	}
	return h
}

func certificateOf(c *https.Certificate) *library.Certificate {
	if c == nil {
		return nil
	}
	return &library.Certificate{
		Names: c.Names, Issuer: c.Issuer, NotBefore: c.NotBefore, Expires: c.Expires, Fingerprint: c.Fingerprint, Own: c.Own,
	}
}
