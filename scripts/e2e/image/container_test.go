package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

const tag = "coffer:e2e"

// The image is built once, from the Dockerfile that ships.
func TestMain(m *testing.M) {
	if slices.Contains(strings.Split(os.Getenv(tier.Variable), ","), tier.Image) {
		root, err := box.Root()
		if err == nil {
			cmd := exec.Command(filepath.Join(root, "scripts/image.sh"), tag)
			cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
			err = cmd.Run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "the image does not build:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// docker runs the client and returns what it printed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func try(args ...string) (string, error) {
	var out, fault bytes.Buffer
	cmd := exec.Command("docker", args...)
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("docker %s: %w\n%s%s", strings.Join(args, " "), err, &out, &fault)
	}
	return strings.TrimSpace(out.String()), nil
}

// container is a running box with a volume of its own.
type container struct {
	*box.Client
	id, code string
}

// start runs the image with more options and waits until the box answers.
func start(t *testing.T, options ...string) *container {
	t.Helper()
	volume := docker(t, "volume", "create")
	t.Cleanup(func() { _, _ = try("volume", "rm", "-f", volume) })
	return startOn(t, volume, options...)
}

// startOn is start on a volume that is there.
func startOn(t *testing.T, volume string, options ...string) *container {
	t.Helper()
	args := slices.Concat([]string{"run", "-d", "-p", "127.0.0.1::8080", "-v", volume + ":/data"}, options, []string{tag})
	c := &container{id: docker(t, args...)}
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := exec.Command("docker", "logs", "--tail", "60", c.id).CombinedOutput()
			t.Logf("the container's log:\n%s", logs)
		}
		_, _ = try("rm", "-f", c.id)
	})
	c.await(t)
	return c
}

// await finds the port, which changes with a restart, and waits for an answer.
func (c *container) await(t *testing.T) {
	t.Helper()
	port, err := try("port", c.id, "8080/tcp")
	if err != nil {
		t.Fatalf("the box ended early: %v", err)
	}
	c.Client = box.Dial("http://" + strings.Split(port, "\n")[0])
	if err := c.Ready(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
}

// setupCode reads the code from the log, as an owner does.
func (c *container) setupCode(t *testing.T) string {
	t.Helper()
	if c.code == "" {
		link := regexp.MustCompile(`/setup\S*?([A-Z0-9]{4}-[A-Z0-9]{4})`)
		var logs []byte
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			logs, _ = exec.Command("docker", "logs", c.id).CombinedOutput()
			if m := link.FindSubmatch(logs); m != nil {
				c.code = string(m[1])
				return c.code
			}
		}
		t.Fatalf("the log has no setup link:\n%s", logs)
	}
	return c.code
}

// owned sets the box up and signs in.
func (c *container) owned(t *testing.T) *container {
	t.Helper()
	if err := c.Setup(within(t, time.Minute), c.setupCode(t), box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	return c
}

// pid is that of the container's first process, as this machine numbers it.
func (c *container) pid(t *testing.T) int {
	t.Helper()
	pid, err := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.Pid}}", c.id))
	if err != nil || pid == 0 {
		t.Fatalf("the container is not running: pid %d, %v", pid, err)
	}
	return pid
}

// process waits for a process of a role.
func (c *container) process(t *testing.T, role string) box.Process {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if p, ok := box.Find(c.pid(t), role); ok {
			return p
		}
	}
	t.Fatalf("no %s runs in the container", role)
	return box.Process{}
}

// sh runs a command inside, as the container's own root.
func (c *container) sh(t *testing.T, script string) string {
	t.Helper()
	return docker(t, "exec", c.id, "sh", "-c", script)
}

// stop is `docker stop`; it asserts a clean end and says how long it took.
func (c *container) stop(t *testing.T) {
	t.Helper()
	started := time.Now()
	docker(t, "stop", "-t", "10", c.id)
	took := time.Since(started)
	state := docker(t, "inspect", "-f", "{{.State.ExitCode}} {{.State.OOMKilled}}", c.id)
	t.Logf("docker stop took %s", took.Round(time.Millisecond))
	if state != "0 false" {
		t.Errorf("after docker stop: exit code and OOM kill are %q, want %q", state, "0 false")
	}
	// Docker kills after 10 s. Far less than that is the promise; this bound only
	// tells a box that stops from one that hangs.
	if took > 8*time.Second {
		t.Errorf("docker stop took %s, the budget is 8 s", took)
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, errors.New("the test's patience ended"))
	t.Cleanup(cancel)
	return ctx
}
