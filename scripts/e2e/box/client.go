// Package box drives a Coffer from outside, as an owner's script or browser
// would: over HTTP, by signals, and by looking at its processes in /proc.
//
// It owns the shapes that the contract promises to scripts, written down again
// here on purpose, so that a change of the contract breaks a test. It refuses
// to import any other room.
package box

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Client is one signed-in or anonymous caller with its own cookies.
type Client struct {
	URL  string // scheme, host and port, no slash at the end
	HTTP *http.Client
	// Headers go with each request.
	Headers map[string]string
}

// Dial returns an anonymous client that does not follow redirects.
func Dial(base string) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it cannot fail without options
	}
	return &Client{URL: base, HTTP: &http.Client{
		Jar:     jar,
		Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Status is an answer that was not the one wanted.
type Status struct {
	Code int
	Body string
}

func (s *Status) Error() string { return fmt.Sprintf("status %d: %.300s", s.Code, s.Body) }

// IsStatus reports that err is an answer with this code.
func IsStatus(err error, code int) bool {
	var s *Status
	return errors.As(err, &s) && s.Code == code
}

// maxAnswer bounds what is kept of an answer, in bytes; a backup is the largest.
const maxAnswer = 1 << 30

// Do sends a request and decodes a JSON answer into out, when out is not nil.
// Every answer outside 2xx is a *Status.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("%s %s answers with more than %d bytes", method, path, maxAnswer)
	}
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return &Status{res.StatusCode, string(text)}
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *string:
		*out = string(text)
		return nil
	default:
		return json.Unmarshal(text, out)
	}
}

// Get is Do without a body.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, http.MethodGet, path, "", nil, out)
}

// Post sends JSON.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.Do(ctx, http.MethodPost, path, "application/json", bytes.NewReader(text), out)
}

// Setup creates the owner and is signed in after it.
func (c *Client) Setup(ctx context.Context, code, name, password string) error {
	return c.Post(ctx, "/api/v1/setup", map[string]string{"code": code, "username": name, "password": password}, nil)
}

// Login signs in.
func (c *Client) Login(ctx context.Context, name, password string) error {
	var answer struct{ Status string }
	if err := c.Post(ctx, "/api/v1/auth/login", map[string]string{"username": name, "password": password}, &answer); err != nil {
		return err
	}
	if answer.Status != "ok" {
		return fmt.Errorf("login answered %q, want ok", answer.Status)
	}
	return nil
}

// Logout ends the session.
func (c *Client) Logout(ctx context.Context) error {
	return c.Do(ctx, http.MethodPost, "/api/v1/auth/logout", "", nil, nil)
}

// Source is a document of the library.
type Source struct {
	ID     string
	Title  string
	Type   string
	Status string
	Reason *struct{ Code, Message string }
	Pages  int
	Size   int64
	SHA256 string
}

// Upload adds a document.
func (c *Client) Upload(ctx context.Context, name string, body []byte) (Source, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return Source{}, err
	}
	if _, err := part.Write(body); err != nil {
		return Source{}, err
	}
	if err := w.Close(); err != nil {
		return Source{}, err
	}
	var s Source
	err = c.Do(ctx, http.MethodPost, "/api/v1/sources", w.FormDataContentType(), &form, &s)
	return s, err
}

// Settled waits until a source is neither queued nor processing.
func (c *Client) Settled(ctx context.Context, id string) (Source, error) {
	for {
		var s Source
		if err := c.Get(ctx, "/api/v1/sources/"+url.PathEscape(id), &s); err != nil {
			return s, err
		}
		if s.Status != "queued" && s.Status != "processing" {
			return s, nil
		}
		if err := Pause(ctx, 10*time.Millisecond); err != nil {
			return s, fmt.Errorf("source %s is still %s: %w", id, s.Status, err)
		}
	}
}

// Hit is one passage found.
type Hit struct {
	SourceID string `json:"source_id"`
	Title    string
	Type     string
	Snippet  string
	Passage  int
	Page     int
	Score    float64
}

// Found is the answer to a search.
type Found struct {
	Total int
	Hits  []Hit
}

// Search finds passages.
func (c *Client) Search(ctx context.Context, words string) (Found, error) {
	var f Found
	err := c.Get(ctx, "/api/v1/search?q="+url.QueryEscape(words), &f)
	return f, err
}

// Searchable waits until a search finds something.
func (c *Client) Searchable(ctx context.Context, words string) (Found, error) {
	for {
		f, err := c.Search(ctx, words)
		if err != nil || f.Total > 0 {
			return f, err
		}
		if err := Pause(ctx, 5*time.Millisecond); err != nil {
			return f, fmt.Errorf("%q is not found: %w", words, err)
		}
	}
}

// Job is the work of reading one source.
type Job struct {
	SourceID string `json:"source_id"`
	State    string
	Attempts int
}

// list walks every page of a list.
func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		var page struct {
			Items []T
			Next  *string
		}
		if err := c.Get(ctx, path+"?limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == nil || *page.Next == "" {
			return all, nil
		}
		cursor = *page.Next
	}
}

// Sources lists every source.
func (c *Client) Sources(ctx context.Context) ([]Source, error) {
	return list[Source](ctx, c, "/api/v1/sources")
}

// Jobs lists every job.
func (c *Client) Jobs(ctx context.Context) ([]Job, error) { return list[Job](ctx, c, "/api/v1/jobs") }

// Ready waits until the box answers that it is ready.
func (c *Client) Ready(ctx context.Context) error {
	var last error
	for {
		if last = c.Get(ctx, "/readyz", nil); last == nil {
			return nil
		}
		if err := Pause(ctx, 5*time.Millisecond); err != nil {
			return fmt.Errorf("the box is not ready: %w", last)
		}
	}
}

// Pause waits for d or until ctx ends.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Password is long enough for any rule the box has.
const Password = "correct horse battery staple"

// Owner is a name that is not ASCII, as owners' names are.
const Owner = "Åse Žižek 李"

// Trim shortens text for a message.
func Trim(s string) string { return strings.TrimSpace(fmt.Sprintf("%.2000s", s)) }
