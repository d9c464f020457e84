package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// The test binary plays three parts: the tests, the spawn stub, and the
// confined program, which tries things and reports each errno.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "stub":
			fd, _ := strconv.Atoi(os.Args[2])
			fmt.Fprintln(os.Stderr, Enter(fd))
			os.Exit(120)
		case "old-kernel":
			// A kernel without Landlock: the calls are not there.
			fatal(everyThread(seccomp.Policy{
				DefaultAction: seccomp.ActionAllow,
				Syscalls: []seccomp.SyscallGroup{{
					Names:  []string{"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"},
					Action: notThere,
				}},
			}))
			fatal(syscall.Exec("/proc/self/exe", append(os.Args[:1], os.Args[2:]...), os.Environ()))
		case "trim":
			if os.Args[2] != "" {
				n, _ := strconv.Atoi(os.Args[2])
				var all [2]unix.CapUserData
				header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
				fatal(unix.Capget(&header, &all[0]))
				all[n/32].Effective &^= 1 << (n % 32)
				all[n/32].Permitted &^= 1 << (n % 32)
				fatal(setCapabilities(&all))
			}
			fatal(Trim())
			status, err := os.ReadFile("/proc/thread-self/status")
			fatal(err)
			os.Stdout.Write(status)
			os.Exit(0)
		case "gate":
			fatal(foreign(20, 0, 0, 0))
			os.Exit(0)
		case "try":
			try(os.Args[2], os.Args[3:])
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func fatal(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// try runs the named probes, prints their errors, and waits until stdin ends
// so that the test can look at the process from outside.
//
// They run on a thread that was there before the program confined itself.
func try(before string, probes []string) {
	asked, answered := make(chan string), make(chan string)
	go func() {
		runtime.LockOSThread()
		for p := range asked {
			name, arg, _ := strings.Cut(p, "=")
			answered <- errno(tries[name](arg))
		}
	}()
	neighbour := startNeighbour(slices.Contains(probes, "neighbour"))
	tries["limits"] = func(string) error { return unix.Prlimit(neighbour, unix.RLIMIT_NOFILE, nil, &unix.Rlimit{}) }
	tries["neighbour"] = func(string) error { return unix.Tgkill(neighbour, neighbour, 0) }
	switch before {
	case "give-up-exec":
		if err := GiveUpExec(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "child":
		if err := Child(ChildLimits{Data: 320 << 20, OpenFiles: 32}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	out := map[string]string{}
	for _, p := range probes {
		asked <- p
		out[p] = <-answered
	}
	json.NewEncoder(os.Stdout).Encode(out)
	io.Copy(io.Discard, os.Stdin)
}

// startNeighbour starts a process of the same user and confinement, which ends
// with this one, and returns its pid.
func startNeighbour(wanted bool) int {
	if !wanted {
		return 0
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		self = os.Args[len(os.Args)-1]
	}
	r, w, err := os.Pipe()
	fatal(err)
	unix.CloseOnExec(int(w.Fd()))
	pid, err := syscall.ForkExec(self, []string{"program", "try", "", "sleep"}, &syscall.ProcAttr{
		Files: []uintptr{r.Fd(), 2, 2},
	})
	fatal(err)
	return pid
}

// errno names the error: ok, EPERM, EACCES …, or the message.
func errno(err error) string {
	var e syscall.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return unix.ErrnoName(e)
	}
	return err.Error()
}

func socketOf(family, typ, proto int) error {
	fd, err := unix.Socket(family, typ, proto)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func raw(nr uintptr, args ...uintptr) error {
	var a [4]uintptr
	copy(a[:], args)
	if _, _, e := syscall.Syscall6(nr, a[0], a[1], a[2], a[3], 0, 0); e != 0 {
		return e
	}
	return nil
}

var tries = map[string]func(arg string) error{
	"tcp4":    func(string) error { return socketOf(unix.AF_INET, unix.SOCK_STREAM, 0) },
	"tcp6":    func(string) error { return socketOf(unix.AF_INET6, unix.SOCK_STREAM, 0) },
	"udp4":    func(string) error { return socketOf(unix.AF_INET, unix.SOCK_DGRAM, 0) },
	"udp6":    func(string) error { return socketOf(unix.AF_INET6, unix.SOCK_DGRAM, 0) },
	"mptcp":   func(string) error { return socketOf(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP) },
	"icmp":    func(string) error { return socketOf(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP) },
	"netlink": func(string) error { return socketOf(unix.AF_NETLINK, unix.SOCK_RAW, 0) },
	"vsock":   func(string) error { return socketOf(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"unix":    func(string) error { return socketOf(unix.AF_UNIX, unix.SOCK_STREAM, 0) },
	"pair": func(string) error {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		if err == nil {
			unix.Close(p[0])
			unix.Close(p[1])
		}
		return err
	},
	// listen uses descriptor 3 where the test hands it a socket that is bound
	// to nothing.
	"listen": func(string) error { return unix.Listen(3, 1) },
	"bind":   func(string) error { return unix.Bind(3, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) },
	"bind-port": func(port string) error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		n, _ := strconv.Atoi(port)
		return unix.Bind(fd, &unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}})
	},
	"connect-port": func(port string) error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		n, _ := strconv.Atoi(port)
		return unix.Connect(fd, &unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}})
	},
	"connect-unix": func(path string) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	},
	"read": func(path string) error { _, err := os.ReadFile(path); return err },
	"write": func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			f.Close()
		}
		return err
	},
	"exec": func(path string) error {
		pid, err := syscall.ForkExec(path, []string{path}, &syscall.ProcAttr{})
		if err == nil {
			syscall.Wait4(pid, nil, 0, nil)
		}
		return err
	},
	"fork": func(string) error {
		pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if e != 0 {
			return e
		}
		if pid == 0 {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		syscall.Wait4(int(pid), nil, 0, nil)
		return nil
	},
	"userns": func(string) error {
		pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD|unix.CLONE_NEWUSER), 0, 0, 0, 0, 0)
		if e != 0 {
			return e
		}
		if pid == 0 {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		syscall.Wait4(int(pid), nil, 0, nil)
		return nil
	},
	"thread": func(string) error {
		done := make(chan int)
		for range 8 {
			go func() { runtime.LockOSThread(); done <- unix.Gettid() }()
		}
		for range 8 {
			<-done
		}
		return nil
	},
	"clone3":   func(string) error { return raw(unix.SYS_CLONE3, 0, 0) },
	"ptrace":   func(string) error { return raw(unix.SYS_PTRACE, 0xffff) },
	"io_uring": func(string) error { return raw(unix.SYS_IO_URING_SETUP, 1, 0) },
	"bpf":      func(string) error { return raw(unix.SYS_BPF, 0xffff) },
	"keyctl":   func(string) error { return raw(unix.SYS_KEYCTL, 0, ^uintptr(2)) },
	"mount":    func(string) error { return raw(unix.SYS_MOUNT, 0, 0, 0, 0) },
	"perf":     func(string) error { return raw(unix.SYS_PERF_EVENT_OPEN, 0) },
	"userfaultfd": func(string) error {
		return raw(unix.SYS_USERFAULTFD, 0xffff)
	},
	"setuid": func(string) error {
		_, _, e := syscall.RawSyscall(unix.SYS_SETRESUID, 0, 0, 0)
		if e != 0 {
			return e
		}
		return nil
	},
	"signal": func(pid string) error { n, _ := strconv.Atoi(pid); return unix.Kill(n, 0) },
	"abstract": func(name string) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Connect(fd, &unix.SockaddrUnix{Name: "@" + name})
	},
	// grow writes to the regular file at descriptor 3.
	"grow": func(string) error { _, err := unix.Write(3, []byte("x")); return err },
	"descriptors": func(n string) error {
		many, _ := strconv.Atoi(n)
		for range many {
			if _, err := unix.FcntlInt(3, unix.F_DUPFD_CLOEXEC, 0); err != nil {
				return err
			}
		}
		return nil
	},
	"memory": func(mb string) error {
		n, _ := strconv.Atoi(mb)
		b, err := unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err == nil {
			unix.Munmap(b)
		}
		return err
	},
	"code": func(string) error { // what a compiler of WebAssembly does
		b, err := unix.Mmap(-1, 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return err
		}
		defer unix.Munmap(b)
		return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
	},
	"i386-socket":   func(string) error { return foreign(359, unix.AF_INET, unix.SOCK_STREAM, 0) },
	"i386-execve":   func(string) error { return foreign(11, 0, 0, 0) },
	"i386-ptrace":   func(string) error { return foreign(26, 0xffff, 0, 0) },
	"i386-io_uring": func(string) error { return foreign(425, 1, 0, 0) },
	"sleep":         func(string) error { time.Sleep(time.Millisecond); return nil },
}

