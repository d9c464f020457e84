package scan

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// allowed are the findings that may be more than information, with how bad each
// may be.
func allowed() map[string]string {
	return map[string]string{
		// Nobody can ask an authority of the box's own about a certificate that it
		// took back: it signs for one box, which makes another one instead.
		"cert_revocation": "HIGH",
		// The name is one of a test, and nobody's to make records of.
		"DNS_CAArecord": "LOW",
		// What the scanner cannot try: with ciphers that its own OpenSSL lacks, and
		// with a session ticket, which the box does not give.
		"engine_problem":           "WARN",
		"sessionresumption_ticket": "WARN",
	}
}

// testssl.sh finds nothing in how the box speaks TLS.
func TestTestssl(t *testing.T) {
	inside(t, func(t *testing.T) {
		b := serve(t)
		report := filepath.Join(t.TempDir(), "report.json")
		cmd := exec.CommandContext(t.Context(), "testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1",
			"--add-ca", b.authority, "--jsonfile", report, "https://"+name+":443/login")
		cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin", "HOME=" + t.TempDir(), "TERM=dumb", "LC_ALL=C.UTF-8"}
		out, err := cmd.CombinedOutput() // its status counts findings
		text, failed := os.ReadFile(report)
		if failed != nil {
			t.Fatalf("%v, %v\n%s", err, failed, out)
		}
		var found []struct{ ID, Severity, Finding string }
		if err := json.Unmarshal(text, &found); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		seen := map[string]string{}
		old := []string{"SSLv2", "SSLv3", "TLS1", "TLS1_1"}
		for _, f := range found {
			seen[f.ID] = f.Severity
			switch {
			case slices.Contains(old, f.ID) && f.Finding != "not offered":
				t.Errorf("%s is spoken: %s", f.ID, f.Finding)
			case f.Severity == "OK", f.Severity == "INFO":
			case allowed()[f.ID] == f.Severity:
				t.Logf("allowed: %s %s: %s", f.Severity, f.ID, f.Finding)
			default:
				t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
			}
		}
		// Nothing is found by who does not look.
		for _, id := range append(old, "TLS1_2", "TLS1_3", "cert_chain_of_trust", "cert_trust", "HSTS_time", "heartbleed", "ROBOT", "BREACH", "LOGJAM", "RC4") {
			if seen[id] == "" {
				t.Errorf("%s was not looked at", id)
			}
		}
		t.Logf("%d findings", len(found))
	})
}
