package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// reset runs the owner's command with input, and returns what it said.
func (b *boxed) reset(input string, as *syscall.SysProcAttr) (string, error) {
	cmd := exec.Command(b.program, "owner", "reset-password", "--root", b.root)
	cmd.Env, cmd.SysProcAttr = []string{}, as
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// refusedInputs are what no password is, with words of the answer.
func (b *boxed) refusedInputs() {
	b.t.Helper()
	for input, want := range map[string]string{
		"":                                "no password came on standard input",
		"\n":                              "at least 8 characters",
		"seven77\n":                       "at least 8 characters",
		strings.Repeat("x", 1025):         "at most 1,024 characters",
		strings.Repeat("€", 20_000):       "at most 1,024 characters",
		"a first line\nand a second one":  "more than one line",
		"eight bytes \xff and no text \n": "not valid text",
	} {
		out, err := b.reset(input, nil)
		if err == nil || !strings.Contains(out, want) || strings.Contains(out, "a first line") {
			b.t.Errorf("%.20q: %v, %s; want %q", input, err, out, want)
		}
	}
	if out, err := b.coffer("owner", "reset-password", "--root", b.root, "a password as an argument"); err == nil || strings.Contains(out, "a password as") {
		b.t.Errorf("an argument: %s", out)
	}
}

// console counts the entries of the audit log that the console wrote.
func (v visitor) console() (n int) {
	v.t.Helper()
	status, answer := v.send("GET", "/audit?kind=password_reset", nil)
	var list struct{ Items []struct{ Kind, Who string } }
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		v.t.Fatalf("%d %s, %v", status, answer, err)
	}
	for _, i := range list.Items {
		if i.Who == "console" {
			n++
		}
	}
	return n
}

// library is everything that has nothing to do with signing in.
func (v visitor) library() string {
	v.t.Helper()
	var all strings.Builder
	for _, path := range []string{"/sources", "/settings", "/search?q=heron"} {
		status, answer := v.send("GET", path, nil)
		if status != http.StatusOK {
			v.t.Fatalf("%s: %d %s", path, status, answer)
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(answer), &body); err != nil {
			v.t.Fatal(err)
		}
		delete(body, "took_ms")
		delete(body, "limits")
		fmt.Fprintln(&all, body)
	}
	return all.String()
}

