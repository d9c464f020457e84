package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// executed is the descriptor that closes when the init under test has taken
// the place of this process.
const executed = 3

// stage is PID 1 of a fresh PID and mount namespace until it executes the
// init, or with -inner its parent.
func stage(args []string) error {
	f := flag.NewFlagSet("stage", flag.ContinueOnError)
	small := f.String("small", "", "folder that becomes a small file system, nearly full")
	leak := f.String("leak", "", "file left open at descriptors 9 and 23, as a careless runtime does")
	groups := f.Bool("groups", false, "have supplementary groups, as a container engine gives them")
	inner := f.String("inner", "", "be PID 1 and start the init as a child; what it leaves is listed in this file")
	if err := f.Parse(args); err != nil {
		return err
	}
	// Whoever started the suite may have left more open.
	if err := unix.CloseRange(executed, ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("descriptors: %w", err)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("proc: %w", err)
	}
	if *small != "" {
		if err := fill(*small); err != nil {
			return err
		}
	}
	if *leak != "" {
		file, err := os.Open(*leak)
		if err != nil {
			return err
		}
		for _, fd := range []int{9, 23} {
			if err := unix.Dup3(int(file.Fd()), fd, 0); err != nil {
				return err
			}
		}
	}
	if *groups {
		if err := syscall.Setgroups([]int{0, 4, 27}); err != nil {
			return err
		}
	}
	argv := f.Args()
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	if *inner != "" {
		return parent(path, argv, *inner)
	}
	return syscall.Exec(path, argv, os.Environ())
}

// fill makes folder a file system of 4 MiB with 64 KiB to spare; the rest is a
// file that can be removed.
func fill(folder string) error {
	if err := unix.Mount("small", folder, "tmpfs", 0, "size=4m,mode=0755"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	return os.WriteFile(filepath.Join(folder, "filler"), make([]byte, (4<<20)-(64<<10)), 0o600)
}

// parent starts the init below itself, as `docker run --init` and pods with a
// shared PID namespace do, ends with its code, and lists what it left.
func parent(path string, argv []string, left string) error {
	// Caught and not ignored, which the init would inherit.
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM)
	cmd := exec.Command(path, argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := unix.Close(executed); err != nil {
		return err
	}
	_ = cmd.Wait() // the code below tells
	var found []string
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil || filepath.Base(dir) == "1" || strings.Contains(string(stat), ") Z ") {
			continue
		}
		found = append(found, strings.ReplaceAll(strings.TrimRight(string(line), "\x00"), "\x00", " "))
	}
	if err := os.WriteFile(left, []byte(strings.Join(found, "\n")), 0o644); err != nil {
		return err
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		os.Exit(128 + int(status.Signal()))
	}
	os.Exit(status.ExitStatus())
	return nil
}
