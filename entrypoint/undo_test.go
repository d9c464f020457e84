package main

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// undone goes back to what was there before, and from there to what was
// restored; each time everybody is signed out.
func (b *boxed) undone(v visitor) {
	t := b.t
	t.Helper()
	again := func() {
		t.Helper()
		if status := v.signIn(ownerPassword); status != http.StatusOK {
			t.Fatalf("signing in: %d", status)
		}
	}
	if status, answer := b.visitor("127.0.0.2").send("POST", "/restore/former", nil); status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", status, answer)
	}
	if status, answer := v.send("POST", "/restore/former", nil); status != http.StatusAccepted {
		t.Fatal(status, answer)
	}
	v.restarted()
	if status := v.signedIn(); status != http.StatusUnauthorized {
		t.Errorf("a session of before is answered %d", status)
	}
	again()
	b.eventually("the later note is back", func() bool { return v.finds("quagga") == 1 })
	if out, err := b.command("", "restore", "--undo"); err != nil || !strings.Contains(out, "starts again") {
		t.Fatal(err, out)
	}
	v.restarted()
	again()
	if n := v.finds("quagga"); n != 0 {
		t.Errorf("a later note is found %d times", n)
	}
	if status, answer := v.send("DELETE", "/restore/former", nil); status != http.StatusNoContent {
		t.Error(status, answer)
	}
	if _, err := os.Stat(filepath.Join(b.root, "data/before")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was there before: %v", err)
	}
	if out, err := b.command("", "restore", "--undo"); err == nil || !strings.Contains(out, "No state of before") {
		t.Error(err, out)
	}
}
