package native

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// The figures of a running box come through the edge to its owner, and hold
// nothing that was added or looked for.
func TestMetrics(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, dir, "COFFER_METRICS=true")
	if err != nil {
		t.Fatal(err)
	}
	defer kill(b)
	if err := b.Get(ctx, "/metrics", nil); !box.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a stranger asks: %v, want 401", err)
	}
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	name, body := papers.Mixed(0)
	s, err := b.Upload(ctx, name, body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Searchable(ctx, papers.Token(0)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`coffer_sources{status="ready",type="` + s.Type, `coffer_uploads_total{result="new"} 1`, `coffer_searches_total `,
		`coffer_service_state{service="nginx",state="running"} 1`, `coffer_service_restarts_total{service="api"} 0`,
		`coffer_posture_check{id="process-identity",status="pass"} 1`, `coffer_part_readable{part="services"} 1`,
		`coffer_part_readable{part="posture"} 1`, `coffer_part_readable{part="library"} 1`, `coffer_part_readable{part="volume"} 1`,
		`coffer_http_requests_total{method="POST",route="/api/v1/sources",status="2xx"} 1`,
		`coffer_volume_free_bytes `, `coffer_store_size_bytes `, `coffer_index_size_bytes `, `coffer_uptime_seconds `,
	}
	text, missing := "", want
	for len(missing) > 0 && ctx.Err() == nil { // the box looks at itself a moment after it is ready
		if err := b.Get(ctx, "/metrics", &text); err != nil {
			t.Fatal(err)
		}
		missing = nil
		for _, line := range want {
			if !strings.Contains(text, line) {
				missing = append(missing, line)
			}
		}
		_ = box.Pause(ctx, 50*time.Millisecond)
	}
	if len(missing) > 0 {
		t.Errorf("%q are missing in\n%s", missing, text)
	}
	for _, not := range []string{papers.Token(0), s.ID, s.SHA256, s.Title, name, box.Owner, "127.0.0.1"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is shown", not)
		}
	}
	stop(t, b, (*box.Native).Stop)
}
