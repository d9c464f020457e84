package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/supervise"
)

func TestBoxLives(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	b.eventually("the setup link", func() bool {
		return regexp.MustCompile(`Open ` + b.url + `/setup\?code=[A-Z0-9]{4}-[A-Z0-9]{4} to set the box up`).MatchString(b.log.String())
	})

	t.Run("every service is confined", func(t *testing.T) {
		for name, uid := range map[string]int{"api": 10002, "worker": 10003, "nginx": 10001} {
			confined(t, name, b.service(name).Pid, uid)
		}
	})
	t.Run("a killed service answers again", func(t *testing.T) {
		for _, name := range []string{"api", "nginx", "worker"} {
			before := b.service(name).Pid
			if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			began := time.Now()
			b.eventually(name+" is back", func() bool {
				s := b.service(name)
				return s.Pid != before && s.State == supervise.Running
			})
			b.eventually("the box answers", b.answers)
			t.Logf("%s: %v", name, time.Since(began).Round(time.Millisecond))
		}
	})
	t.Run("clients wait while the API is away", func(t *testing.T) {
		syscall.Kill(b.service("api").Pid, syscall.SIGSTOP)
		answer := make(chan bool, 1)
		go func() { answer <- b.answers() }()
		syscall.Kill(b.service("api").Pid, syscall.SIGKILL)
		if !<-answer {
			// The connection that nginx had open to the dead one may be lost;
			// the next goes through the queue.
			b.eventually("the box answers", b.answers)
		}
	})
	t.Run("restart", func(t *testing.T) {
		before := b.service("worker").Pid
		if out, err := b.coffer("restart", "--root", b.root, "worker"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b.eventually("another worker", func() bool {
			s := b.service("worker")
			return s.State == supervise.Running && s.Pid != before
		})
		for _, args := range [][]string{{"restart"}, {"restart", "--root", b.root, "nobody"}, {"restart", "--root", b.root, "api", "worker"}} {
			if out, err := b.coffer(args...); err == nil {
				t.Errorf("%q: %s", args, out)
			}
		}
	})
	t.Run("a second box on the same run folder is refused", func(t *testing.T) {
		fragment := filepath.Join(b.root, "run/coffer/edge/http.conf")
		before, err := os.ReadFile(fragment)
		if err != nil {
			t.Fatal(err)
		}
		other := startBox(t, b.root)
		if code := other.end(); code != exitConfig {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(other.log.String(), "another box is running here") {
			t.Errorf("it says\n%s", other.log)
		}
		if after, _ := os.ReadFile(fragment); !b.answers() || !bytes.Equal(before, after) {
			t.Error("the first box is hurt")
		}
	})
	t.Run("nginx opens its log again and reloads", func(t *testing.T) {
		before := b.service("nginx")
		b.cmd.Process.Signal(syscall.SIGUSR1)
		b.cmd.Process.Signal(syscall.SIGHUP)
		b.cmd.Process.Signal(syscall.SIGUSR1)
		for i := range 20 {
			b.eventually("the box answers", b.answers)
			http.Get(fmt.Sprintf("%s/livez?%d", b.url, i))
			time.Sleep(10 * time.Millisecond)
		}
		if s := b.service("nginx"); s.Pid != before.Pid || s.Restarts != before.Restarts {
			t.Errorf("nginx was %+v and is %+v", before, s)
		}
		if strings.Contains(b.log.String(), "[emerg]") || strings.Contains(b.log.String(), "[alert]") || strings.Contains(b.log.String(), "Permission denied") {
			t.Error("nginx complains")
		}
	})
	t.Run("stop with open connections", func(t *testing.T) {
		idle, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Close()
		fmt.Fprintf(idle, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		idle.Read(make([]byte, 1))
		began := time.Now()
		if code := b.stop(syscall.SIGTERM); code != 0 {
			t.Errorf("code %d", code)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if left, _ := filepath.Glob(filepath.Join(b.root, "run/coffer/*.sock")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})

	again := startBox(t, b.root)
	again.up()
	if code := again.stop(syscall.SIGINT); code != 0 {
		t.Errorf("code of the second life: %d", code)
	}
}

// confined looks at a service from outside, as its kernel sees it.
func confined(t *testing.T, name string, pid, uid int) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text := strings.Join(strings.Fields(string(status)), " ")
	wants := []string{"NoNewPrivs: 1", "Seccomp: 2", "CapEff: 0000000000000000", "CapPrm: 0000000000000000"}
	if os.Geteuid() == 0 {
		id := strconv.Itoa(uid)
		wants = append(wants, "Uid: "+strings.Repeat(id+" ", 4)+"Gid: "+strings.Repeat(id+" ", 4), "Groups: NStgid:", "CapBnd: 0000000000000000")
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q: %s", name, want, text)
		}
	}
	env, err := os.ReadFile(proc + "environ")
	if err != nil || strings.Contains(string(env), "A_SECRET_OF_INIT") {
		t.Errorf("%s: environment %q, %v", name, env, err)
	}
}

// Outside a container nothing but the services themselves can notice that init
// was killed outright.
func TestKilledInitTakesItsServicesAlong(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	var pids []int
	for _, name := range []string{"api", "worker", "nginx"} {
		pids = append(pids, b.service(name).Pid)
	}
	b.cmd.Process.Kill()
	<-b.exited
	for _, pid := range pids {
		b.eventually(fmt.Sprintf("process %d ends", pid), func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

func TestWhatStopsTheStart(t *testing.T) {
	root := newRoot(t)
	t.Run("a fault in the configuration", func(t *testing.T) {
		b := startBox(t, root, "COFFER_LOG_LEVEL=loud", "COFFER_MAX_UPLOAD=much")
		if code := b.end(); code != exitConfig {
			t.Errorf("code %d", code)
		}
		for _, name := range []string{"COFFER_LOG_LEVEL", "COFFER_MAX_UPLOAD"} {
			if !strings.Contains(b.log.String(), name) {
				t.Errorf("%s is not named", name)
			}
		}
	})
	t.Run("a port that is taken", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b := startBox(t, root, "COFFER_LISTEN="+l.Addr().String())
		if code := b.end(); code != exitConfig {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(b.log.String(), l.Addr().String()+" is in use") || !strings.Contains(b.log.String(), "COFFER_LISTEN") {
			t.Error("the reason and the remedy are not told")
		}
	})
	t.Run("an address that is not here", func(t *testing.T) {
		b := startBox(t, root, "COFFER_LISTEN=192.0.2.1:8080")
		if code := b.end(); code != exitConfig || !strings.Contains(b.log.String(), "192.0.2.1") {
			t.Errorf("code %d", code)
		}
	})
	t.Run("a store that cannot be opened", func(t *testing.T) {
		db := filepath.Join(root, "data/store/coffer.db")
		if err := os.MkdirAll(filepath.Dir(db), 0o700); err != nil {
			t.Fatal(err)
		}
		os.RemoveAll(db)
		if err := os.WriteFile(db, bytes.Repeat([]byte("no store "), 4096), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chmod(db, 0o666)
		b := startBox(t, root)
		if code := b.end(); code != 1 {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(b.log.String(), "service given up") {
			t.Error("the end is not told")
		}
	})
}

func TestRolesAreForInitOnly(t *testing.T) {
	for _, args := range [][]string{{"api"}, {"worker"}, {"parser"}, {"spawn"}, {"spawn", "x"}, {"spawn", "1"}, {"parser-child"}, {"nothing"}, {}} {
		out, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		if code := run(context.Background(), args, nil, stdio{out, out, out}); code == 0 {
			t.Errorf("%q ends with 0", args)
		}
		text, _ := os.ReadFile(out.Name())
		if len(text) == 0 {
			t.Errorf("%q says nothing", args)
		}
		out.Close()
	}
}
