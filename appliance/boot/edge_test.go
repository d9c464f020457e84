package boot

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"coffer/appliance/beneath/beneathtest"
)

// The folder of the pid file is nginx's own, so that whoever took it over puts
// there what they like: nothing but a file is opened, and a start begins
// without it.
func TestPIDFileIsNotTrusted(t *testing.T) {
	run := t.TempDir()
	file := filepath.Join(run, NginxPID)
	b := &box{Options: Options{Run: run}}
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, kind := range beneathtest.Kinds() {
		victim := beneathtest.New(t)
		victim.Plant(kind, file)
		if named(run, 7) {
			t.Errorf("%s names a process", kind.Name)
		}
		victim.Stands(file)
		if err := b.forget([]string{NginxPID, "nginx/none"}); err != nil {
			t.Error(err)
		}
		victim.Gone(file)
		victim.Untouched()
	}
	for text, pid := range map[string]int{"7\n": 7, "8": 8} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if !named(run, pid) || named(run, pid+1) {
			t.Errorf("%q does not name %s alone", text, strconv.Itoa(pid))
		}
	}
	if err := os.WriteFile(file, make([]byte, 33), 0o644); err != nil {
		t.Fatal(err)
	}
	if named(run, 0) {
		t.Error("a file that is too long names a process")
	}
}
