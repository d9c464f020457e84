package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestServiceToken follows the key for the owner's scripts through a real box: it
// is there from the setup on, opens what it should from outside, is replaced and
// turned off at will, and what is planted in its place is not followed.
func TestServiceToken(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	path := filepath.Join(b.root, "data/service-token")
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Fatal("a box without an owner has a token")
	}
	v := b.visitor("127.0.0.1")
	v.setUp()
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(text))
	}
	b.eventually("the token is there", func() bool { return read() != "" })
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if sys := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && sys.Uid != 10002 {
		t.Errorf("it is owned by %d", sys.Uid)
	}
	script := func(method, path, key string) int {
		t.Helper()
		req, err := http.NewRequest(method, b.url+"/api/v1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	first := read()
	for path, want := range map[string]int{"/sources": 200, "/auth/me": 200, "/settings": 403, "/audit": 403, "/auth/keys": 403, "/backups": 403} {
		if status := script("GET", path, first); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	if status := script("POST", "/auth/service-token", first); status != 403 {
		t.Errorf("the token renews itself: %d", status)
	}
	if strings.Contains(b.log.String(), first) {
		t.Error("the log tells the token")
	}
	status, answer := v.send("GET", "/auth/service-token", nil)
	if status != 200 || !strings.Contains(answer, path) || strings.Contains(answer, first) {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := v.send("POST", "/auth/service-token", nil); status != 200 {
		t.Fatal(status, answer)
	}
	second := read()
	if second == first || script("GET", "/sources", first) != 401 || script("GET", "/sources", second) != 200 {
		t.Error("it is not replaced at once")
	}
	// A restart keeps it.
	b.stop(syscall.SIGTERM)
	b = startBox(t, b.root)
	b.up()
	v.boxed = b // cookies ignore ports
	if got := read(); got != second || script("GET", "/sources", second) != 200 {
		t.Error("a restart has another")
	}
	if status, answer := v.send("DELETE", "/auth/service-token", nil); status != 200 || !strings.Contains(answer, `"on":false`) {
		t.Fatal(status, answer)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) || script("GET", "/sources", second) != 401 {
		t.Errorf("it is not turned off: %v", err)
	}
	// What is planted is neither followed nor replaced, and the box says so.
	victim := filepath.Join(b.root, "data/victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if status, answer := v.send("POST", "/auth/service-token", nil); status != 500 {
		t.Errorf("a link is taken: %d %s", status, answer)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("what the link leads to is %q, %v", text, err)
	}
}
