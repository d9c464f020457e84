package egress

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of one page.
const (
	fetchWithin  = 90 * time.Second
	maxRedirects = 5
	maxPage      = 64 << 20 // bytes, unpacked
	maxURL       = 4096
	chunkSize    = 64 << 10
)

// documents are the types that are taken; what a file really is, its bytes say
// later.
func documents() []string {
	return []string{
		"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/csv",
		"application/pdf", "application/epub+zip", "application/octet-stream",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	}
}

// pagePorts are where the web is; a link to any other port asks for a service
// that is not a page.
func pagePorts() []uint16 { return []uint16{80, 443, 8080, 8443} }

// publicDoor is the way out to public addresses.
func publicDoor(purpose string, limit int64, tell func(Attempt)) *door {
	d := newDoor(purpose, limit, tell)
	d.judge = Public
	d.admit = func(host string, port uint16) error {
		if !slices.Contains(pagePorts(), port) {
			return failure(CodeRefused, "Pages are not fetched from port %d.", port)
		}
		return nil
	}
	return d
}

// fetch answers with what is at a URL.
func (t *talk) fetch() error {
	u, f := pageURL(t.request.URL)
	if f != nil {
		t.refuse(hostOf(t.request.URL), f)
		return f
	}
	d := t.server.door(Fetch, maxPage+maxPage/8)
	d.roots = t.server.roots("")
	return fetch(t.ctx, d, u, func(p Page) error { return t.write(answer{Page: &p}) },
		func(b []byte) error { return t.write(answer{Chunk: b}) })
}

// fetch reads what is at u through d: its head, then its bytes in chunks.
func fetch(ctx context.Context, d *door, u *url.URL, head func(Page) error, chunk func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	client := d.client(func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return failure(CodeRefused, "The address leads on more than %d times.", maxRedirects)
		}
		if _, f := pageURL(r.URL.String()); f != nil {
			d.tell(Attempt{At: time.Now().UTC(), Purpose: d.purpose, Destination: hostOf(r.URL.String()), Outcome: Refused, Reason: f.Message})
			return f
		}
		return nil
	})
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return failure(CodeInvalid, "This is no address of a page.")
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", strings.Join(documents(), ", "))
	res, err := client.Do(req)
	if err != nil {
		return explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return failure(CodeUnreachable, "The other side answered %s.", res.Status)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(documents(), kind) {
		return failure(CodeType, "What is there is no kind of document that the box reads.")
	}
	if err := head(Page{URL: res.Request.URL.String(), Type: kind}); err != nil {
		return err
	}
	return deliver(io.LimitReader(res.Body, maxPage+1), chunk)
}

// deliver hands on what body holds, and fails when that is too much.
func deliver(body io.Reader, chunk func([]byte) error) error {
	buffer, total := make([]byte, chunkSize), 0
	for {
		n, err := body.Read(buffer)
		if total += n; total > maxPage {
			return failure(CodeTooLarge, "What is there is larger than %d MiB.", maxPage>>20)
		}
		if n > 0 {
			if err := chunk(buffer[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return explain(err)
		}
	}
}

// pageURL reads an address that may be asked for: of the web, without a name
// and password in it.
func pageURL(text string) (*url.URL, *Failure) {
	if len(text) > maxURL {
		return nil, failure(CodeInvalid, "The address is too long.")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return nil, failure(CodeInvalid, "This is no address of a page.")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, failure(CodeRefused, "Only http and https are fetched.")
	case u.User != nil:
		return nil, failure(CodeRefused, "An address with a password in it is not fetched.")
	}
	return u, nil
}

// hostOf is the host of what may be no address at all, for the count.
func hostOf(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Host
	}
	return "?"
}
