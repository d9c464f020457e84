package edge_test

import (
	"strings"
	"testing"

	"coffer/appliance/edge"
)

// Metrics are for who is signed in, at the root and under the base path, and
// for nobody while they are off.
func TestMetrics(t *testing.T) {
	for _, base := range []string{"", "/box"} {
		for _, on := range []bool{true, false} {
			b := start(t, true, func(o *edge.Options) { o.Metrics, o.BasePath = on, base })
			root := *b
			root.url = "http://" + b.addr
			for _, row := range []struct {
				cookie, host string
				status       int
				code         string
			}{
				{"session=good", "", 200, ""},
				{"session=bad", "", 401, "unauthorized"},
				{"", "", 401, "unauthorized"},
				{"session=good", "evil.example", 421, ""}, // in the API's words
			} {
				headers := []string{"Cookie", row.cookie}
				if row.host != "" {
					headers = append(headers, "Host", row.host)
				}
				if !on {
					row.status, row.code = 404, "not_found"
				}
				before := b.api.count()
				for _, path := range []string{"/metrics", base + "/metrics"} {
					res := root.do(t, "GET", path, nil, headers...)
					res.checkHeaders(t, path)
					if res.StatusCode != row.status || row.code != "" && !strings.Contains(res.body, `"code":"`+row.code+`"`) {
						t.Errorf("on %v, %s with %v: %d %s", on, path, headers, res.StatusCode, res.body)
					}
				}
				if passed := b.api.count() > before; passed != (row.status == 200) {
					t.Errorf("on %v, %v: passed on: %v", on, headers, passed)
				}
			}
			if !on {
				continue
			}
			_ = b.do(t, "GET", "/metrics", nil)
			if r, _ := b.api.last(t); r.Header.Get("X-Auth-Scopes") != "read add admin" || r.RequestURI != base+"/metrics" {
				t.Errorf("the API got %s for %q", r.RequestURI, r.Header.Get("X-Auth-Scopes"))
			}
		}
	}
}
