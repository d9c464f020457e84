package native

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// gitleaks looks for secrets by rules that are not ours. It is no part of this
// module: the test builds it.
const gitleaks = "github.com/zricethezav/gitleaks/v8@v8.30.1"

// TestDiagnosticsAreClean: secrets of sixty shapes and more are planted in the
// environment, the settings, requests and the logs of a box, in every form. None
// of them is in the export, a scanner with rules of its own finds none either,
// and what support needs is still there.
func TestDiagnosticsAreClean(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	all := secrets()
	env := []string{"COFFER_METRICS=true"}
	for _, s := range all {
		switch {
		case strings.Contains(s.env, "="):
			env = append(env, strings.Replace(s.env, "@", s.value, 1))
		case s.env != "" && s.env != "file":
			env = append(env, s.env+"="+s.value)
		}
	}
	b, err := box.Init(ctx, binary, dir, env...)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Setup(ctx, "OWNERS-CODE-17", box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "data/secrets/session-key"))
	if err != nil {
		t.Fatal(err)
	}
	// What services said before is remembered by the next start.
	for i := range all {
		switch all[i].name {
		case "session key":
			all[i].value = strings.TrimSpace(string(key))
		case "edge token": // another one at each start
			all[i].value = strings.Repeat("0", 8)
		}
	}
	plant(t, filepath.Join(dir, "data/logs"), all)
	if b, err = box.Init(ctx, binary, dir, env...); err != nil {
		t.Fatal(err)
	}
	defer kill(b)
	if err := b.Login(ctx, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if s.name == "edge token" {
			all[i].value = edgeToken(t, dir)
		}
		_ = b.Get(ctx, "/static/"+url.PathEscape(s.value)+"?key="+url.QueryEscape(s.value), nil)
	}
	// It looks at itself, so that there is something to tell. A claim that does
	// not hold on this machine is no matter here.
	if said, err := exec.CommandContext(ctx, binary, "doctor", "--root", dir).CombinedOutput(); !strings.Contains(string(said), "diagnostics-clean") {
		t.Fatalf("%v %s", err, said)
	}
	var preview struct {
		ID    string
		Files []struct {
			Name     string
			Redacted map[string]int
		}
	}
	if err := b.Get(ctx, "/api/v1/diagnostics/preview", &preview); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "data/logs/api.log"))
		t.Fatalf("%v\n%s", err, regexp.MustCompile("(?m)^.*diagnostics are refused.*$").Find(said))
	}
	var file string
	if err := b.Get(ctx, "/api/v1/diagnostics?id="+preview.ID, &file); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	text := unpack(t, file, out)
	planted := 0
	for _, s := range all {
		if s.name == "edge token" && len(s.value) < 32 {
			t.Error("the edge's token is not known")
		}
		planted++
		for _, trace := range s.traces() {
			if at := strings.Index(text, trace); at >= 0 {
				t.Errorf("%s: %q is in it: %q", s.name, trace, text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
	if planted < 60 {
		t.Errorf("%d secrets were planted", planted)
	}
	for _, private := range []string{box.Owner, "divorce", "db.internal", "box.example"} {
		if strings.Contains(text, private) {
			t.Errorf("%q is in it", private)
		}
	}
	for _, fact := range []string{
		`"coffer": "`, `"go": "go1.`, `"kernel": "`, `"landlock": `, `"name": "COFFER_SECRET_KEY"`, `"value": "configured"`, `"source": "environment"`, `"id": "diagnostics-clean"`, `"name": "nginx"`,
		`"state": "running"`, `"store_bytes": `, `"volume_free_bytes": `, `"jobs": {`, `coffer_uptime_seconds `, `msg="service ready" service=api`, "planted line 1 ", "method=POST route=/api/v1/setup status=201 duration=", "client=127.0.0.1 request_id=[id:", "runtime.gopark proc.go:", `"planned": false`, `"container": `,
	} {
		if !strings.Contains(text, fact) {
			t.Errorf("%s is missing", fact)
		}
	}
	scan(ctx, t, out)
	if t.Failed() {
		t.Logf("%+v", preview)
	}
	cmd := exec.CommandContext(ctx, binary, "diagnostics", "--root", dir, filepath.Join(out, "by-command.zip"))
	if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "by-command.zip: ") {
		t.Errorf("%v %s", err, said)
	}
}

// plant writes the secrets into logs of an earlier run.
func plant(t *testing.T, folder string, all []secret) {
	t.Helper()
	n := 0
	for i, service := range []string{"api", "nginx", "worker", "parser", "egress"} {
		f, err := os.OpenFile(filepath.Join(folder, service+".log"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o640)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-time.Hour)
		for j, s := range all {
			if j%5 != i {
				continue
			}
			for _, line := range s.lines() {
				n++
				if strings.HasPrefix(line, "got") {
					line = fmt.Sprintf("planted line %d %s", n, line)
				}
				fmt.Fprintf(f, "%s ERROR %s\n", at.Add(time.Duration(n)*time.Millisecond).UTC().Format("2006-01-02T15:04:05.000000Z"), line)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// edgeToken is that of this start, as the edge has it.
func edgeToken(t *testing.T, dir string) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(filepath.Join(dir, "run/coffer/edge"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if token := regexp.MustCompile(`\b[0-9a-f]{64}\b`).Find(content); strings.Contains(string(content), "$edge_token") {
			found = string(token)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unpack lays the file out and returns all that is in it.
func unpack(t *testing.T, file, folder string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(file)), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", f.Name, content)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d-%s", i, filepath.Base(f.Name))), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// scan has gitleaks look through a folder, after it found what is planted there
// to see that it looks at all.
func scan(ctx context.Context, t *testing.T, folder string) {
	t.Helper()
	bin := t.TempDir()
	build := exec.CommandContext(ctx, "go", "install", gitleaks)
	build.Env = append(os.Environ(), "GOBIN="+bin, "CGO_ENABLED=0", "GOFLAGS=")
	build.Dir = bin
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("gitleaks cannot be built: %v\n%s", err, said)
	}
	leaks := func(of string) (string, error) {
		said, err := exec.CommandContext(ctx, filepath.Join(bin, "gitleaks"), "dir", "--no-banner", "--verbose", of).CombinedOutput()
		return string(said), err
	}
	bare := t.TempDir()
	if err := os.WriteFile(filepath.Join(bare, "a.log"), []byte("token ghp_"+"x7Kq2Lm9Pv4Rt6Yw1Bn3Cd5Fg7Hj0SaQeZ8w\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := leaks(bare); err == nil {
		t.Errorf("gitleaks does not find what is planted: %s", said)
	}
	if said, err := leaks(folder); err != nil {
		t.Errorf("gitleaks: %v\n%s", err, said)
	}
}
