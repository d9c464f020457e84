package confine

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// stage is a copy of the test binary where every user can execute it.
func stage(t *testing.T) (folder, program string) {
	t.Helper()
	if cgo {
		t.Skip("SKIPPED: what ships is built with CGO_ENABLED=0; test that")
	}
	folder, err := os.MkdirTemp("", "confine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program = folder + "/program"
	if err := errors.Join(os.Chmod(folder, 0o755), os.WriteFile(program, self, 0o755), os.Chmod(program, 0o755)); err != nil {
		t.Fatal(err)
	}
	return folder, program
}

// attempt is a program that ran its probes and still waits.
type attempt struct {
	cmd     *exec.Cmd
	results map[string]string
	stdin   io.WriteCloser
}

// run starts the probes confined by spec, or freely when spec is nil.
func run(t *testing.T, program string, spec *Spec, before string, extra []*os.File, probes ...string) *attempt {
	t.Helper()
	if !gate() {
		probes = slices.DeleteFunc(slices.Clone(probes), func(p string) bool { return strings.HasPrefix(p, "i386-") })
	}
	args := append([]string{"program", "try", before}, probes...)
	cmd := exec.Command(program, args[1:]...)
	cmd.ExtraFiles = extra
	if spec != nil {
		spec.Path, spec.Args, spec.Descriptors = program, args, len(extra)
		f, err := spec.Memfd()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		words := []string{"stub", strconv.Itoa(3 + len(extra))}
		if before == "old-kernel" {
			words = append([]string{"old-kernel"}, words...)
		}
		cmd = exec.Command(program, words...)
		cmd.ExtraFiles = append(append([]*os.File{}, extra...), f)
		if os.Geteuid() == 0 { // groups to leave
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0, 4, 27}}}
		}
	}
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	a := &attempt{cmd: cmd, stdin: stdin, results: map[string]string{}}
	if err := json.NewDecoder(stdout).Decode(&a.results); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("the program did not report: %v\n%s", err, stderr)
	}
	if !gate() {
		for name := range tries {
			if strings.HasPrefix(name, "i386-") {
				a.results[name] = "n/a"
			}
		}
	}
	return a
}

// gate reports that this kernel takes system calls of the i386 architecture at
// all: a program that tries where it does not is killed.
var gate = sync.OnceValue(func() bool { return exec.Command("/proc/self/exe", "gate", "getpid").Run() == nil })
