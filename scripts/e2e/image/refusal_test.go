package image

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// named are the capabilities that root needs, as the README gives them back.
func named(but ...string) []string {
	options := []string{"--cap-drop", "ALL"}
	for _, c := range []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETUID", "SETGID", "SETPCAP"} {
		if !slices.Contains(but, c) {
			options = append(options, "--cap-add", c)
		}
	}
	return options
}

// folder is one of the machine's, to be mounted at /data.
func folder(t *testing.T, uid int, mode os.FileMode) string {
	t.Helper()
	dir := filepath.Join(tier.Folder(t), "data")
	if err := errors.Join(os.Mkdir(dir, mode), os.Chmod(dir, mode), os.Chown(dir, uid, uid)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// small is a folder with a file system of its own, of so many bytes.
func small(t *testing.T, bytes string) string {
	t.Helper()
	dir := folder(t, 0, 0o755)
	if err := unix.Mount("coffer-test", dir, "tmpfs", 0, "mode=1777,size="+bytes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes what is left of a file system, and returns how to give it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		for err = nil; err == nil; _, err = f.Write(make([]byte, size)) {
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

// refusal runs a box that must not start, and returns what it said.
func refusal(t *testing.T, options ...string) string {
	t.Helper()
	cmd := exec.CommandContext(within(t, time.Minute), "docker", slices.Concat([]string{"run", "--rm"}, options, []string{tag})...)
	out, err := cmd.CombinedOutput()
	if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.ExitCode() != 78 {
		t.Errorf("docker run %q: %v, want it to end with 78\n%s", options, err, out)
	}
	return string(out)
}

// A box that cannot run as it was started ends at once, and says what to do.
func TestRefusals(t *testing.T) {
	tier.Need(t, tier.Image)
	user := []string{"--user", "1000:1000"}
	for _, c := range []struct {
		name    string
		options func(t *testing.T) []string
		says    []string
	}{
		{"no capability", func(*testing.T) []string { return []string{"--cap-drop", "ALL"} },
			[]string{"it lacks CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETUID, SETGID, SETPCAP", "--cap-add SETUID", "--user 1000:1000"}},
		{"no SETUID", func(*testing.T) []string { return named("SETUID") },
			[]string{"it lacks SETUID; add them (--cap-add SETUID), or run without root (--user 1000:1000)"}},
		{"no CHOWN", func(*testing.T) []string { return named("CHOWN") },
			[]string{"it lacks CHOWN; add them (--cap-add CHOWN), or run without root (--user 1000:1000)"}},
		{"read-only volume", func(t *testing.T) []string { return []string{"-v", folder(t, 1234, 0o700) + ":/data:ro"} },
			[]string{"/data is on a volume mounted read-only. Mount it without :ro."}},
		{"read-only volume, user", func(t *testing.T) []string { return append(user, "-v", folder(t, 1000, 0o700)+":/data:ro") },
			[]string{"/data/store is on a volume mounted read-only.", "Mount it without :ro."}},
		{"read-only container", func(*testing.T) []string { return []string{"--read-only"} },
			[]string{"/run/coffer is on a volume mounted read-only. With a read-only container, add --tmpfs /run."}},
		{"read-only container, user", func(*testing.T) []string { return append(user, "--read-only") },
			[]string{"With a read-only container, add --tmpfs /run."}},
		{"full volume", func(t *testing.T) []string {
			dir := small(t, "1m")
			fill(t, dir)
			return []string{"-v", dir + ":/data"}
		}, []string{"/data cannot be written: the disk is full. Make room on the volume; nothing stored has been changed."}},
		{"full volume, user", func(t *testing.T) []string {
			dir := small(t, "1m")
			fill(t, dir)
			return append(user, "-v", dir+":/data")
		}, []string{"no space left on device", "Make room on it and start again; nothing stored has been changed."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := refusal(t, c.options(t)...)
			for _, words := range c.says {
				if !strings.Contains(out, words) {
					t.Errorf("it does not say %q:\n%s", words, out)
				}
			}
			if n := strings.Count(out, "differs and cannot be repaired"); n > 0 {
				t.Errorf("it also complains of %d protected files:\n%s", n, out)
			}
		})
	}
}

// mainJob sets the box up, adds a document and finds it, and has the box look
// at itself.
func mainJob(t *testing.T, c *container) {
	t.Helper()
	c.owned(t)
	add(t, c, 0)
	c.looksWell(t)
	c.stop(t)
}

// looksWell fails the test when a claim of the box does not hold.
func (c *container) looksWell(t *testing.T) {
	t.Helper()
	docker(t, "exec", c.id, "coffer", "healthcheck")
	if out, err := try("exec", c.id, "coffer", "doctor"); err != nil {
		t.Errorf("the box does not keep its claims: %v\n%s", err, out)
	}
}

// Root makes another's folder its own, by what it declares.
func TestForeignFolder(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	dir := folder(t, 1234, 0o700)
	mainJob(t, startOn(t, dir))
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil || st.Uid != 0 || st.Mode&0o777 != 0o755 {
		t.Errorf("the folder belongs to %d with mode %o, %v", st.Uid, st.Mode, err)
	}
}

// Without root, another's folder is refused with the command that hands it
// over; that very command does.
func TestForeignFolderWithoutRoot(t *testing.T) {
	tier.Need(t, tier.Image)
	for _, mode := range []os.FileMode{0o755, 0o700} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			dir := folder(t, 1234, mode)
			options := []string{"--user", "1000:1000", "-v", dir + ":/data"}
			out := refusal(t, options...)
			const words = "On the host run: chown -R 1000:1000 FOLDER, where FOLDER is what is mounted at /data."
			if strings.Count(out, words) != 1 {
				t.Errorf("it does not say once %q:\n%s", words, out)
			}
			if out, err := exec.Command("chown", "-R", "1000:1000", dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			mainJob(t, startOn(t, dir, "--user", "1000:1000"))
		})
	}
}

// One library goes from root to another PUID, to a box without root and back:
// each start finds everything, and hands over what there is once.
func TestOwnersComeAndGo(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	dir := folder(t, 1234, 0o700)
	c := startOn(t, dir).owned(t)
	name, body := papers.Mixed(0)
	if _, err := c.Upload(within(t, time.Minute), name, body); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Searchable(within(t, time.Minute), papers.Token(0)); err != nil {
		t.Fatal(err)
	}
	for n, step := range []struct {
		options []string
		remedy  string // run first, after a start that asks for it
		owner   uint32 // of the store
		moved   bool
	}{
		{[]string{"-e", "PUID=1500", "-e", "PGID=1600"}, "", 1500, true},
		{[]string{"-e", "PUID=1500", "-e", "PGID=1600"}, "", 1500, false},
		{[]string{"--user", "1000:1000"}, "1000:1000", 1000, false},
		{[]string{"--user", "1000:1000"}, "", 1000, false},
		{nil, "", 10002, true},
		{nil, "", 10002, false},
	} {
		c.stop(t)
		if step.remedy != "" {
			out := refusal(t, append([]string{"-v", dir + ":/data"}, step.options...)...)
			if !strings.Contains(out, "chown -R "+step.remedy+" ") {
				t.Errorf("step %d: no remedy in\n%s", n, out)
			}
			if out, err := exec.Command("chown", "-R", step.remedy, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		c = startOn(t, dir, step.options...)
		ctx := within(t, time.Minute)
		if err := c.Login(ctx, box.Owner, box.Password); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		if found, err := c.Search(ctx, papers.Token(0)); err != nil || found.Total != 1 {
			t.Errorf("step %d: found %+v, %v", n, found, err)
		}
		more, body := papers.Mixed(n + 1)
		if s, err := c.Upload(ctx, more, body); err != nil {
			t.Errorf("step %d: %v", n, err)
		} else if s, err = c.Settled(ctx, s.ID); err != nil || s.Status != "ready" {
			t.Errorf("step %d: %+v, %v", n, s, err)
		}
		logs, _ := exec.Command("docker", "logs", c.id).CombinedOutput()
		if moved := strings.Contains(string(logs), "stored files are handed over"); moved != step.moved {
			t.Errorf("step %d: handed over: %v\n%s", n, moved, logs)
		}
		c.ownedThroughout(t, dir, step.owner)
	}
	c.stop(t)
}

// ownedThroughout looks at every file of the library, with the machine's eyes.
func (c *container) ownedThroughout(t *testing.T, dir string, uid uint32) {
	t.Helper()
	for _, tree := range []string{"store", "blobs", "backups", "witness"} {
		err := filepath.WalkDir(filepath.Join(dir, tree), func(path string, _ os.DirEntry, err error) error {
			var st unix.Stat_t
			if err == nil {
				err = unix.Lstat(path, &st)
			}
			if errors.Is(err, unix.ENOENT) { // segments of the index come and go
				return nil
			}
			if err == nil && st.Uid != uid {
				t.Errorf("%s belongs to %d, want %d", path, st.Uid, uid)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadFile(filepath.Join(dir, ".api-owner")); err != nil || strings.Contains(string(left), "moving") {
		t.Errorf("the record of owners says %q, %v", left, err)
	}
}

// Log lines tell the owner's time.
func TestTimeZone(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	c := start(t, "-e", "TZ=Asia/Kathmandu", "-e", "UMASK=027")
	if err := c.Get(within(t, time.Minute), "/static/none", nil); !box.IsStatus(err, http.StatusNotFound) {
		t.Error(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		logs, _ := exec.Command("docker", "logs", c.id).CombinedOutput()
		missing := ""
		for _, service := range []string{"init: ", "nginx: "} {
			if !strings.Contains(string(logs), service+"time="+time.Now().In(time.FixedZone("", 20700)).Format("2006-01-02T")) || !strings.Contains(string(logs), "+05:45") {
				missing = service
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s has another time:\n%s", missing, logs)
		}
	}
}
