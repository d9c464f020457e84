package diagnostics

import (
	"net/url"
	"strings"
)

// InEnvironment are the secrets of an environment: the values whose names say
// so, and the passwords in addresses. Names of files are none.
func InEnvironment(environ []string) (all [][]byte) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				all = append(all, []byte(password))
			}
		}
		if name != "PWD" && secretName(name) && !isPlace(name) && !harmless(value) {
			all = append(all, []byte(value))
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
