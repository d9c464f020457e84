package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
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
	slowFailures()
	var failures atomic.Int64
	wait := scorch.RegistryAsyncErrorCallbacks[failureName]
	scorch.RegistryAsyncErrorCallbacks[failureName] = func(err error, path string) {
		failures.Add(1)
		wait(err, path)
	}
	defer func() { scorch.RegistryAsyncErrorCallbacks[failureName] = wait }()
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
	began, before := time.Now(), failures.Load()
	time.Sleep(time.Second)
	// Two loops, each with at most one failure under way and one a second.
	most := 2 * (1 + int64(time.Since(began)/time.Second))
	if n := failures.Load() - before; n > most {
		t.Errorf("%d attempts in an idle second, want at most %d", n, most)
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
