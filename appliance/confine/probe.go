package confine

import (
	"fmt"
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Support is what this kernel can do for us.
type Support struct {
	Landlock int      // ABI version, 0 when there is none
	Seccomp  bool     // system call filters
	Missing  []string // what is therefore not enforced, for people
}

// since says which protection came with which Landlock ABI.
var since = []struct {
	abi  int
	what string
}{
	{1, "files are not restricted by Landlock"},
	{2, "the API's files are not restricted by Landlock"},
	{3, "truncating files is not restricted"},
	{4, "TCP is restricted by seccomp only"},
	{5, "device ioctls are not restricted"},
	{6, "signals and abstract sockets between roles are not restricted"},
}

// Probe asks the kernel.
func Probe() Support {
	var s Support
	if v, err := ll.LandlockGetABIVersion(); err == nil {
		s.Landlock = v
	}
	s.Seccomp = seccomp.Supported()
	s.Missing = missing(s.Landlock)
	if !s.Seccomp {
		s.Missing = append(s.Missing, "system calls are not restricted (no seccomp)")
	}
	return s
}

// missing is what a kernel with this Landlock ABI does not enforce.
func missing(abi int) []string {
	var out []string
	for _, row := range since {
		if abi < row.abi {
			out = append(out, fmt.Sprintf("%s (needs Landlock %d)", row.what, row.abi))
		}
	}
	return out
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && !st.IsDir()
}
