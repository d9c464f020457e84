package proofs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// TestATestMissesIt runs, for each protection, the test that is to fail without
// it. The same program with nothing left out passes.
func TestATestMissesIt(t *testing.T) {
	tier.Need(t, tier.Proofs)
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string][]row{}
	for _, r := range rows() {
		rooms[r.room] = append(rooms[r.room], r)
	}
	dir := tier.Folder(t)
	for room, all := range rooms {
		t.Run(strings.ReplaceAll(room, "/", "-"), func(t *testing.T) {
			whole := filepath.Join(dir, strings.ReplaceAll(room, "/", "-")+".test")
			if err := compile(t.Context(), "test", "-c", "-trimpath", "-vet=off", "-tags", "weaken", "-o", whole, "./"+room); err != nil {
				t.Fatal(err)
			}
			var tests []string
			for _, r := range all {
				tests = append(tests, r.test)
			}
			slices.Sort(tests)
			if out, err := try(t.Context(), whole, filepath.Join(root, room), slices.Compact(tests)...); err != nil || strings.Contains(out, "--- SKIP") {
				t.Fatalf("with nothing left out: %v\n%s", err, out)
			}
			for _, r := range all {
				t.Run(strings.TrimPrefix(string(r.leave), prefix), func(t *testing.T) {
					t.Parallel()
					weak := filepath.Join(dir, strings.TrimPrefix(string(r.leave), prefix)+".test")
					if err := leaveOut(whole, weak, r.leave); err != nil {
						t.Fatal(err)
					}
					out, err := try(t.Context(), weak, filepath.Join(root, room), r.test)
					if err == nil || !strings.Contains(out, "--- FAIL: "+r.test) {
						t.Errorf("%s of %s does not miss it: %v\n%s", r.test, room, err, box.Trim(out))
					}
				})
			}
		})
	}
}

// try runs tests of a test program where its room lies.
func try(ctx context.Context, program, dir string, tests ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.v", "-test.run", fmt.Sprintf("^(%s)$", strings.Join(tests, "|")))
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LANG=C.UTF-8")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}
