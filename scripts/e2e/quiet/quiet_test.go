package quiet

import (
	"context"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// seconds is how long the box is watched at rest; COFFER_QUIET_SECONDS sets it.
func seconds(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("COFFER_QUIET_SECONDS")
	if text == "" {
		return 45 * time.Second
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("COFFER_QUIET_SECONDS: %v", err)
	}
	return time.Duration(n) * time.Second
}

// port is where the box listens, on every address as its image does.
const port = 8080

// boot starts a fresh box, sets it up and gives it a document.
func boot(ctx context.Context, t *testing.T) *box.Native {
	t.Helper()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "init", "--root", filepath.Join(dir, "root"))
	cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	b, err := box.Start(ctx, "[::]:"+strconv.Itoa(port), cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Kill()
		if t.Failed() {
			t.Logf("the box's log:\n%s", b.Log())
		}
	})
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	s, err := b.Upload(ctx, "a.txt", []byte("See https://link.example.net/ and mail@example.com."))
	if err == nil {
		s, err = b.Settled(ctx, s.ID)
	}
	if err != nil || s.Status != "ready" {
		t.Fatalf("%+v, %v", s, err)
	}
	return b
}

// TestNothingGoesOut watches a box from its first moment: it boots, is set up,
// reads a document and rests, and nothing leaves it, nor is a name asked for.
// Then a lookup and two connections on purpose are seen on the same wire.
func TestNothingGoesOut(t *testing.T) {
	inside(t, func(t *testing.T) {
		rest := seconds(t)
		ctx, cancel := context.WithTimeout(t.Context(), rest+3*time.Minute)
		defer cancel()
		wire := listen(t)
		began := time.Now()
		b := boot(ctx, t)
		t.Logf("the box is set up after %s and rests for %s", time.Since(began).Round(time.Second), rest)
		if err := box.Pause(ctx, rest); err != nil {
			t.Fatal(err)
		}
		if err := b.Get(ctx, "/api/v1/health", nil); err != nil {
			t.Errorf("it is not well: %v", err)
		}
		silent(t, wire.since(t, began))
		countsNothing(ctx, t, b)

		began = time.Now()
		if out, err := self(roleVisitor).CombinedOutput(); err != nil {
			t.Fatalf("the visitor finds no sink: %v\n%s", err, out)
		}
		seen := wire.since(t, began)
		for what, want := range map[string]func(packet) bool{
			"the lookup": func(p packet) bool {
				return p.kind == "udp" && p.to == netip.MustParseAddrPort(resolver+":53") && p.name == askedFor
			},
			"the connection": func(p packet) bool {
				return p.kind == "tcp" && p.to == netip.MustParseAddrPort(elsewhere+":"+goneTo)
			},
			"the connection by IPv6": func(p packet) bool {
				return p.kind == "tcp" && p.to == netip.MustParseAddrPort("["+elsewhere6+"]:"+goneTo)
			},
		} {
			if !slices.ContainsFunc(seen, func(p packet) bool { return want(p) && !p.local && !p.noise }) {
				t.Errorf("%s of the visitor is not seen: the capture proves nothing", what)
			}
		}
	})
}

// countsNothing asks the box itself what may go out and what did.
func countsNothing(ctx context.Context, t *testing.T, b *box.Native) {
	t.Helper()
	type purpose struct {
		Name       string
		Configured bool
	}
	var said struct {
		Purposes []purpose
		Items    []any
	}
	if err := b.Get(ctx, "/api/v1/egress", &said); err != nil {
		t.Fatal(err)
	}
	open := slices.ContainsFunc(said.Purposes, func(p purpose) bool { return p.Configured })
	if open || len(said.Purposes) == 0 || len(said.Items) > 0 {
		t.Errorf("the box says of itself: %+v", said)
	}
}

// silent fails the test for every packet that is neither the kernel's noise nor
// between the test and the box.
func silent(t *testing.T, packets []packet) {
	t.Helper()
	noise := map[string]int{}
	own, wrong := 0, 0
	for _, p := range packets {
		switch {
		case !p.local && p.noise:
			noise[p.kind]++
		case p.local && p.kind == "tcp" && p.to.Port() != 53: // the test's requests, init's probes, and their answers
			own++
		default:
			if wrong++; wrong <= 10 {
				t.Errorf("%s at %s, to the box itself: %v", p.what, p.at.Format(time.TimeOnly), p.local)
			}
		}
	}
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(noise)) {
		kinds = append(kinds, k+" × "+strconv.Itoa(noise[k]))
	}
	t.Logf("%d packets left the box or were no conversation within it; the kernel's noise: %s; %d packets within the box",
		wrong, strings.Join(kinds, ", "), own)
}
