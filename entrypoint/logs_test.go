package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/secrets"
)

// The log of a box, as its owner gets at it: by command, by the API, on the
// volume; and what must never be in it.
func TestLogs(t *testing.T) {
	root := newRoot(t)
	const code = "KMNPQRTW"
	b := startBox(t, root, "COFFER_SETUP_CODE="+code)
	b.up()
	b.eventually("the link", func() bool { return strings.Contains(b.log.String(), secrets.Show(code)) })
	logs := func(args ...string) string {
		t.Helper()
		out, err := b.coffer(append([]string{"logs", "--root", root}, args...)...)
		if err != nil {
			t.Fatalf("coffer logs %v: %v\n%s", args, err, out)
		}
		return out
	}
	if out := logs("-n", "50"); !strings.Contains(out, `init     `) || !strings.Contains(out, `msg="service ready" service=api`) {
		t.Errorf("coffer logs:\n%s", out)
	}
	if out := logs("init", "-n", "1"); strings.Count(out, "\n") != 1 {
		t.Errorf("one line:\n%s", out)
	}
	out, err := b.coffer("logs", "shell", "--root", root)
	if err == nil || !strings.Contains(out, "api, egress, init, nginx, parser, worker") {
		t.Errorf("an unknown service: %v\n%s", err, out)
	}

	following := exec.Command(b.program, "logs", "api", "-f", "--root", root)
	following.Env = []string{}
	var followed syncBuffer
	following.Stdout = &followed
	if err := following.Start(); err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	client := http.Client{Jar: jar, Timeout: 10 * time.Second}
	body := fmt.Sprintf(`{"code":%q,"username":"Ada","password":"correct horse battery"}`, code)
	res, err := client.Post(b.url+"/api/v1/setup", "application/json", strings.NewReader(body))
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("setup: %v, %v", res, err)
	}
	res.Body.Close()
	b.eventually("the follower sees the setup", func() bool {
		return strings.Contains(followed.String(), "route=/api/v1/setup status=201")
	})
	following.Process.Signal(syscall.SIGINT)
	if err := following.Wait(); err != nil {
		t.Errorf("a follower told to stop: %v", err)
	}

	get := func(path string) string {
		t.Helper()
		res, err := client.Get(b.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return string(text)
	}
	seen := get("/api/v1/logs") + get("/api/v1/logs/api") + get("/api/v1/logs/init?level=info&q=service+ready") + get("/logs")
	for _, want := range []string{`"parser"`, "route=/api/v1/setup status=201", `msg=\"service ready\" service=nginx`, `class="line`} {
		if !strings.Contains(seen, want) {
			t.Errorf("the API lacks %s", want)
		}
	}
	for _, other := range []int{10001, 10003, 10004} {
		if os.Geteuid() != 0 {
			break
		}
		if err := dialAs(other, filepath.Join(root, "run/coffer/box.sock")); !errors.Is(err, syscall.EACCES) {
			t.Errorf("user %d opens the API's socket: %v", other, err)
		}
	}

	fragments := ""
	for _, f := range list(t, filepath.Join(root, "run/coffer/edge/*")) {
		fragments += read(t, f)
	}
	token := regexp.MustCompile(`[0-9a-f]{64}`).FindString(fragments)

	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
	kept := ""
	for _, f := range list(t, filepath.Join(root, "data/logs/*")) {
		kept += read(t, f)
	}
	for _, want := range []string{"route=/api/v1/setup status=201", `msg="box stopped" code=0`} {
		if !strings.Contains(kept, want) {
			t.Errorf("the files lack %s", want)
		}
	}
	key := strings.TrimSpace(read(t, filepath.Join(root, "data/secrets", secrets.SessionKey)))
	for _, secret := range []string{code, secrets.Show(code), key, token} {
		if secret == "" || strings.Contains(kept+seen+followed.String(), secret) {
			t.Errorf("the log keeps %q", secret)
		}
	}
}

func list(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: nothing there, %v", pattern, err)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dialAs returns why user uid cannot connect to path; nil when it can.
func dialAs(uid int, path string) error {
	result := make(chan error)
	go func() {
		// The thread is not unlocked: it ends with the goroutine.
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			result <- nil
			return
		}
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err == nil {
			err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
			syscall.Close(fd)
		}
		result <- err
	}()
	return <-result
}
