package index

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

const crashDir = "COFFER_TEST_CRASH_DIR"

// TestMain turns the test binary into the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := applyForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// Change n of the crash test writes or replaces a source, and every fifth
// change removes one, so that what the index must hold follows from the
// sequence alone.
const crashSources = 40

func crashChange(seq uint64) (docs []library.Document, removed []library.SourceID) {
	id := fmt.Sprintf("s%d", seq%crashSources)
	if seq%5 == 0 {
		return nil, []library.SourceID{library.SourceID(id)}
	}
	texts := make([]string, 1+seq%7)
	for i := range texts {
		texts[i] = fmt.Sprintf("common text of change %d %s", seq, strings.Repeat("filler ", 50))
	}
	return []library.Document{document(id, "title", texts...)}, nil
}

// crashState is how many passages and titles there are after change seq.
func crashState(seq uint64) (passages int, s state) {
	s.seq = seq
	for id := range uint64(min(crashSources, seq)) {
		last := seq - id
		docs, _ := crashChange(last)
		for _, d := range docs {
			passages += len(d.Passages)
			s.words += uint64(len(d.Passages) * 55)
			s.titles++
			s.titled++
		}
	}
	return passages, s
}

func applyForEver(dir string) error {
	x, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	seq, err := x.Applied()
	if err != nil {
		return err
	}
	for {
		seq++
		docs, removed := crashChange(seq)
		if err := x.Apply(context.Background(), seq, docs, removed); err != nil {
			return err
		}
		fmt.Println(seq)
	}
}

// TestKilled kills a process in the middle of its batches, again and again.
// What is found after each kill is exactly what the sequence on disk says, and
// no batch that had returned is lost.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("crash tier: short")
	}
	dir := t.TempDir()
	for round := range 12 {
		said := applyUntilKilled(t, dir, time.Duration(20+rand.IntN(150))*time.Millisecond)
		x := reopen(t, dir)
		seq, err := x.Applied()
		if err != nil || seq < said {
			t.Fatalf("round %d: applied %d after %d had returned, %v", round, seq, said, err)
		}
		passages, want := crashState(seq)
		if got := search(t, x, library.Query{Text: "common"}).Total; got != passages {
			t.Errorf("round %d: %d passages at %d, want %d", round, got, seq, passages)
		}
		if got := stateOf(t, x); got != want {
			t.Errorf("round %d: state %+v, want %+v", round, got, want)
		}
		close1(t, x)
	}
}

// applyUntilKilled returns the last change of which the process said that it
// was applied.
func applyUntilKilled(t *testing.T, dir string, life time.Duration) (seq uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var killer *time.Timer
	for s := bufio.NewScanner(out); s.Scan(); {
		if killer == nil { // it lives from its first batch on
			killer = time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
		}
		if seq, err = strconv.ParseUint(s.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err == nil || killer == nil {
		t.Fatalf("the process ended by itself at %d: %v", seq, err)
	}
	return seq
}