// owners is whose the files of the store are.
func (b *boxed) owners() map[string]string {
	b.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(b.root, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		out[path] = fmt.Sprintf("%d:%d %v", st.Uid, st.Gid, info.Mode())
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// killed kills the box, which leaves its sockets behind, and waits until nobody
// listens at that of the owner's commands: services end after init.
func (b *boxed) killed() {
	b.t.Helper()
	b.cmd.Process.Kill()
	<-b.exited
	b.eventually("nobody listens", func() bool {
		conn, err := net.Dial("unix", filepath.Join(b.root, "run/coffer/owner.sock"))
		if err == nil {
			conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

// Whoever commands the machine sets a new password without the old one, while
// the box runs and while it does not.
func TestResetPassword(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	if out, err := b.reset("a good password", nil); err == nil || !strings.Contains(out, "no owner yet") || !strings.Contains(out, "setup-code") {
		t.Errorf("before setup: %v\n%s", err, out)
	}
	owner, second := b.visitor("127.0.0.1"), b.visitor("127.0.0.2")
	owner.setUp()
	if status := second.signIn(ownerPassword); status != http.StatusOK {
		t.Fatal(status)
	}
	if status, answer := owner.send("POST", "/sources/text", map[string]string{"title": "Note", "text": "A heron stands in the water."}); status != http.StatusAccepted {
		t.Fatal(status, answer)
	}
	b.eventually("the note is read", func() bool {
		_, sources := owner.send("GET", "/sources", nil)
		_, found := owner.send("GET", "/search?q=heron", nil)
		return strings.Contains(sources, `"ready"`) && strings.Contains(found, `"total":1`)
	})
	before := owner.library()

	b.refusedInputs()
	if os.Geteuid() == 0 {
		for _, uid := range []uint32{10002, 10003, 65534} {
			out, err := b.reset("the password of a stranger", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}})
			if err == nil || !strings.Contains(out, "only root") {
				t.Errorf("user %d: %v\n%s", uid, err, out)
			}
		}
	}
	if owner.signedIn() != http.StatusOK || second.signedIn() != http.StatusOK {
		t.Fatal("what was refused signed somebody out")
	}
	for i := range 10 {
		b.visitor(fmt.Sprintf("127.0.1.%d", i+1)).signIn("a wrong one")
	}

	const running, stopped = "set while it runs", "gesetzt, während sie steht"
	if out, err := b.reset(running+"\n", nil); err != nil || strings.Contains(out, running) {
		t.Fatalf("%v\n%s", err, out)
	}
	dead := func(password string) {
		t.Helper()
		if owner.signedIn() != http.StatusUnauthorized || second.signedIn() != http.StatusUnauthorized {
			t.Error("an old session is good")
		}
		if status := b.visitor("127.0.3.1").signIn(password); status != http.StatusUnauthorized {
			t.Errorf("the old password is answered %d", status)
		}
	}
	dead(ownerPassword)
	fresh := b.visitor("127.0.3.2") // a stranger, who need not wait any longer
	if status := fresh.signIn(running); status != http.StatusOK {
		t.Fatalf("the new password is answered %d", status)
	}
	if now := fresh.library(); now != before {
		t.Errorf("there was\n%s\nand is\n%s", before, now)
	}
	if n := fresh.console(); n != 1 {
		t.Errorf("%d events by the console", n)
	}

	b.killed()
	owners := b.owners()
	b.refusedInputs()
	if out, err := b.reset(stopped, nil); err != nil {
		t.Fatalf("stopped: %v\n%s", err, out)
	}
	for path, was := range owners {
		if is := b.owners()[path]; is != was {
			t.Errorf("%s was %s and is %s", path, was, is)
		}
	}
	owner, second = fresh, fresh
	jar := fresh.client.Jar
	b = startBox(t, b.root)
	b.up()
	owner, second = b.visitor("127.0.3.2"), b.visitor("127.0.3.2")
	owner.client.Jar, second.client.Jar = jar, jar
	dead(running)
	fresh = b.visitor("127.0.3.3")
	if status := fresh.signIn(stopped); status != http.StatusOK {
		t.Fatalf("the password set while stopped is answered %d", status)
	}
	if now := fresh.library(); now != before {
		t.Errorf("there was\n%s\nand is\n%s", before, now)
	}
	if n := fresh.console(); n != 2 {
		t.Errorf("%d events by the console", n)
	}
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
	for _, password := range []string{running, stopped, "password of a stranger", "a first line"} {
		inFiles(t, b, password)
	}
}

// inFiles looks for a password in everything that the box has written.
func inFiles(t *testing.T, b *boxed, password string) {
	t.Helper()
	if strings.Contains(b.log.String(), password) {
		t.Errorf("%q is in the log", password)
	}
	for _, dir := range []string{"data", "run"} {
		err := filepath.WalkDir(filepath.Join(b.root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.Contains(text, []byte(password)) {
				t.Errorf("%q is in %s", password, path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A store that another box holds, and none at all.
func TestResetPasswordWithoutABox(t *testing.T) {
	b := &boxed{t: t, root: newRoot(t)}
	b.program = filepath.Join(filepath.Dir(b.root), "coffer")
	if out, err := b.reset("a good password", nil); err == nil || !strings.Contains(out, "no box has been set up") {
		t.Errorf("an empty volume: %v\n%s", err, out)
	}
	if left, _ := filepath.Glob(filepath.Join(b.root, "*")); len(left) > 0 {
		t.Errorf("it made %q", left)
	}
	if cgo {
		t.Skip("SKIPPED: what ships is built with CGO_ENABLED=0; test that")
	}
	running := startBox(t, b.root)
	running.up()
	// Another container on the same volume sees the files, not the sockets.
	other := exec.Command(b.program, "owner", "reset-password", "--root", b.root)
	other.Env, other.Stdin = []string{"COFFER_RUN=" + filepath.Join(b.root, "elsewhere")}, strings.NewReader("a good password")
	if out, err := other.CombinedOutput(); err == nil || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("%v\n%s", err, out)
	}
}

// At a terminal the password is asked for twice and never shown.
func TestPasswordIsAskedFor(t *testing.T) {
	for _, c := range []struct{ name, first, again, want string }{
		{"same", "a good password", "a good password", "no box has been set up"},
		{"differ", "a good password", "a good passwort", "the two differ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &boxed{t: t, root: newRoot(t)}
			ours, theirs := terminal(t)
			cmd := exec.Command(filepath.Join(filepath.Dir(b.root), "coffer"), "owner", "reset-password", "--root", b.root)
			cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = []string{}, theirs, theirs, theirs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			theirs.Close()
			said := &syncBuffer{}
			read := make(chan struct{})
			go func() {
				defer close(read)
				for part := make([]byte, 256); ; {
					n, err := ours.Read(part)
					said.Write(part[:n])
					if err != nil { // EIO when the other side has ended
						return
					}
				}
			}()
			b.eventually("the question", func() bool { return strings.Contains(said.String(), "New password: ") })
			fmt.Fprintln(ours, c.first)
			b.eventually("the second question", func() bool { return strings.Contains(said.String(), "The same again: ") })
			fmt.Fprintln(ours, c.again)
			cmd.Wait()
			<-read
			if s := said.String(); !strings.Contains(s, c.want) || strings.Contains(s, "good") {
				t.Errorf("it said %s; want %q", s, c.want)
			}
		})
	}
}

// An interruption leaves the terminal as it was.
func TestInterruptedQuestion(t *testing.T) {
	b := &boxed{t: t, root: newRoot(t)}
	ours, theirs := terminal(t)
	cmd := exec.Command(filepath.Join(filepath.Dir(b.root), "coffer"), "owner", "reset-password", "--root", b.root)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = []string{}, theirs, theirs, theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	shown := func() bool {
		modes, err := unix.IoctlGetTermios(int(theirs.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return modes.Lflag&unix.ECHO != 0
	}
	b.eventually("typing is not shown", func() bool { return !shown() })
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !shown() {
		t.Errorf("code %d, typing is shown: %v", code, shown())
	}
	ours.Close()
}

// terminal makes a pair of which theirs is a terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("SKIPPED: this machine has no terminals: " + err.Error())
	}
	t.Cleanup(func() { ours.Close() })
	n, err := unix.IoctlGetUint32(int(ours.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}
