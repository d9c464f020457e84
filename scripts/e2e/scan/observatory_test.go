package scan

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Every test of Mozilla's HTTP Observatory passes, and none takes a point off.
func TestObservatory(t *testing.T) {
	inside(t, func(t *testing.T) {
		scanner := filepath.Join(root(t), "out/observatory/node_modules/@mdn/mdn-http-observatory/src/scan.js")
		if _, err := os.Stat(scanner); err != nil {
			t.Fatal("the Observatory is not here: run scripts/observatory.sh: ", err)
		}
		b := serve(t)
		cmd := exec.CommandContext(t.Context(), "node", scanner, name)
		cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/local/bin", "NODE_EXTRA_CA_CERTS=" + b.authority}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var report struct {
			Scan  struct{ Grade string }
			Tests map[string]struct {
				Pass          bool
				Result        string
				ScoreModifier int
			}
		}
		if err := json.Unmarshal(out, &report); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := []string{
			"content-security-policy", "cookies", "cross-origin-resource-policy", "cross-origin-resource-sharing", "redirection",
			"referrer-policy", "strict-transport-security", "subresource-integrity", "x-content-type-options", "x-frame-options",
		}
		for _, name := range want {
			if _, ok := report.Tests[name]; !ok {
				t.Errorf("%s was not looked at", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(report.Tests)) {
			r := report.Tests[name]
			t.Logf("%s: %s (%+d)", name, r.Result, r.ScoreModifier)
			if !r.Pass || r.ScoreModifier < 0 {
				t.Errorf("%s fails: %s", name, r.Result)
			}
		}
		t.Logf("grade %s", report.Scan.Grade)
	})
}
