package confine

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A kernel without Landlock confines less and runs all the same.
func TestWithoutLandlock(t *testing.T) {
	_, program := stage(t)
	spec := role(program, ProfileAPI, Files{})
	got := run(t, program, spec, "old-kernel", nil, "tcp4", "unix", "read=/etc/hostname", "i386-socket").results
	want := map[string]string{"tcp4": "EPERM", "unix": "ok", "read=/etc/hostname": "ok", "i386-socket": "EPERM"}
	for p, w := range want {
		if got[p] != w && got[p] != "n/a" {
			t.Errorf("%s: %s, want %s", p, got[p], w)
		}
	}
	for abi, n := range map[int]int{0: len(since), 1: len(since) - 1, 3: len(since) - 3, 6: 0, 7: 0} {
		if got := len(missing(abi)); got != n {
			t.Errorf("Landlock %d: %d protections are reported missing, want %d", abi, got, n)
		}
	}
}

func TestTrim(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: needs root")
	}
	_, program := stage(t)
	out, err := exec.Command(program, "trim", "").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var mask uint64
	for _, c := range needed {
		mask |= 1 << c.number
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, set := range []string{"CapPrm", "CapEff", "CapBnd"} {
		if want := fmt.Sprintf("%s: %016x", set, mask); !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, set := range []string{"CapInh", "CapAmb"} {
		if want := fmt.Sprintf("%s: %016x", set, 0); !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, c := range needed {
		out, err := exec.Command(program, "trim", fmt.Sprint(c.number)).Output()
		if err == nil || !strings.Contains(string(out), "--cap-add "+c.name) || !strings.Contains(string(out), "--user") {
			t.Errorf("without %s: %v, %s", c.name, err, out)
		}
	}
}
