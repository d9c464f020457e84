package edge_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/appliance/beneath"
	"coffer/appliance/edge"
)

// What an authority asks for is answered under any name and nothing else is,
// whatever lies in the folder.
func TestChallenges(t *testing.T) {
	for _, base := range []string{"", "/box"} {
		var c edge.Challenges
		b := startWith(t, true, func(o *edge.Options) { o.BasePath = base }, func(run string) {
			c = edge.Challenges{Run: run, UID: beneath.Keep, GID: beneath.Keep}
			if os.Geteuid() == 0 {
				c.GID = edgeID
				if err := os.Chown(filepath.Join(run, "acme"), 0, edgeID); err != nil {
					t.Fatal(err)
				}
			}
		})
		b.url = strings.TrimSuffix(b.url, base)
		const at = "/.well-known/acme-challenge/"
		const token, answer = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA", "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
		if res := b.do(t, "GET", at+token, nil); res.StatusCode != 404 {
			t.Errorf("before: %d %q", res.StatusCode, res.body)
		}
		if err := c.Put(token, answer); err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"127.0.0.1", "coffer.example.org", elsewhereName} {
			res := b.do(t, "GET", at+token, nil, "Host", host, "Cookie", "")
			if res.StatusCode != 200 || res.body != answer || res.Header.Get("Location") != "" {
				t.Errorf("as %s: %d %q", host, res.StatusCode, res.body)
			}
			if got := res.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("it may be kept: %q", got)
			}
		}
		for _, path := range []string{at, at + "x", at + "." + token + ".new", at + token + "/", at + "../acme-challenge/%2e%2e/edge/http.conf",
			at + "..%2fedge%2fhttp.conf", at + strings.Repeat("a", 129), at + "%2e%2e", at + token + ".x"} {
			if res := b.do(t, "GET", path, nil, "Cookie", ""); res.StatusCode == 200 || strings.Contains(res.body, "edge_token") {
				t.Errorf("%s: %d %q", path, res.StatusCode, res.body)
			}
		}
		if res := b.do(t, "POST", at+token, strings.NewReader("x")); res.StatusCode == 200 {
			t.Errorf("a POST is answered %d", res.StatusCode)
		}
		if n := b.api.count(); n != 0 {
			t.Errorf("%d requests reached the API", n)
		}
		if err := c.Clear(token); err != nil {
			t.Fatal(err)
		}
		if res := b.do(t, "GET", at+token, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("after: %d", res.StatusCode)
		}
		if err := c.Clear(token); err != nil {
			t.Errorf("a second time: %v", err)
		}
	}
}

func TestChallengesAreTokens(t *testing.T) {
	run := t.TempDir()
	if err := os.Mkdir(filepath.Join(run, "acme"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := edge.Challenges{Run: run, UID: beneath.Keep, GID: beneath.Keep}
	for _, r := range []struct{ token, answer string }{
		{"", "a.b"}, {".", "a.b"}, {"..", "a.b"}, {"../x", "a.b"}, {"a/b", "a.b"}, {".hidden", "a.b"}, {"a b", "a.b"}, {"a\n", "a.b"},
		{strings.Repeat("a", 129), "a.b"}, {"ok", ""}, {"ok", "ab"}, {"ok", "a.b.c"}, {"ok", "<script>.b"}, {"ok", "a.b\n"},
	} {
		if err := c.Put(r.token, r.answer); err == nil {
			t.Errorf("%q with %q is put", r.token, r.answer)
		}
		if err := c.Clear(r.token); err != nil {
			t.Errorf("clearing %q: %v", r.token, err)
		}
	}
	names := 0
	for i := range 80 {
		if c.Put("t"+strings.Repeat("a", i), "a.b") == nil {
			names++
		}
	}
	if names != 64 {
		t.Errorf("%d challenges are open, want 64", names)
	}
	if err := c.Sweep(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(run, "acme")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
