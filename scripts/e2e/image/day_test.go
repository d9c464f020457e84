package image

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// The same first day under every way of running that is promised to work.
func TestFirstDay(t *testing.T) {
	tier.Need(t, tier.Image)
	for _, c := range []struct {
		name    string
		options []string
	}{
		{"readme", fromReadme(t)},
		{"compose", composed(t)},
		{"hardened", append(named(), "--read-only", "--tmpfs", "/run", "--security-opt", "no-new-privileges")},
		{"named capabilities", named()},
		{"no new privileges", []string{"--security-opt", "no-new-privileges"}},
		{"read-only", []string{"--read-only", "--tmpfs", "/run"}},
		{"all together", append(named(), "--read-only", "--tmpfs", "/run", "--security-opt", "no-new-privileges", "--init",
			"-e", "PUID=1234", "-e", "PGID=2345", "-e", "UMASK=077", "-e", "TZ=America/St_Johns")},
		{"user", []string{"--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}},
		{"user read-only", []string{"--user", "1000:1000", "--read-only", "--tmpfs", "/run", "--cap-drop", "ALL"}},
		{"own ids", []string{"-e", "PUID=1234", "-e", "PGID=2345", "-e", "TZ=Asia/Kathmandu"}},
		{"init", []string{"--init"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			firstDay(t, start(t, c.options...))
		})
	}
}

// firstDay sets the box up, adds a document, finds it, reads it, signs out,
// comes back, and switches the box off and on.
func firstDay(t *testing.T, c *container) {
	ctx := within(t, 2*time.Minute)
	if err := c.Get(ctx, "/api/v1/sources", nil); !box.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a stranger lists sources: %v, want 401", err)
	}
	if err := c.Setup(ctx, "AAAA-AAAA", box.Owner, box.Password); !box.IsStatus(err, http.StatusForbidden) {
		t.Errorf("setup with a wrong code: %v, want 403", err)
	}
	if err := c.Setup(ctx, c.setupCode(t), box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	if err := c.Setup(ctx, c.setupCode(t), "second", box.Password); !box.IsStatus(err, http.StatusConflict) {
		t.Errorf("a second setup: %v, want 409", err)
	}
	var ids []string
	for n := range 7 { // one of each format
		name, body := papers.Mixed(n)
		s, err := c.Upload(ctx, name, body)
		if err != nil {
			t.Fatalf("upload %s: %v", name, err)
		}
		ids = append(ids, s.ID)
	}
	for n, id := range ids {
		s, err := c.Settled(ctx, id)
		if err != nil || s.Status != "ready" {
			t.Fatalf("document %d is %+v, %v; want ready", n, s, err)
		}
		found, err := c.Searchable(ctx, papers.Token(n))
		if err != nil || found.Total != 1 || found.Hits[0].SourceID != id || !strings.Contains(found.Hits[0].Snippet, "<mark>"+papers.Token(n)) {
			t.Errorf("document %d is found as %+v, %v; want once, in %s, marked", n, found, err, id)
		}
		var text string
		if err := c.Get(ctx, "/api/v1/sources/"+id+"/text", &text); err != nil || !strings.Contains(text, papers.Token(n)) {
			t.Errorf("the text of document %d lacks its word: %v", n, err)
		}
	}
	if err := c.Logout(ctx); err != nil {
		t.Errorf("log out: %v", err)
	}
	if _, err := c.Search(ctx, papers.Token(0)); !box.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("search after log out: %v, want 401", err)
	}
	if err := c.Login(ctx, box.Owner, "wrong "+box.Password); !box.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a wrong password: %v, want 401", err)
	}
	if err := c.Login(ctx, box.Owner, box.Password); err != nil {
		t.Errorf("sign in: %v", err)
	}
	c.looksWell(t)
	c.stop(t)
	docker(t, "start", c.id)
	c.await(t)
	if err := c.Login(ctx, box.Owner, box.Password); err != nil {
		t.Fatalf("sign in after a restart: %v", err)
	}
	if found, err := c.Search(ctx, papers.Token(3)); err != nil || found.Total != 1 {
		t.Errorf("after a restart the search finds %+v, %v; want 1", found, err)
	}
	c.stop(t)
}

// fromReadme returns the options of the README's `docker run`, less those that
// the test gives in its own way: a name, a port and a volume.
func fromReadme(t *testing.T) []string {
	t.Helper()
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\$ docker run -d (.*) coffer$`).FindSubmatch(text)
	if line == nil {
		t.Fatal("README.md has no docker run")
	}
	options := " " + string(line[1]) + " "
	for _, own := range []string{" --name coffer ", " -p 8080:8080 ", " -p 8443:8443 ", " -v coffer:/data "} {
		if !strings.Contains(options, own) {
			t.Errorf("README.md runs the image without%s", own)
		}
		options = strings.Replace(options, own, " ", 1)
	}
	return strings.Fields(options)
}

// composed turns the options of compose.yaml into those of docker run, and
// refuses a key that it does not know, so that none goes untested.
func composed(t *testing.T) []string {
	t.Helper()
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]map[string]yaml.Node
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	service, ok := file.Services["coffer"]
	if !ok || len(file.Services) != 1 {
		t.Fatalf("compose.yaml has services %v, want coffer alone", file.Services)
	}
	var options []string
	lists := map[string]string{"cap_drop": "--cap-drop", "cap_add": "--cap-add", "security_opt": "--security-opt", "tmpfs": "--tmpfs"}
	values := map[string]string{"mem_limit": "--memory", "memswap_limit": "--memory-swap", "pids_limit": "--pids-limit"}
	// What the test does in its own way: names, ports, volumes, restarts.
	own := []string{"image", "build", "restart", "ports", "volumes", "stop_grace_period"}
	for key, node := range service {
		switch {
		case lists[key] != "":
			for _, item := range node.Content {
				options = append(options, lists[key], item.Value)
			}
		case values[key] != "":
			options = append(options, values[key], node.Value)
		case key == "read_only":
			options = append(options, "--read-only="+node.Value)
		case key == "logging":
			var logging struct {
				Driver  string
				Options map[string]string
			}
			if err := node.Decode(&logging); err != nil {
				t.Fatal(err)
			}
			options = append(options, "--log-driver", logging.Driver)
			for k, v := range logging.Options {
				options = append(options, "--log-opt", k+"="+v)
			}
		case !slices.Contains(own, key):
			t.Errorf("compose.yaml has %s, which this test does not translate", key)
		}
	}
	for _, want := range []string{"--read-only=true", "ALL", "no-new-privileges:true", "--memory", "max-size=10m"} {
		if !slices.Contains(options, want) {
			t.Errorf("compose.yaml lacks %s: %q", want, options)
		}
	}
	return options
}
