package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"

	"coffer/services/library"
)

// TestFullDisk fills a small file system, which only root can make, and frees
// it again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("full disk tier: no file system of a given size here: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := Open(filepath.Join(dir, "index"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	v := newVocabulary(20_000)
	seq := uint64(0)
	for err == nil && seq < 500 {
		seq++
		err = x.Apply(context.Background(), seq, []library.Document{document(fmt.Sprint("s", seq), "", "common "+v.text(2000))}, nil)
	}
	if !errors.Is(err, &library.Error{Kind: library.Full}) {
		t.Fatalf("after %d documents: %v", seq, err)
	}
	if got, _ := x.Applied(); got != seq-1 {
		t.Errorf("applied %d, want %d", got, seq-1)
	}
	if got := stateOf(t, x).seq; got != seq-1 {
		t.Errorf("searches see change %d, which is not on disk", got)
	}
	if n := search(t, x, library.Query{Text: "common"}).Total; n < int(seq)-1 {
		t.Errorf("%d passages found on a full disk, want %d", n, seq-1)
	}
	// The background loops wait between their attempts.
	before := processorTime(t)
	time.Sleep(time.Second)
	if spent := processorTime(t) - before; spent > 700*time.Millisecond {
		t.Errorf("%v of processor time in an idle second", spent)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err = x.Apply(context.Background(), seq, []library.Document{document("after", "", "common word")}, nil); err == nil {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("with room again: %v", err)
	}
}

// TestFailuresAreSlow calls what scorch calls after each failure of its loops.
func TestFailuresAreSlow(t *testing.T) {
	slowFailures()
	began := time.Now()
	scorch.RegistryAsyncErrorCallbacks[failureName](errors.New("no space left"), "")
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("the next attempt after %v", took)
	}
	if name := engineConfig(t.TempDir())["asyncErrorCallbackName"]; name != failureName {
		t.Errorf("scorch is told to call %v", name)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
