package acme

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/tier"
)

// A box that the configuration tells to order starts with a certificate of its
// own, orders, and presents what came. Another start presents the same.
func TestOrderedByConfiguration(t *testing.T) {
	p := newPlace(t, 90*24*time.Hour)
	root := tier.Folder(t)
	p.authority.Spoil(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	g := p.start(t, root, "COFFER_TLS=acme", "COFFER_ACME_DIRECTORY="+p.authority.Directory, "COFFER_BASE_PATH=/box", "COFFER_ACME_EMAIL=ada@example.org")
	g.own()
	before := g.presented(first)
	if before.VerifyHostname(first) != nil || g.trusts(first) == nil {
		t.Errorf("%v stands in", before.DNSNames)
	}
	if s := g.served(); s.Mode != "acme" || s.Order.Serves || !s.Presented.Own {
		t.Errorf("%+v", s)
	}
	g.until("it is told that nothing came", func() bool {
		status, evidence := g.claim()
		return status == "degraded" && strings.Contains(evidence, "stands in")
	})
	p.authority.Spoil(nil)
	g.until("another order may begin", func() bool { return g.change(map[string]any{"order_now": true}) == "" })
	var steps []string
	g.until("an authority's is served", func() bool {
		s := g.served()
		if step := s.Order.Step; step != "" && !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
		return s.Order.Serves
	})
	if !slices.Contains(steps, "challenge") {
		t.Errorf("steps: %q", steps)
	}
	if err := g.trusts(first); err != nil {
		t.Error(err)
	}
	if status, evidence := g.claim(); status != "pass" || !strings.Contains(evidence, "acme: the edge presents the certificate for "+first) {
		t.Errorf("%s: %s", status, evidence)
	}
	ordered := g.presented(first)
	orders := p.authority.Count("/order-plz")
	g.looksAfterKeys()
	g.audited("order_failed", "certificate_made")
	if code, _, err := g.Stop(); code != 0 || err != nil {
		t.Fatal(code, err)
	}

	again := p.start(t, root, "COFFER_TLS=acme", "COFFER_ACME_DIRECTORY="+p.authority.Directory, "COFFER_BASE_PATH=/box")
	if !bytes.Equal(again.presented(first).Raw, ordered.Raw) || again.trusts(first) != nil {
		t.Error("another start presents another")
	}
	if n := p.authority.Count("/order-plz"); n != orders {
		t.Errorf("another start orders again: %d, %d", orders, n)
	}
}

// looksAfterKeys looks where keys lie: with init, and what is presented with the
// edge.
func (g *guest) looksAfterKeys() {
	g.t.Helper()
	held := 0
	err := filepath.WalkDir(g.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // it is gone
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte("PRIVATE KEY-----")) || strings.HasPrefix(path, filepath.Join(g.root, "usr")) {
			return nil
		}
		held++
		if !strings.HasPrefix(path, filepath.Join(g.root, "data/secrets/tls")+"/") {
			g.t.Errorf("a key lies in %s", path)
		}
		return nil
	})
	if err != nil || held < 3 { // the pair twice, and the account
		g.t.Errorf("%d keys, %v", held, err)
	}
	left, err := os.ReadDir(filepath.Join(g.root, "run/coffer/acme"))
	if err != nil || len(left) > 0 {
		g.t.Errorf("challenges are still served: %v, %v", left, err)
	}
}

// audited waits until the audit log has kinds.
func (g *guest) audited(kinds ...string) {
	g.t.Helper()
	for _, kind := range kinds {
		g.until("the audit log has "+kind, func() bool {
			var log struct {
				Items []struct{ Who, Detail string }
			}
			if err := g.Get(g.ctx, "/api/v1/audit?kind="+kind, &log); err != nil {
				g.t.Fatal(err)
			}
			return len(log.Items) > 0 && log.Items[0].Who == "box" && strings.Contains(log.Items[0].Detail, first)
		})
	}
}
