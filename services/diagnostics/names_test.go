package diagnostics

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestNamesAreConsistent(t *testing.T) {
	n := NewNames(Known{Hosts: []string{"strongbox"}, Users: []string{"Øwner"}, Modules: []string{"github.com"}})
	clean := func(s string) string { return renamed(n, s) }
	drawn := regexp.MustCompile(`[:-][0-9a-f]{8}\]`) // of a name that stands for another: any letters
	for _, text := range []string{
		"192.168.1.17", "2001:db8::17", "mail anna@example.org", "Strongbox", "øwner", "http://box.lan:8080/", "host: \"box.home.arpa\"",
		"/srv/anna/taxes.pdf", "/data/blobs/taxes", "user=anna", "01hqzx3v9m2k4n6p8r0t2v4x6y", "123e4567-e89b-12d3-a456-426614174000", "nas.example.com", `title="My taxes"`, "q=taxes",
		"48:2c:6a:1e:59:3d", "48-2C-6A-1E-59-3D", "open /data/My taxes/of anna: permission denied", `"The taxes 2025.pdf"`, "Taxes.pdf", "benutzer=anna", "https://taxesmüller.de/", "/a/b/c/d/e/f/g/h/i/j/k/l/m/taxes",
	} {
		got := clean("a " + text + " b")
		for _, part := range []string{"192.168", "db8", "anna", "rongbox", "wner", "box.", "taxes", "01hqzx", "123e4567", "nas.", "2c", "my ", "of ", "2025", "müller"} {
			if strings.Contains(strings.ToLower(drawn.ReplaceAllString(got, "]")), part) {
				t.Errorf("%q becomes %q", text, got)
			}
		}
		if again := clean("a " + text + " b"); again != got {
			t.Errorf("%q becomes %q and %q", text, got, again)
		}
		if twice := clean(got); twice != got {
			t.Errorf("%q becomes %q", got, twice)
		}
		if other := NewNames(Known{Hosts: []string{"strongbox"}, Users: []string{"Øwner"}}); !strings.Contains(got, "redacted") && renamed(other, "a "+text+" b") == got {
			t.Errorf("%q has one name in two exports", text)
		}
	}
	for _, text := range []string{
		"127.0.0.1:8080", "::1", "0.0.0.0", "localhost", "/data/store/coffer.db", "12:30:45", "github.com/blevesearch/bleve/v2", "services/api/routes.go:17", "unix:/run/coffer/api.sock",
		"user=10002", "server: _", "coffer.db", "http://unix:/run/coffer/api.sock", "v1.26.4",
	} {
		if got := clean("a " + text + " b"); got != "a "+text+" b" {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// Of an address stays of what kind it is, and what was renamed is counted by its
// kind.
func TestNamesTellTheirKind(t *testing.T) {
	n := NewNames(Known{Users: []string{"anna"}})
	for text, want := range map[string]struct {
		begins string
		found  Counts
	}{
		"192.168.1.17":               {"[address:private4-", Counts{"name-address": 1}},
		"198.51.100.7":               {"[address:public4-", Counts{"name-address": 1}},
		"::ffff:10.0.0.1":            {"::ffff:[address:private4-", Counts{"name-address": 1}},
		"fd00::1":                    {"[address:private6-", Counts{"name-address": 1}},
		"2a01:4f8::1":                {"[address:public6-", Counts{"name-address": 1}},
		"fe80::1":                    {"[address:link-local6-", Counts{"name-address": 1}},
		"224.0.0.251":                {"[address:multicast4-", Counts{"name-address": 1}},
		"nas.example.com":            {"[host:", Counts{"name-host": 1}},
		"anna":                       {"[user:", Counts{"name-user": 1}},
		"/srv/photos":                {"/[path:", Counts{"name-path": 2}},
		"/a/b/c/d/e/f/g/h/i/j/k/l/m": {"/[path:", Counts{"name-path": 1}},
		"01hqzx3v9m2k4n6p8r0t2v4x6y": {"[id:", Counts{"name-id": 1}},
		"title=x":                    {"title=" + placeholder("content"), Counts{"content": 1}},
		"127.0.0.1":                  {"127.0.0.1", Counts{}},
	} {
		clean, found := n.IDs(text)
		clean, others := n.Clean(clean)
		found.Add(others)
		if !strings.HasPrefix(clean, want.begins) || !maps.Equal(found, want.found) {
			t.Errorf("%s becomes %s, %v", text, clean, found)
		}
	}
}

// Addresses of the box's own pages and calls tell nothing of anybody.
func TestRoutesStay(t *testing.T) {
	n, route, found := NewNames(Known{}), regexp.MustCompile(`"(/[a-z0-9_{}:*./-]+)"`), 0
	for _, dir := range []string{"../api", "../web"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range route.FindAllSubmatch(source, -1) {
				found++
				if text := "route=" + string(m[1]); renamed(n, text) != text {
					t.Errorf("%s: %s becomes %s", path, text, renamed(n, text))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 80 {
		t.Errorf("%d addresses were found", found)
	}
}

// renamed is a text with all other names.
func renamed(n *Names, text string) string {
	text, _ = n.IDs(text)
	text, _ = n.Clean(text)
	return text
}
