package diagnostics

import (
	"net/url"
	"slices"
	"strings"
)

// InEnvironment are the secrets of an environment: the values whose names say
// so, those that look like one under any name, and of addresses the passwords,
// the users without one, and what is handed over under a telling name. Names of
// files are none.
func InEnvironment(environ []string) (all [][]byte) {
	shapes := NewShapes()
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		all = append(all, inAddress(value)...)
		if name != "PWD" && secretName(name) && !isPlace(name) && !harmless(value) {
			all = append(all, []byte(value))
			continue
		}
		for _, h := range shapes.find(value) {
			if slices.Contains([]string{"entropy", "jwt", "provider-key", "age-key", "pem", "code-groups"}, h.rule) {
				all = append(all, []byte(value[h.from:h.to]))
			}
		}
	}
	return all
}

// inAddress are the secrets of a URL.
func inAddress(value string) (all [][]byte) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return nil
	}
	if u.User != nil {
		secret, ok := u.User.Password()
		if !ok {
			secret = u.User.Username()
		}
		all = append(all, []byte(secret))
	}
	for name, values := range u.Query() {
		for _, v := range values {
			if secretName(name) && !harmless(v) {
				all = append(all, []byte(v))
			}
		}
	}
	return all
}

func isPlace(name string) bool {
	words := wordsOf(name)
	switch words[len(words)-1] {
	case "file", "path", "dir", "folder", "id", "sock":
		return true
	}
	return false
}
