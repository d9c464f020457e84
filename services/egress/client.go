package egress

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Client goes out through a running service.
type Client struct {
	// Socket is the path of the service's unix socket.
	Socket string
	// Challenges serves what an authority asks for, for Issue.
	Challenges Challenges
}

// Challenges serves answers at /.well-known/acme-challenge/.
type Challenges interface {
	Put(token, answer string) error
	Clear(token string) error
}

// askWithin is how long a conversation may take in all.
const askWithin = talkWithin + requestWithin

// Issue gets a certificate for an order; told hears of each step. Its error is
// a *Failure, or ctx's.
func (c Client) Issue(ctx context.Context, o Order, told func(Step)) (made Certificate, err error) {
	var open []string // tokens that are served
	defer func() {
		for _, token := range open {
			err = errors.Join(err, c.Challenges.Clear(token))
		}
	}()
	err = c.ask(ctx, Request{Purpose: ACME, Order: &o}, func(l *lines, a answer) error {
		switch {
		case a.Present != nil:
			open = append(open, a.Present.Token)
			var done served
			if err := c.Challenges.Put(a.Present.Token, a.Present.Answer); err != nil {
				done.Error = err.Error()
			}
			told(StepChallenge)
			return l.write(done)
		case a.Step != "":
			told(a.Step)
		case a.Issued != nil:
			made = *a.Issued
		}
		return nil
	})
	if err == nil && made.Chain == "" {
		err = failure(CodeUnavailable, "The box's way out ended without an answer.")
	}
	return made, err
}

// Renewal asks an authority when it wants a certificate of its own to be
// renewed; nil: it does not say. Its error is a *Failure, or ctx's.
func (c Client) Renewal(ctx context.Context, i Issued) (w *Window, err error) {
	err = c.ask(ctx, Request{Purpose: ACME, Issued: &i}, func(_ *lines, a answer) error {
		w = a.Window
		return nil
	})
	return w, err
}

// Fetch writes what is at address to w and says what it is called. Its error
// is a *Failure, ctx's or w's.
func (c Client) Fetch(ctx context.Context, address string, w io.Writer) (Page, error) {
	var page Page
	err := c.ask(ctx, Request{Purpose: Fetch, URL: address}, func(_ *lines, a answer) error {
		if a.Page != nil {
			page = *a.Page
		}
		_, err := w.Write(a.Chunk)
		return err
	})
	return page, err
}

// Notify sends a notice to the owner's recipient and says what came back. Its
// error is a *Failure, or ctx's.
func (c Client) Notify(ctx context.Context, n Notice) (Receipt, error) {
	var got *Receipt
	err := c.ask(ctx, Request{Purpose: Notices, Notice: &n}, func(_ *lines, a answer) error {
		if a.Receipt != nil {
			got = a.Receipt
		}
		return nil
	})
	switch {
	case err != nil:
		return Receipt{}, err
	case got == nil:
		return Receipt{}, failure(CodeUnavailable, "The box's way out ended without an answer.")
	}
	return *got, nil
}

// ask sends a request and hands on what comes back until the end.
func (c Client) ask(ctx context.Context, r Request, hear func(*lines, answer) error) error {
	return c.exchange(ctx, r, nil, askWithin, hear)
}

// exchange is ask with a file that is given with the request, where there is one,
// and with its own bound.
func (c Client) exchange(ctx context.Context, r Request, f *os.File, within time.Duration, hear func(*lines, answer) error) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", c.Socket)
	if err != nil {
		return unavailable(ctx, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	l := conversation(conn)
	unsent := c.send(conn.(*net.UnixConn), l, r, f) // who may not ask is told so before the request is read
	for {
		var a answer
		if err := l.read(&a); err != nil {
			return unavailable(ctx, errors.Join(unsent, err))
		}
		switch {
		case a.Failure != nil:
			return a.Failure
		case a.End:
			return nil
		}
		if err := hear(l, a); err != nil {
			return err
		}
	}
}

func (c Client) send(conn *net.UnixConn, l *lines, r Request, f *os.File) error {
	if f == nil {
		return l.write(r)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return give(conn, append(text, '\n'), f)
}

func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Failure{Code: CodeUnavailable, Message: "The box's way out does not answer.", Detail: err.Error()}
}
