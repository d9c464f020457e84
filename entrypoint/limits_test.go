package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/supervise"
)

const ownerName, ownerPassword = "Ada", "correct horse battery"

// visitor is a browser with an address of its own.
type visitor struct {
	*boxed
	client *http.Client
}

func (b *boxed) visitor(address string) visitor {
	jar, _ := cookiejar.New(nil)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return visitor{b, &http.Client{Timeout: 20 * time.Second, Jar: jar, Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}}
}

// send returns the status and the body of an answer.
func (v visitor) send(method, path string, body any) (int, string) {
	v.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequest(method, v.url+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func (v visitor) signIn(password string) int {
	v.t.Helper()
	status, _ := v.send("POST", "/auth/login", map[string]string{"username": ownerName, "password": password})
	return status
}

// signedIn is how the box answers who asks who they are.
func (v visitor) signedIn() int {
	v.t.Helper()
	status, _ := v.send("GET", "/auth/me", nil)
	return status
}

// setUp makes the owner, whose browser v is.
func (v visitor) setUp() {
	v.t.Helper()
	code, err := os.ReadFile(filepath.Join(v.root, "data/secrets/setup-code"))
	if err != nil {
		v.t.Fatal(err)
	}
	body := map[string]string{"code": strings.TrimSpace(string(code)), "username": ownerName, "password": ownerPassword}
	if status, answer := v.send("POST", "/setup", body); status != http.StatusCreated {
		v.t.Fatalf("%d %s", status, answer)
	}
}

// Strangers who have guessed too often wait, however the box is killed in
// between; the owner's browser signs in.
func TestLimitsOutliveKills(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	owner := b.visitor("127.0.0.1")
	owner.setUp()
	for i := range 10 {
		if status := b.visitor(fmt.Sprintf("127.0.1.%d", i+1)).signIn("a wrong one"); status != http.StatusUnauthorized {
			t.Fatalf("wrong password %d: %d", i+1, status)
		}
	}
	refused := func(when string) {
		t.Helper()
		if status := b.visitor("127.0.2.1").signIn(ownerPassword); status != http.StatusTooManyRequests {
			t.Errorf("%s a stranger is answered %d", when, status)
		}
	}
	refused("before")
	api := b.service("api").Pid
	syscall.Kill(api, syscall.SIGKILL)
	b.eventually("another API", func() bool {
		s := b.service("api")
		return s.Pid != api && s.State == supervise.Running
	})
	b.eventually("the box answers", b.answers)
	refused("after the API was killed")

	b.cmd.Process.Kill()
	<-b.exited
	jar := owner.client.Jar
	b = startBox(t, b.root)
	b.up()
	refused("after the box was killed")
	owner = b.visitor("127.0.0.1")
	owner.client.Jar = jar // cookies know no port
	if status := owner.signIn(ownerPassword); status != http.StatusOK {
		t.Errorf("the owner's browser is answered %d", status)
	}
	out, err := b.coffer("doctor", "--json", "--root", b.root)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Items []struct{ ID, Status, Evidence string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	for _, i := range report.Items {
		if i.ID == "brute-force" && (i.Status != "pass" || !strings.Contains(i.Evidence, "kept across a restart")) {
			t.Errorf("%+v", i)
		}
	}
}
