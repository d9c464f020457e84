package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// options are how a service behaves.
type options struct {
	events, name, flag string
	after, slow, tick  time.Duration
	deaf, never        bool
	code, chat, kill   int
	listen, spawn      string
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.StringVar(&o.events, "events", "", "file that lines are added to")
	f.StringVar(&o.name, "name", "", "what it calls itself there")
	f.StringVar(&o.flag, "flag", "", "file to make when it is ready")
	f.DurationVar(&o.after, "after", 0, "time until it is ready")
	f.BoolVar(&o.never, "never", false, "end instead of getting ready")
	f.IntVar(&o.code, "code", 0, "exit code")
	f.IntVar(&o.kill, "kill", 0, "end by this signal instead of getting ready")
	f.BoolVar(&o.deaf, "deaf", false, "ignore every signal that asks for the end")
	f.DurationVar(&o.slow, "slow", 0, "time from such a signal to the end")
	f.IntVar(&o.chat, "chat", 0, "bytes to print before it is ready")
	f.DurationVar(&o.tick, "tick", 0, "print a numbered line each time this is over")
	f.StringVar(&o.listen, "listen", "", "Unix socket to answer at")
	f.StringVar(&o.spawn, "spawn", "", "what it leaves behind: short, double, session")
	return o, f.Parse(args)
}

// serve is a service that notes what happens to it: start, ready, each signal
// by its name, and the end.
func serve(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	d, err := open(o.events, o.name)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 128)
	signal.Notify(signals)
	if err := d.note("start"); err != nil {
		return err
	}
	if o.listen != "" {
		if err := answer(o.listen); err != nil {
			return err
		}
	}
	if err := o.leaveBehind(); err != nil {
		return err
	}
	if o.chat > 0 {
		if err := o.print(); err != nil {
			return err
		}
		if err := d.note("printed"); err != nil {
			return err
		}
	}
	return o.live(d, signals)
}

func (o options) print() error {
	line := append(bytes.Repeat([]byte("x"), 99), '\n')
	for n := 0; n < o.chat; n += len(line) {
		if _, err := os.Stdout.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// live goes on until a signal ends it.
func (o options) live(d diary, signals <-chan os.Signal) error {
	working := time.After(o.after)
	var ticks <-chan time.Time
	if o.tick > 0 {
		t := time.NewTicker(o.tick)
		defer t.Stop()
		ticks = t.C
	}
	for n := 1; ; {
		select {
		case <-working:
			switch {
			case o.kill != 0:
				return die(syscall.Signal(o.kill))
			case o.never:
				os.Exit(o.code)
			}
			if err := d.note("ready"); err != nil {
				return err
			}
			if err := ready(o.flag); err != nil {
				return err
			}
		case <-ticks:
			fmt.Println("tick", n)
			n++
		case s := <-signals:
			number := s.(syscall.Signal)
			if number == unix.SIGURG || number == unix.SIGCHLD {
				continue
			}
			if err := d.note("got", word(number)); err != nil {
				return err
			}
			if ends := number == unix.SIGTERM || number == unix.SIGINT || number == unix.SIGQUIT; ends && !o.deaf {
				<-time.After(o.slow)
				return d.note("end")
			}
		}
	}
}

// die ends by a signal, as a program does that has no handler for it.
func die(s syscall.Signal) error {
	signal.Reset(s)
	if err := syscall.Setrlimit(unix.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return err
	}
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		return err
	}
	<-time.After(time.Hour) // it may reach another thread
	return nil
}

func word(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return strconv.Itoa(int(s))
}

// answer accepts connections and says its pid.
func answer(path string) error {
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintln(c, os.Getpid())
			_ = c.Close()
		}
	}()
	return nil
}

// leaveBehind starts what may outlive the service. All of it holds the
// service's output open.
func (o options) leaveBehind() error {
	lingering := []string{"/proc/self/exe", "linger", o.events, o.name + "-left"}
	var cmd *exec.Cmd
	switch o.spawn {
	case "":
		return nil
	case "short": // an orphan that soon ends
		cmd = exec.Command("/proc/self/exe", append([]string{"leave"}, append(lingering, "300ms")...)...)
	case "double": // forked away twice, as a daemon does
		cmd = exec.Command("/proc/self/exe", append([]string{"leave"}, append(lingering, "1h")...)...)
	case "session":
		cmd = exec.Command(lingering[0], append(lingering[1:], "1h")...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	default:
		return fmt.Errorf("cannot leave a %q behind", o.spawn)
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	if o.spawn == "session" {
		return nil
	}
	return cmd.Wait()
}

// leave starts a program in a session of its own and ends.
func leave(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// linger stays for a while, whatever it is asked.
func linger(args []string) error {
	d, err := open(args[0], args[1])
	if err != nil {
		return err
	}
	long, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	signal.Ignore(unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP)
	if err := d.note("start"); err != nil {
		return err
	}
	<-time.After(long)
	return d.note("end")
}
