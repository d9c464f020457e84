package main

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/appliance/beneath"
	"coffer/appliance/boot"
	"coffer/appliance/certs"
	"coffer/appliance/edge"
	"coffer/appliance/orders"
	"coffer/services/egress"
)

// authority has egress ask certificate authorities for init, and the edge serve
// what they ask for. The group is the edge's.
func (p plan) authority(group int) boot.Authority {
	client := egress.Client{
		Socket:     p.run("egress.sock"),
		Challenges: edge.Challenges{Run: p.cfg.Run, UID: beneath.Keep, GID: group},
	}
	return boot.Authority{
		Issue: func(ctx context.Context, r orders.Request, told func(orders.Step)) (orders.Result, error) {
			made, err := client.Issue(ctx, egress.Order{
				Names: r.Names, Directory: r.Directory, Roots: string(r.Roots), Account: string(r.Account), Contact: r.Email,
				CSR: r.CSR, Agreed: true, Replaces: r.Replaces,
			}, func(s egress.Step) { told(stepOf(s)) })
			return orders.Result{Chain: []byte(made.Chain), Terms: made.Terms, Window: windowOf(made.Renewal)}, failureOf(r.Host(), err)
		},
		Renewal: func(ctx context.Context, directory string, roots, certificate []byte) (*orders.Window, error) {
			w, err := client.Renewal(ctx, egress.Issued{Directory: directory, Roots: string(roots), Certificate: certificate})
			return windowOf(w), failureOf(orders.Wish{Directory: directory}.Host(), err)
		},
	}
}

func stepOf(s egress.Step) orders.Step {
	if s == egress.StepIssue {
		return orders.Making
	}
	return orders.Challenge
}

func windowOf(w *egress.Window) *orders.Window {
	if w == nil {
		return nil
	}
	return &orders.Window{Start: w.Start, End: w.End, Again: w.Again}
}

// failureOf says a failure of egress, and nil, in the terms of orders.
func failureOf(host string, err error) error {
	f, ok := errors.AsType[*egress.Failure](err)
	if !ok {
		return err
	}
	out := &orders.Failure{Detail: f.Detail, Name: f.Name, Until: f.Until}
	out.Code, out.What = said(f, host)
	return out
}

func said(f *egress.Failure, host string) (certs.Code, string) {
	switch f.Code {
	case egress.CodeUnreachable, egress.CodeTimeout:
		return orders.Unreachable, "the authority at " + host + " cannot be reached: " + clause(f.Message)
	case egress.CodeUntrusted:
		return orders.Untrusted, "nobody that the box trusts vouches for the authority at " + host
	case egress.CodeNotReached:
		return orders.NotReached, "the authority found nobody at the name"
	case egress.CodeNoName:
		return orders.NoName, "the authority did not find the name"
	case egress.CodeElsewhere:
		return orders.Elsewhere, "the authority found another answer at the name than this box gives"
	case egress.CodeContact:
		return orders.Contact, "the authority does not take the e-mail address"
	case egress.CodeRejected:
		return orders.Rejected, "the authority does not vouch for the name"
	case egress.CodeLimited:
		return orders.Limited, "the authority was asked too often and wants a pause"
	case egress.CodeUnavailable, egress.CodeClosed:
		return orders.Away, clause(f.Message)
	}
	return orders.Refused, "the authority at " + host + " made no certificate: " + clause(f.Message)
}

// clause makes a part of a sentence of one.
func clause(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	return string(unicode.ToLower(first)) + strings.TrimSuffix(sentence[size:], ".")
}
