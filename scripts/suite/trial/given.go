package trial

import (
	"slices"
	"strings"
)

// shown starts a service that tells what it was given, under an init that was
// given too much, and returns what follows each of its words.
func shown(d *desk) (map[string][]string, error) {
	s := serve("a")
	s.role, s.user = "show", true
	r, err := d.alone(s, how{
		stage: []string{"-leak", d.tools.actor, "-groups"},
		env:   []string{"SECRET_OF_INIT=x"},
	})
	if err != nil {
		return nil, err
	}
	given := map[string][]string{}
	for _, e := range r.events() {
		word, rest, _ := strings.Cut(e.what, " ")
		given[word] = append(given[word], rest)
	}
	return given, nil
}

func descriptorLeak(d *desk) (string, error) {
	given, err := shown(d)
	if err != nil {
		return "", err
	}
	var extra []string
	for _, fd := range strings.Fields(strings.Join(given["fds"], " ")) {
		if len(fd) > 1 || fd > "3" { // 3 is where it says that it is ready
			extra = append(extra, fd)
		}
	}
	if len(extra) > 0 {
		return "", flawed("has %s", strings.Join(extra, ", "))
	}
	return "", nil
}

func environmentLeak(d *desk) (string, error) {
	given, err := shown(d)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(given["env"], func(v string) bool { return strings.HasPrefix(v, "SECRET_OF_INIT=") }) {
		return "", flawed("has all of it")
	}
	return "", nil
}

func groupLeak(d *desk) (string, error) {
	given, err := shown(d)
	if err != nil {
		return "", err
	}
	if uid := strings.Join(given["uid"], ""); !strings.HasPrefix(uid, "65534 65534 65534") {
		return "", flawed("runs as %q", uid)
	}
	for _, g := range strings.Fields(strings.Join(given["groups"], " ")) {
		if g != "65534" {
			return "", flawed("is in group %s", g)
		}
	}
	return "", nil
}
