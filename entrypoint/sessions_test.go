package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sessions are the ids of the signed-in browsers, that of v first.
func (v visitor) sessions() (ids []string) {
	v.t.Helper()
	status, answer := v.send("GET", "/auth/sessions", nil)
	var list struct {
		Items []struct {
			ID, Address string
			Current     bool
		}
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		v.t.Fatalf("%d %s, %v", status, answer, err)
	}
	for _, i := range list.Items {
		if i.Current {
			ids = append([]string{i.ID}, ids...)
		} else {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// copyFolder keeps owners, modes and times, as a backup of a volume does.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// What has ended stays ended: across a kill, across a start, and when the store
// is put back from a copy that was made before.
func TestSessionsStayEnded(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	first, second, third := b.visitor("127.0.0.1"), b.visitor("127.0.0.2"), b.visitor("127.0.0.3")
	first.setUp()
	for _, v := range []visitor{second, third} {
		if status := v.signIn(ownerPassword); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	again := func() {
		t.Helper()
		b = startBox(t, b.root)
		b.up()
		for _, v := range []*visitor{&first, &second, &third} {
			v.boxed = b
		}
	}
	in := func(when string, want ...int) {
		t.Helper()
		for i, v := range []visitor{first, second, third} {
			if status := v.signedIn(); status != want[i] {
				t.Errorf("%s: browser %d is answered %d, want %d", when, i+1, status, want[i])
			}
		}
	}
	store, copied := filepath.Join(b.root, "data", "store"), filepath.Join(b.root, "copy")
	stop := func() {
		t.Helper()
		if code := b.stop(syscall.SIGTERM); code != 0 {
			t.Errorf("code %d", code)
		}
	}

	stop()
	copyFolder(t, store, copied)
	again()
	in("a start", 200, 200, 200)
	if status, answer := first.send("DELETE", "/auth/sessions/"+first.sessions()[1], nil); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	if n := len(first.sessions()); n != 2 {
		t.Errorf("%d sessions", n)
	}
	gone := map[bool]int{true: 200, false: 401}
	in("one ended", 200, gone[second.signedIn() == 200], gone[third.signedIn() == 200])

	b.cmd.Process.Kill()
	<-b.exited
	again()
	if n := len(first.sessions()); n != 2 {
		t.Errorf("after a kill: %d sessions", n)
	}
	if status, answer := first.send("DELETE", "/auth/sessions?which=others", nil); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	in("the others ended", 200, 401, 401)

	stop()
	if err := os.RemoveAll(store); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, copied, store)
	again()
	in("the store put back", 401, 401, 401)
	if !strings.Contains(b.log.String(), "a copy that was put back") {
		t.Errorf("the log does not say so:\n%s", b.log)
	}
	if status := first.signIn(ownerPassword); status != http.StatusOK {
		t.Fatal(status)
	}
	if status, answer := first.send("GET", "/audit?kind=put_back", nil); status != http.StatusOK || !strings.Contains(answer, `"who":"box"`) {
		t.Errorf("%d %s", status, answer)
	}

	if status, answer := first.send("DELETE", "/auth/sessions?which=all", nil); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	in("everywhere", 401, 401, 401)
	stop()
}
