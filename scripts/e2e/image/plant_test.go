package image

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"coffer/scripts/e2e/tier"
)

// A link in the place of a folder of the volume stops the start; the command
// that is named, as it stands there, makes room, and what the link led to is as
// it was.
func TestLinkInTheVolume(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	dir := folder(t, 0, 0o755)
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("as it was"), 0o604); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"store": "/etc", "logs": "/data/victim"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out := refusal(t, "-v", dir+":/data")
	commands := regexp.MustCompile(`docker run --rm --user 0 --entrypoint sh -v VOLUME:/data IMAGE -c "([^"]+)"`).FindAllStringSubmatch(out, -1)
	if len(commands) != 2 {
		t.Fatalf("it names %d commands, not one for each link:\n%s", len(commands), out)
	}
	for _, c := range commands {
		docker(t, "run", "--rm", "--user", "0", "--entrypoint", "sh", "-v", dir+":/data", tag, "-c", c[1])
	}
	mainJob(t, startOn(t, dir))
	if text, err := os.ReadFile(victim); err != nil || string(text) != "as it was" {
		t.Errorf("%q, %v", text, err)
	}
	if st, err := os.Stat(victim); err != nil || st.Mode().Perm() != 0o604 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}
