package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/metrics"
)

// measured makes a box that counts.
func measured(t *testing.T, base string) (*box, caller) {
	t.Helper()
	late := &lateLibrary{}
	m, err := metrics.New(metrics.Options{
		Backups: func(context.Context) (library.BackupOverview, error) { return library.BackupOverview{}, nil },
		Version: "9.9.9-test", Started: time.Now(), Library: late,
		Posture:  func(context.Context) (library.Posture, error) { return library.Posture{}, nil },
		Services: func() ([]metrics.Service, error) { return nil, nil },
	})
	must(t, err)
	b, _ := newOwnedBox(t, func(o *Options) { o.Metrics, o.BasePath = m, base })
	late.Library = b.lib
	return b, b.cookie(theSeed.grant.Token)
}

// lateLibrary is made before the box that it is of.
type lateLibrary struct{ *library.Library }

// limited is somebody whom the edge let through with fewer scopes.
func limited(scopes ...string) caller {
	return func(r *http.Request) {
		id := auth.Identity{UserID: theSeed.owner.ID, Kind: "key", Scopes: scopes}
		*r = *r.WithContext(auth.WithIdentity(r.Context(), id))
	}
}

func TestMetrics(t *testing.T) {
	b, owner := measured(t, "")
	const title, needle = "Quarterly secrets of Ada", "zyzzyva"
	src := b.add(t, title+".txt", needle+" text", needle+" text")
	b.do(t, "GET", "/api/v1/sources/"+string(src.ID), "", owner)
	b.do(t, "GET", "/api/v1/search?q="+needle, "", owner)
	b.do(t, "GET", "/api/v1/sources/"+string(src.ID), "")
	b.do(t, "GET", "/nothing/"+needle, "", owner)
	b.play(t, []scenario{
		{name: "nobody", method: "GET", path: "/metrics", status: 401, hasNot: []string{"coffer_"}},
		{name: "other scopes", method: "GET", path: "/metrics", as: []caller{limited("read", "add", "admin")}, status: 403, has: []string{"scope metrics"}, hasNot: []string{"coffer_"}},
		{name: "no scope", method: "GET", path: "/metrics", as: []caller{limited()}, status: 403, hasNot: []string{"coffer_"}},
		{name: "the scope alone", method: "GET", path: "/metrics", as: []caller{limited("metrics")}, status: 200, has: []string{"coffer_build_info"}},
		{name: "the scope opens nothing else", method: "GET", path: "/api/v1/sources", as: []caller{limited("metrics")}, status: 403},
		{name: "changing", method: "POST", path: "/metrics", as: []caller{owner}, status: 405},
		{
			name: "owner", method: "GET", path: "/metrics", as: []caller{owner}, status: 200,
			has: []string{
				`coffer_http_requests_total{method="GET",route="/api/v1/sources/:id",status="2xx"} 1`,
				`coffer_http_requests_total{method="GET",route="/api/v1/sources/:id",status="4xx"} 1`,
				`coffer_http_requests_total{method="GET",route="none",status="4xx"} 1`,
				`coffer_http_request_duration_seconds_count{method="GET",route="/api/v1/search"} 1`,
				`coffer_sources{status="ready",type="text"} 1`, `coffer_jobs{state="done"} 1`,
				`coffer_searches_total 1`, `coffer_uploads_total{result="new"} 1`, `coffer_uploaded_bytes_total 12`,
			},
			hasNot: []string{title, "secrets", needle, string(src.ID), src.SHA256, "192.0.2.7", "Ada", theSeed.owner.ID, theSeed.session.ID},
		},
	})
	if got := b.do(t, "GET", "/metrics", "", owner).Header(); !strings.HasPrefix(got.Get("Content-Type"), "text/plain") || got.Get("Cache-Control") != "no-store" {
		t.Error(got)
	}
}

func TestMetricsUnderABasePath(t *testing.T) {
	b, owner := measured(t, "/box")
	for _, path := range []string{"/metrics", "/box/metrics"} {
		w := b.do(t, "GET", path, "", owner)
		if w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
		if text := w.Body.String(); path == "/box/metrics" && (!strings.Contains(text, `route="/metrics",status="2xx"} 1`) || strings.Contains(text, "/box")) {
			t.Error(text)
		}
	}
}

func TestMetricsOff(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	for _, as := range []caller{nil, owner} {
		if w := b.do(t, "GET", "/metrics", "", as); w.Code != 404 {
			t.Errorf("%d", w.Code)
		}
	}
}
