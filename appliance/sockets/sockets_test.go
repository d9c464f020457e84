package sockets

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/beneath/beneathtest"
)

// The test binary, started with "serve", is a service: it answers connections
// with what it found, or says which descriptors it has.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		in, err := Inherit(os.Environ())
		if err == nil {
			err = in.Ready("set-up")
		}
		var l net.Listener
		if err == nil {
			l, err = in.Listener("echo")
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		conn, _ := l.Accept()
		config, _ := in.Bytes("config")
		conn.Write(config)
		out, _ := exec.Command("/bin/ls", "-l", "/proc/self/fd").Output()
		conn.Write(out)
		conn.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func spec(path string) Spec { return Spec{Name: "echo", Path: path, UID: -1, GID: -1, Mode: 0o660} }

func TestClientsWaitWhileTheServiceIsAway(t *testing.T) {
	path := filepath.Join(folder(t), "echo.sock")
	set, err := Bind(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for range 3 { // three lives of the service, one client each
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		socket, err := set.File("echo")
		if err != nil {
			t.Fatal(err)
		}
		config, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		config.WriteString("options\n")
		config.Seek(0, io.SeekStart)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/proc/self/exe", "serve")
		cmd.Stderr = os.Stderr
		cmd.Env = []string{Variable + "=config,notify,echo"}
		cmd.ExtraFiles = []*os.File{config, w, socket}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		told, _ := io.ReadAll(r)
		if string(told) != "STATUS=set-up\nREADY=1\n" {
			t.Errorf("the service told %q", told)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "options\n") {
			t.Errorf("answer %q (%v)", answer, err)
		}
		// What the service was handed (3 to 5) does not reach a program that it
		// starts; ls itself has the folder at 3.
		for _, fd := range []string{" 4 -> ", " 5 -> ", "-> socket:"} {
			if strings.Contains(string(answer), fd) {
				t.Errorf("descriptors leaked into a child:\n%s", answer)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestWaitSeesAConnectionAndLeavesIt(t *testing.T) {
	path := filepath.Join(folder(t), "echo.sock")
	set, err := Bind(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	if err := set.Wait(short, "echo"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody came, and Wait says %v", err)
	}
	cancel()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := make(chan error, 1)
	go func() { seen <- set.Wait(ctx, "echo") }()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := <-seen; err != nil {
		t.Fatal(err)
	}
	if err := set.Wait(ctx, "echo"); err != nil {
		t.Errorf("the connection is gone: %v", err)
	}
	if err := set.Wait(ctx, "other"); err == nil {
		t.Error("waited at a socket that is not there")
	}
}

func TestWaitSpendsNoTime(t *testing.T) {
	path := filepath.Join(folder(t), "echo.sock")
	set, err := Bind(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	set.Wait(ctx, "echo")
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	spent := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	if spent > 150*time.Millisecond {
		t.Errorf("waiting for 300 ms took %v of the processor", spent)
	}
}

func TestModeAndStaleFiles(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "echo.sock")
	set, err := Bind(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("mode %v (%v)", st.Mode(), err)
	}
	if _, err := Bind(spec(path)); err == nil || !strings.Contains(err.Error(), "another box") {
		t.Errorf("a second box: %v", err)
	}
	f, _ := set.File("echo")
	f.Close() // as a killed init leaves it: the file is there, nobody listens
	again, err := Bind(spec(path))
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("Close left the file")
	}

	for name, plant := range map[string]func(string) error{
		"file":   func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"folder": func(p string) error { return os.Mkdir(p, 0o700) },
	} {
		p := filepath.Join(dir, name)
		if err := plant(p); err != nil {
			t.Fatal(err)
		}
		if _, err := Bind(spec(p)); err == nil {
			t.Errorf("a %s in the way was replaced", name)
		}
		if _, err := os.Lstat(p); err != nil {
			t.Errorf("a %s in the way is gone", name)
		}
	}
	if _, err := Bind(spec(filepath.Join(dir, strings.Repeat("x", 120)))); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("long path: %v", err)
	}
}

// What holds no bytes makes room for a socket; a file stays. Neither is opened,
// nor what a link leads to, nor its mode or owner changed.
func TestPlantsInEveryRow(t *testing.T) {
	for _, kind := range beneathtest.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			path := filepath.Join(folder(t), "echo.sock")
			victim := beneathtest.New(t)
			victim.Plant(kind, path)
			set, err := Bind(spec(path))
			if kind.File {
				if err == nil || !strings.Contains(err.Error(), path+" is in the way") {
					t.Errorf("%v", err)
				}
				victim.Stands(path)
				victim.Untouched()
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			victim.Gone(path)
			victim.Untouched()
		})
	}
}

// The folder of sockets is no link.
func TestRunFolder(t *testing.T) {
	for _, kind := range beneathtest.Kinds() {
		path := filepath.Join(folder(t), "run")
		victim := beneathtest.New(t)
		victim.Plant(kind, path)
		if err := RunFolder(path); err == nil {
			t.Errorf("%s is taken for it", kind.Name)
		}
		victim.Stands(path)
		victim.Untouched()
	}
	path := filepath.Join(folder(t), "run")
	if err := errors.Join(os.Mkdir(path, 0o700), RunFolder(path)); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: giving a socket away needs root")
	}
	path := filepath.Join(folder(t), "echo.sock")
	set, err := Bind(Spec{Name: "echo", Path: path, UID: 10002, GID: 10001, Mode: 0o660})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := st.Sys().(*syscall.Stat_t); s.Uid != 10002 || s.Gid != 10001 {
		t.Errorf("owner %d:%d", s.Uid, s.Gid)
	}
}

func TestInheritRefuses(t *testing.T) {
	for name, env := range map[string][]string{
		"nothing": {"PATH=/bin"},
		"empty":   {Variable + "="},
	} {
		if _, err := Inherit(env); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
