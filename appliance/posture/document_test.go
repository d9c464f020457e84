package posture

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/threat-model.md")

// TestDocument keeps docs/threat-model.md the table's own words.
func TestDocument(t *testing.T) {
	const path = "../../docs/threat-model.md"
	want := document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/threat-model.md differs from the table of claims (%v); run: go test ./appliance/posture -update", err)
	}
}

func document() string {
	var b strings.Builder
	checked, later, none := 0, 0, 0
	for _, c := range Claims() {
		switch {
		case c.Later != "":
			later++
		case c.None != "":
			none++
		default:
			checked++
		}
	}
	fmt.Fprintf(&b, `# Threat model

<!-- Written by "go test ./appliance/posture -update" from the table in appliance/posture/claims.go. -->

The box makes %d claims. %d of them it checks itself, seconds after each start, every few minutes, and whenever `+"`coffer doctor`"+`
is run; it shows each with what it saw on the page Box, at `+"`GET /api/v1/posture`"+`, and in that command, which ends with code 1 when
one does not hold. %d shows in nothing that a running box could look at. %d belong to what a later version brings. Both are told
as that, never as kept.

The owner is trusted. Attackers are strangers on the network, hostile documents and archives, hostile pages, a service that was
taken over, whoever finds a copy of the volume, and a curious reader of an export.

A check says *pass*, *fail*, *degraded* (less is enforced than claimed, with the reason, mostly a host that does not allow more) or
*n/a* (there is nothing to look at). How the box keeps its claims never changes `+"`GET /api/v1/health`"+`.
`, checked+none+later, checked, none, later)
	for _, g := range Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| id | claim | protects from |\n| --- | --- | --- |\n", g.Name)
		for _, c := range Claims() {
			if c.Group != g.Group {
				continue
			}
			claim := c.Claim
			if c.Later != "" {
				claim += " *" + strings.ToUpper(c.Later[:1]) + c.Later[1:] + ".*"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.ID, claim, c.Against)
		}
	}
	b.WriteString(`
## What is accepted

- Root on the host, and whoever may use its Docker, can read and change everything. No container keeps them out.
- Documents lie on the volume as they are. Use an encrypted disk where the disk may be stolen.
- Over plain HTTP whoever sits on the network can read along, the password included. Turn HTTPS on, or put a proxy with a
  certificate in front.
- The owner can be talked into adding a hostile page or document. It is read under the limits above, stays text, and is shown as such.
- A kernel without Landlock, or with an older one, confines less, and a box without root keeps its services apart by sandbox only.
  Both run, and show as degraded.
`)
	return b.String()
}

func TestTableIsComplete(t *testing.T) {
	wanted := strings.Fields(`file-manifest data-ownership secrets-readers process-identity sandbox-worker sandbox-parser
		supervisor-control edge-only setup-code password-storage brute-force client-address sessions csrf host-header tls headers
		api-keys service-token fetch-ssrf archives content-type inbox backup-sealed backup-proven diagnostics-clean logs-clean
		dev-mode no-egress vault mini-apps`)
	groups := map[Group]bool{}
	for _, g := range Groups() {
		groups[g.Group] = g.Name != ""
	}
	seen := map[string]bool{}
	for _, c := range Claims() {
		switch {
		case seen[c.ID]:
			t.Errorf("%s is there twice", c.ID)
		case c.Title == "" || c.Claim == "" || c.Against == "" || !groups[c.Group]:
			t.Errorf("%s lacks words or a group", c.ID)
		case (c.check == nil) == (c.Later == "" && c.None == "") || c.Later != "" && c.None != "":
			t.Errorf("%s needs a check, or one reason why there is none", c.ID)
		case c.check != nil && c.Remedy == "":
			t.Errorf("%s has no remedy", c.ID)
		case strings.HasSuffix(c.Against, ".") || !strings.HasSuffix(c.Claim, "."):
			t.Errorf("%s: the claim is a sentence, what it protects from is not", c.ID)
		}
		seen[c.ID] = true
	}
	for _, id := range wanted {
		if !seen[id] {
			t.Errorf("%s is missing", id)
		}
		delete(seen, id)
	}
	if len(seen) > 0 {
		t.Errorf("not in the contract: %v", seen)
	}
}
