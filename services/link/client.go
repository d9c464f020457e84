package link

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"coffer/services/library"
)

// Client is the worker's end. Requests that find nobody at the socket, or
// lose their connection, are sent again for a while: the API may be starting
// anew. Every request may arrive twice without harm.
type Client struct {
	http   *http.Client
	worker string
}

// How long one answer may take, how long a request is repeated, and the
// pauses in between.
const (
	answerWithin = 15 * time.Second
	memberWithin = 2 * time.Minute
	repeatFor    = 25 * time.Second
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// NewClient returns a client of the socket at path.
func NewClient(path string) *Client {
	var d net.Dialer
	return &Client{
		worker: rand.Text(),
		http: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return d.DialContext(ctx, "unix", path)
			},
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 8 << 10,
			DisableCompression:     true,
			IdleConnTimeout:        time.Minute,
		}},
	}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Lease waits until there is a document to read, or ctx ends.
func (c *Client) Lease(ctx context.Context) (library.Lease, error) {
	in, err := json.Marshal(leaseRequest{Worker: c.worker, Wait: int(maxWait.Seconds())})
	if err != nil {
		return library.Lease{}, err
	}
	wait := firstPause
	for {
		var out leaseReply
		err := c.once(ctx, maxWait+answerWithin, "POST", "/leases", fixed(in), &out)
		switch {
		case ctx.Err() != nil:
			if out.ID != "" {
				c.giveBack(ctx, out.ID)
			}
			return library.Lease{}, ctx.Err()
		case isRefusal(err):
			return library.Lease{}, err
		case err != nil: // nobody there; the library comes back
			if err := pause(ctx, wait); err != nil {
				return library.Lease{}, err
			}
			wait = min(2*wait, longestPause)
			continue
		case out.ID != "":
			return library.Lease(out), nil
		}
		wait = firstPause
	}
}

// giveBack returns a lease that came when it was no longer wanted.
func (c *Client) giveBack(ctx context.Context, id library.LeaseID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.Release(ctx, id) // else it expires
}

// Heartbeat renews a lease; NotFound when it is lost.
func (c *Client) Heartbeat(ctx context.Context, id library.LeaseID, p library.Progress) (time.Time, error) {
	in, err := json.Marshal(p)
	if err != nil {
		return time.Time{}, err
	}
	var out heartbeatReply
	err = c.repeat(ctx, answerWithin, "POST", path(id, "heartbeat"), fixed(in), &out)
	return out.Expires, err
}

// Blob opens the original of a lease. The caller closes it.
func (c *Client) Blob(ctx context.Context, id library.LeaseID) (io.ReadCloser, error) {
	var body io.ReadCloser
	err := c.again(ctx, func() error {
		res, err := c.send(ctx, "GET", path(id, "blob"), nil)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			defer res.Body.Close()
			return refused(res)
		}
		body = res.Body
		return nil
	})
	return body, err
}

// Complete hands a reading in. NotFound: the lease was lost. Invalid: the
// library does not take this reading, now or later.
func (c *Client) Complete(ctx context.Context, id library.LeaseID, r library.Reading) error {
	body := func() io.ReadCloser {
		out, in := io.Pipe()
		go func() { // ends when the request does: its body is closed then
			w := bufio.NewWriterSize(in, 64<<10)
			err := writeReading(w, r)
			if err == nil {
				err = w.Flush()
			}
			in.CloseWithError(err)
		}()
		return out
	}
	return c.repeat(ctx, 2*time.Minute, "POST", path(id, "reading"), body, nil)
}

// Fail hands in that a document could not be read.
func (c *Client) Fail(ctx context.Context, id library.LeaseID, f library.Failure) error {
	in, err := json.Marshal(failureRequest{f.Reason.Code, f.Reason.Message, f.ParserDied})
	if err != nil {
		return err
	}
	return c.repeat(ctx, answerWithin, "POST", path(id, "failure"), fixed(in), nil)
}

// Release gives a lease back unread.
func (c *Client) Release(ctx context.Context, id library.LeaseID) error {
	return c.repeat(ctx, answerWithin, "POST", path(id, "release"), fixed([]byte("{}")), nil)
}

func path(id library.LeaseID, what string) string { return "/leases/" + string(id) + "/" + what }

// fixed makes a body that can be sent again.
func fixed(b []byte) func() io.ReadCloser {
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
}

// repeat sends a request until it is answered, refused, or has no more time.
func (c *Client) repeat(ctx context.Context, within time.Duration, method, path string, body func() io.ReadCloser, out any) error {
	return c.again(ctx, func() error { return c.once(ctx, within, method, path, body, out) })
}

func (c *Client) again(ctx context.Context, f func() error) error {
	wait, end := firstPause, time.Now().Add(repeatFor)
	for {
		err := f()
		if err == nil || isRefusal(err) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
		wait = min(2*wait, longestPause)
	}
}

// once sends a request and decodes its answer into out, which may be nil; 204
// leaves it as it is.
func (c *Client) once(ctx context.Context, within time.Duration, method, path string, body func() io.ReadCloser, out any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	res, err := c.send(ctx, method, path, body())
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode != http.StatusOK || out == nil:
		return refused(res)
	}
	return strict(io.LimitReader(res.Body, maxSmall), out)
}

func (c *Client) send(ctx context.Context, method, path string, body io.ReadCloser) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://link"+path, body)
	if err != nil {
		if body != nil {
			body.Close()
		}
		return nil, err
	}
	return c.http.Do(req)
}

// refused is the error that a refusal carries.
func refused(res *http.Response) error {
	var r refusal
	if err := strict(io.LimitReader(res.Body, maxSmall), &r); err != nil || r.Kind == "" {
		return &library.Error{
			Kind: library.Internal, Message: "The library gave an answer that is none.",
			Cause: fmt.Errorf("status %d", res.StatusCode),
		}
	}
	return &library.Error{Kind: r.Kind, Message: r.Message, Hint: r.Hint}
}

func isRefusal(err error) bool {
	var known *library.Error
	return errors.As(err, &known)
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
