package egress

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// patient keeps to what an authority says of being asked again: once it wants a
// pause (RFC 8555, 6.6), nothing more is sent to it.
type patient struct {
	next http.RoundTripper

	mu    sync.Mutex
	pause *Failure
}

func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	if f := p.wanted(); f != nil {
		return nil, f
	}
	res, err := p.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	until := retryAt(res.Header.Get("Retry-After"), time.Now())
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
	case res.StatusCode == http.StatusServiceUnavailable && !until.IsZero():
	default:
		return res, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause = &Failure{Code: CodeLimited, Message: "The authority was asked too often and wants a pause.", Until: until}
	return res, nil
}

// wanted is the pause that was asked for, or nil.
func (p *patient) wanted() *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pause
}

// judge makes a Failure of what came of asking.
func (p *patient) judge(err error) *Failure {
	f := judge(err)
	if pause := p.wanted(); pause != nil {
		f.Code, f.Message, f.Until = pause.Code, pause.Message, pause.Until
	}
	return f
}

// retryAt reads a Retry-After (RFC 9110, 10.2.3); zero: there is none.
func retryAt(text string, now time.Time) time.Time {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return now.Add(time.Duration(seconds) * time.Second).UTC()
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
