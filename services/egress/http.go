package egress

import (
	"net/http"
	"time"
)

// Bounds of every HTTP exchange.
const (
	headerWithin   = 30 * time.Second // until the other side begins to answer
	maxHeaderBytes = 64 << 10
)

// agent is how the box calls itself, without a version, which nobody needs.
const agent = "Coffer"

// client speaks HTTP through the door. It knows no proxy, whatever the
// environment says, keeps no cookie, and asks before each redirect.
func (d *door) client(redirect func(*http.Request, []*http.Request) error) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            d.dial,
			DialTLSContext:         d.dialTLS,
			ResponseHeaderTimeout:  headerWithin,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConnsPerHost:    2,
		},
		CheckRedirect: redirect,
	}
}
