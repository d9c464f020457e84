package parser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"coffer/services/parser/wire"
)

// Client reads documents through a parser service.
type Client struct {
	// Socket is the path of the service's unix socket.
	Socket string
}

// Parse has one document read: request.Size bytes of body. onProgress may be
// nil; it is called in the order of pages, and passages come with the result.
// Its error is a *wire.Failure when there is an answer: about the document, or
// with CodeUnavailable about the service. Any other error is about the body,
// the connection or ctx. Ending ctx ends the reading.
func (c Client) Parse(ctx context.Context, request wire.Request, body io.Reader, onProgress func(wire.Progress)) (wire.Result, error) {
	if request.Size > wire.MaxDocument {
		return wire.Result{}, wire.TooLarge()
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.Socket)
	if err != nil {
		return wire.Result{}, unavailableBecause(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	out, in := wire.NewWriter(conn), wire.NewReader(conn)
	sent := out.Write(request)
	source := &source{r: body}
	if sent == nil {
		sent = out.Document(source, request.Size)
	}
	if source.err != nil || errors.Is(sent, wire.ErrFrame) {
		return wire.Result{}, errors.Join(ctx.Err(), sent)
	}
	// A service that refuses early answers before it has the whole document.
	result, err := receiveResult(in, onProgress)
	var failure *wire.Failure
	if err != nil && !errors.As(err, &failure) {
		return wire.Result{}, unavailableBecause(ctx, errors.Join(sent, err))
	}
	return result, err
}

func unavailableBecause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", unavailable(), err)
}

// source remembers whether reading from it failed.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func receiveResult(in *wire.Reader, onProgress func(wire.Progress)) (wire.Result, error) {
	var result wire.Result
	var text int
	for {
		m, err := in.Next()
		if err != nil {
			return wire.Result{}, err
		}
		switch m := m.(type) {
		case wire.Progress:
			if onProgress != nil {
				onProgress(m)
			}
		case wire.Passage:
			if text += len(m.Text); text > wire.MaxText || len(result.Passages) >= wire.MaxPassages {
				return wire.Result{}, fmt.Errorf("%w: too much output", wire.ErrFrame)
			}
			result.Passages = append(result.Passages, m)
		case wire.Head:
			if m.Passages != len(result.Passages) {
				return wire.Result{}, fmt.Errorf("%w: %d passages instead of %d", wire.ErrFrame, len(result.Passages), m.Passages)
			}
			result.Type, result.Title, result.Pages = m.Type, m.Title, m.Pages
			return result, nil
		case wire.Failure:
			return wire.Result{}, &m
		default:
			return wire.Result{}, fmt.Errorf("%w: %T as an answer", wire.ErrFrame, m)
		}
	}
}
