package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// answerOf is what a request was answered, which must be with that status.
func answerOf[T any](v visitor, want int, method, path string, body any) (out T) {
	v.t.Helper()
	status, answer := v.send(method, path, body)
	if status != want {
		v.t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil && answer != "" {
		v.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
	return out
}

// app is an authenticator app that shows each code once.
type app struct {
	secret string
	at     time.Time // of the latest code
}

// send sends the next code that the box can take, which may be one step of time
// ahead, and returns it when it was answered as wanted. On a machine that took so
// long that the code has passed meanwhile, it sends another.
func (a *app) send(t *testing.T, want int, send func(code string) int) string {
	t.Helper()
	for {
		next := a.at.Add(30 * time.Second)
		for time.Until(next) > 30*time.Second {
			time.Sleep(time.Second)
		}
		if now := time.Now(); now.After(next) {
			next = now
		}
		a.at = next
		code, err := totp.GenerateCode(a.secret, a.at)
		if err != nil {
			t.Fatal(err)
		}
		status := send(code)
		if status == want {
			return code
		}
		if time.Since(a.at) < 20*time.Second {
			t.Fatalf("a code in time was answered %d, want %d", status, want)
		}
	}
}

// enrol turns codes on.
func (v visitor) enrol() (*app, []string) {
	v.t.Helper()
	e := answerOf[struct{ Secret, Ticket string }](v, http.StatusOK, "POST", "/auth/factors/totp", struct{}{})
	a := &app{secret: e.Secret}
	var told struct {
		Codes []string `json:"recovery_codes"`
	}
	a.send(v.t, http.StatusOK, func(code string) int {
		status, answer := v.send("POST", "/auth/factors/totp/confirm", map[string]string{"ticket": e.Ticket, "code": code})
		_ = json.Unmarshal([]byte(answer), &told) // without codes the test fails
		return status
	})
	return a, told.Codes
}

// begin gives the password, and returns the ticket of the second step, empty
// when there is none.
func (v visitor) begin() string {
	v.t.Helper()
	return answerOf[struct{ Ticket string }](v, http.StatusOK, "POST", "/auth/login", map[string]string{"username": ownerName, "password": ownerPassword}).Ticket
}

func (v visitor) finish(ticket, code string) int {
	v.t.Helper()
	status, _ := v.send("POST", "/auth/factor", map[string]string{"ticket": ticket, "code": code})
	return status
}

// removeFactors runs the owner's command.
func (b *boxed) removeFactors(as *syscall.SysProcAttr) (string, error) {
	cmd := exec.Command(b.program, "owner", "remove-factors", "--root", b.root)
	cmd.Env, cmd.SysProcAttr = []string{}, as
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Codes are asked for through the real edge, each is good once however the box
// is killed in between, and whoever commands the machine removes them, while the
// box runs and while it does not.
func TestRemoveFactors(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	owner := b.visitor("127.0.0.1")
	owner.setUp()
	if out, err := b.removeFactors(nil); err == nil || !strings.Contains(out, "No second factor is on") {
		t.Errorf("none is on: %v\n%s", err, out)
	}
	phone, recovery := owner.enrol()

	other := b.visitor("127.0.2.1")
	ticket := other.begin()
	if ticket == "" || other.signedIn() != http.StatusUnauthorized {
		t.Fatal("the password alone signs in")
	}
	if status := b.visitor("127.0.2.2").finish(ticket, recovery[0]); status != http.StatusUnauthorized {
		t.Errorf("another browser finishes it: %d", status)
	}
	if status := other.finish(ticket, "000000"); status != http.StatusUnauthorized {
		t.Errorf("a wrong code: %d", status)
	}
	used := phone.send(t, http.StatusOK, func(code string) int { return other.finish(ticket, code) })
	if other.signedIn() != http.StatusOK {
		t.Fatal("the code does not sign in")
	}
	third := b.visitor("127.0.2.3")
	if status := third.finish(third.begin(), recovery[0]); status != http.StatusOK {
		t.Fatalf("the recovery code: %d", status)
	}

	b.cmd.Process.Kill()
	<-b.exited
	jar := owner.client.Jar
	b = startBox(t, b.root)
	b.up()
	owner = b.visitor("127.0.0.1")
	owner.client.Jar = jar
	fourth := b.visitor("127.0.2.4")
	for _, code := range []string{used, recovery[0]} {
		if status := fourth.finish(fourth.begin(), code); status != http.StatusUnauthorized {
			t.Errorf("%s is good twice: %d", code, status)
		}
	}
	if left := answerOf[struct {
		Left int `json:"recovery_codes_left"`
	}](owner, http.StatusOK, "GET", "/auth/factors", nil); left.Left != 9 {
		t.Errorf("%d recovery codes are left", left.Left)
	}
	if os.Geteuid() == 0 {
		for _, uid := range []uint32{10002, 65534} {
			if out, err := b.removeFactors(&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}); err == nil || !strings.Contains(out, "only root") {
				t.Errorf("user %d: %v\n%s", uid, err, out)
			}
		}
	}
	if out, err := b.removeFactors(nil); err != nil || !strings.Contains(out, "Second factors are off") {
		t.Fatalf("%v\n%s", err, out)
	}
	fresh := b.visitor("127.0.2.5")
	if ticket := fresh.begin(); ticket != "" || fresh.signedIn() != http.StatusOK {
		t.Fatal("removed while it runs, it is asked for")
	}
	if owner.signedIn() != http.StatusOK {
		t.Error("a browser is signed out by it")
	}

	fresh.enrol()
	b.killed()
	owners := b.owners()
	if out, err := b.removeFactors(nil); err != nil {
		t.Fatalf("stopped: %v\n%s", err, out)
	}
	for path, was := range owners {
		if is := b.owners()[path]; is != was {
			t.Errorf("%s was %s and is %s", path, was, is)
		}
	}
	b = startBox(t, b.root)
	b.up()
	last := b.visitor("127.0.2.6")
	if ticket := last.begin(); ticket != "" || last.signedIn() != http.StatusOK {
		t.Fatal("removed while it stood, it is asked for")
	}
	log := answerOf[struct{ Items []struct{ Kind, Who string } }](last, http.StatusOK, "GET", "/audit?kind=factors_removed", nil)
	if len(log.Items) != 2 || log.Items[0].Who != "console" || log.Items[1].Who != "console" {
		t.Errorf("on record: %+v", log.Items)
	}
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
	for _, secret := range []string{phone.secret, recovery[0], recovery[1], strings.ReplaceAll(strings.ToUpper(recovery[1]), "-", "")} {
		inFiles(t, b, secret)
	}
}
