package egress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of one notice.
const (
	noticeWithin = 45 * time.Second
	maxReply     = 256 << 10 // bytes that come back, TLS included
	maxSaid      = 4 << 10   // bytes of an answer that are read
)

// Recipient is who is told of alarms. Init hands it over: a caller can neither
// read nor choose it.
type Recipient struct {
	Kind    string `json:"kind"`
	Address string `json:"address"` // URL; it may hold a secret
	// Secrets are the parts of it that are blotted out of what the other side
	// says, which may quote them.
	Secrets []string `json:"secrets"`
}

// The kinds of recipient.
const (
	Webhook = "webhook" // takes JSON
	Ntfy    = "ntfy"    // takes text, with the rest in headers
)

// Notice is what a recipient is told.
type Notice struct {
	ID       string    `json:"id"` // the same each time that it is sent
	Title    string    `json:"title"`
	Text     string    `json:"text"`
	Alarm    string    `json:"alarm"`    // its code
	Severity string    `json:"severity"` // a Severity
	At       time.Time `json:"at"`
	Box      string    `json:"box"` // the box's id
}

// The severities.
const (
	Critical = "critical" // it harms already
	Warning  = "warning"  // it is going to
	Over     = "ok"       // it does no more
	Trial    = "test"     // nothing is wrong
)

// Receipt is what came back.
type Receipt struct {
	Status int    `json:"status"`
	Said   string `json:"said,omitempty"` // the beginning of the answer
}

// notice sends one to the owner's recipient.
func (t *talk) notice() error {
	to, n := t.server.Recipient, t.request.Notice
	if n == nil {
		return failure(CodeInvalid, "There is no notice.")
	}
	u, f := pageURL(to.bare())
	if f != nil {
		return f
	}
	d := t.server.door(Notices, maxReply)
	d.roots, d.judge, d.near = t.server.roots(""), Named(u.Hostname()), Local(u.Hostname())
	d.admit = only(u)
	r, err := send(t.ctx, d, to, *n)
	if err != nil {
		return err
	}
	return t.write(answer{Receipt: &r})
}

// bare is the address without name and password.
func (r Recipient) bare() string {
	u, err := url.Parse(r.Address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// only admits the host and port of u.
func only(u *url.URL) func(host string, port uint16) error {
	want := place(u)
	return func(host string, port uint16) error {
		if net.JoinHostPort(host, strconv.Itoa(int(port))) == want {
			return nil
		}
		return failure(CodeRefused, "%s is not what is configured.", host)
	}
}

// place is the host and port of u.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func send(ctx context.Context, d *door, to Recipient, n Notice) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, noticeWithin)
	defer cancel()
	req, err := to.request(ctx, n)
	if err != nil {
		return Receipt{}, failure(CodeInvalid, "The address for notices cannot be used.") // the error would quote it
	}
	client := d.client(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		if whole, ok := errors.AsType[*url.Error](err); ok {
			err = whole.Err // without the address
		}
		return Receipt{}, explain(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxSaid))
	if err != nil {
		return Receipt{}, explain(err)
	}
	said := words(to.blot(string(body)))
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return Receipt{}, failure(CodeAnswered, "The address leads elsewhere (%d), which is not followed.", res.StatusCode)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return Receipt{}, &Failure{Code: CodeAnswered, Message: "The other side did not take it: " + res.Status + ".", Detail: said}
	case to.Kind == Ntfy && !published(body):
		return Receipt{}, &Failure{Code: CodeAnswered, Message: "What answers there is not ntfy.", Detail: said}
	}
	return Receipt{Status: res.StatusCode, Said: said}, nil
}

// request is how the kind of recipient wants to be told. Name and password of
// the address become an Authorization header.
func (r Recipient) request(ctx context.Context, n Notice) (*http.Request, error) {
	body, kind := []byte(n.Text), "text/plain; charset=utf-8"
	if r.Kind != Ntfy {
		var err error
		if body, err = json.Marshal(n); err != nil {
			return nil, err
		}
		kind = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Content-Type", kind)
	if r.Kind == Ntfy { // https://docs.ntfy.sh/publish/
		req.Header.Set("Title", mime.QEncoding.Encode("utf-8", oneLine(n.Title)))
		req.Header.Set("Priority", map[string]string{Critical: "high", Warning: "default"}[n.Severity])
		req.Header.Set("Tags", map[string]string{Critical: "rotating_light", Warning: "warning", Over: "white_check_mark", Trial: "package"}[n.Severity])
		if req.Header.Get("Priority") == "" {
			req.Header.Set("Priority", "low")
		}
	} else {
		req.Header.Set("Idempotency-Key", n.ID)
	}
	return req, nil
}

// blot leaves no part of the address in a text.
func (r Recipient) blot(said string) string {
	for _, s := range r.Secrets {
		said = strings.ReplaceAll(said, s, "…")
	}
	return said
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// published reports the answer of ntfy to a message: itself, with its id.
func published(body []byte) bool {
	var m struct{ ID, Event string }
	return json.Unmarshal(body, &m) == nil && m.ID != "" && m.Event == "message"
}
