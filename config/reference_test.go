package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

// TestReference keeps docs/configuration.md the table's own words.
func TestReference(t *testing.T) {
	const path = "../docs/configuration.md"
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/configuration.md differs from the table of options (%v); run: go test ./config -update", err)
	}
}

func reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by "go test ./config -update" from the table in config/options.go. -->

Nothing needs to be set. What is set comes from, strongest first:

1. the environment: ` + "`COFFER_X`, or `COFFER_X_FILE`" + ` naming a file that holds the value (for secrets; both is
   an error, and an empty variable counts as unset);
2. ` + "`DATA/config/coffer.yaml`" + `, with names in lower case and without prefix (` + "`max_upload: 4GiB`" + `). It and its folder
   must belong to root, or to the user that runs the box, and nobody else may be able to write them; with a secret in
   it nobody else may read it either;
3. the defaults below.

A value that is wrong stops the start, and all of them are reported at once. A
` + "`COFFER_`" + ` name that is not listed here is a warning. ` + "`coffer config`" + ` prints every value and where it comes from.

| name | value | default | what it does |
| --- | --- | --- | --- |
`)
	for _, o := range options() {
		def := o.fallback
		if def != "" {
			def = "`" + def + "`"
		}
		var marks []string
		if o.secret {
			marks = append(marks, "Secret.")
		}
		if o.bare {
			marks = append(marks, "Environment only, without prefix and without a `_FILE` form.")
		} else if o.envOnly {
			marks = append(marks, "Environment only.")
		}
		doc := strings.Join(append([]string{o.doc}, marks...), " ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.key(), strings.ReplaceAll(o.shape, "|", `\|`), def, doc)
	}
	return b.String()
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range options() {
		if o.doc == "" || o.shape == "" || o.remedy == "" || o.parse == nil || seen[o.name] {
			t.Errorf("row %s is not complete, or there twice", o.name)
		}
		seen[o.name] = true
		// TZ and others must take their own default.
		if err := o.parse(&Config{}, o.fallback); err != nil {
			t.Errorf("%s refuses its default: %v", o.name, err)
		}
	}
	// The contract's names.
	for name := range strings.FieldsSeq(`LISTEN LISTEN_TLS PUBLIC_URL BASE_PATH ALLOWED_HOSTS TRUSTED_PROXIES HEALTH_ALLOW
		TLS TLS_CERT TLS_KEY ACME_EMAIL ACME_DIRECTORY ACME_ROOTS NOTIFY_URL NOTIFY_KIND SECRET_KEY SETUP_CODE SETUP_OPEN MAX_UPLOAD METRICS DEV_MODE
		ALLOW_DEV_MODE LOG_LEVEL LOG_FORMAT DATA RUN PUID PGID UMASK TZ`) {
		if !seen[name] {
			t.Errorf("%s is in the contract and not in the table", name)
		}
		delete(seen, name)
	}
	if len(seen) > 0 {
		t.Errorf("not in the contract: %v", seen)
	}
}

func TestDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1},
		{"abc", "abd", 1}, {"LISTNE", "LISTEN", 1}, {"kitten", "sitting", 3}, {"abcd", "wxyz", 4},
	} {
		if got := distance(row.a, row.b); got != row.want {
			t.Errorf("%q to %q: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