// foreign makes a system call through the i386 gate of an amd64 kernel.
func foreign(nr, a, b, c uint32) error {
	if runtime.GOARCH != "amd64" {
		return errors.New("n/a")
	}
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	le := func(v uint64, n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = byte(v >> (8 * i))
		}
		return out
	}
	slot := new(int32)
	code := []byte{0x53, 0xb8} // push rbx; mov eax, nr
	code = append(code, le(uint64(nr), 4)...)
	code = append(append(code, 0xbb), le(uint64(a), 4)...) // mov ebx
	code = append(append(code, 0xb9), le(uint64(b), 4)...) // mov ecx
	code = append(append(code, 0xba), le(uint64(c), 4)...) // mov edx
	code = append(code, 0xcd, 0x80)                        // int 0x80
	code = append(append(code, 0x48, 0xb9), le(uint64(uintptr(unsafe.Pointer(slot))), 8)...)
	code = append(code, 0x89, 0x01, 0x5b, 0xc3) // mov [rcx], eax; pop rbx; ret
	copy(page, code)
	if err := unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		return err
	}
	entry := unsafe.Pointer(&page[0])
	entryAt := &entry
	call := *(*func())(unsafe.Pointer(&entryAt))
	call()
	runtime.KeepAlive(slot)
	if *slot < 0 {
		return syscall.Errno(-*slot)
	}
	return nil
}
