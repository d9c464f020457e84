package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

// crashDir, when set, makes this test binary the victim: it works on the box
// in that folder until it is killed, and says on stdout what it was promised.
const crashDir = "COFFER_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		victim(dir)
	}
	os.Exit(m.Run())
}

// disk is a library on disk with an index in memory.
type disk struct {
	*library.Library
	store *store.Store
	blobs *blobs.Dir
}

func openDisk(dir string) (*disk, error) {
	st, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	bl, err := blobs.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, err
	}
	lib, err := library.Open(context.Background(), library.Options{
		Store: st, Blobs: bl, Index: librarytest.NewIndex(), MaxUpload: 1 << 20,
	})
	return &disk{lib, st, bl}, err
}

// victim adds, reads, fails, cancels and deletes from several sides at once.
// Each line says what a call that returned has promised.
func victim(dir string) {
	d, err := openDisk(dir)
	if err != nil {
		fmt.Println("broken", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	ctx := context.Background()
	go d.Run(ctx)
	for range 3 {
		go func() {
			for {
				s, _, err := d.Add(ctx, "a.txt", strings.NewReader(content()))
				if err != nil {
					say("broken %v", err)
					return
				}
				say("added %s %s", s.ID, s.SHA256)
				if rand.N(4) == 0 {
					say("deleting %s", s.ID)
					if d.Delete(ctx, s.ID) == nil {
						say("deleted %s", s.ID)
					}
				}
			}
		}()
	}
	for range 2 {
		go func() {
			for {
				lease, err := d.Lease(ctx)
				if err != nil {
					say("broken %v", err)
					return
				}
				switch rand.N(6) {
				case 0:
					if d.Fail(ctx, lease.ID, library.Failure{Reason: library.Reason{Code: "x", Message: "y"}}) == nil {
						say("failed %s", lease.Source)
					}
				case 1:
					d.Release(ctx, lease.ID)
				default:
					if d.Complete(ctx, lease.ID, librarytest.Reading(library.TypeText, 1+rand.N(30))) == nil {
						say("committed %s", lease.Source)
					}
				}
			}
		}()
	}
	select {}
}

func content() string {
	return fmt.Sprint(rand.Uint64(), strings.Repeat(" words", rand.N(3000)))
}

// A box that is killed at any moment keeps every promise it made, and holds no
// half of anything it did not get to promise.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	promised := map[string]string{} // id → the last thing said of it
	hashes := map[string]string{}
	for round := range rounds {
		for _, line := range killed(t, dir, time.Duration(20+rand.N(250))*time.Millisecond) {
			words := strings.Fields(line)
			switch {
			case words[0] == "broken":
				t.Fatal(line)
			case words[0] == "added":
				hashes[words[1]] = words[2]
				if promised[words[1]] == "" { // a reader may be told first
					promised[words[1]] = "added"
				}
			case promised[words[1]] == "deleted" || promised[words[1]] == "deleting" && words[0] != "deleted":
			default:
				promised[words[1]] = words[0]
			}
		}
		checkAfterCrash(t, dir, promised, hashes)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	t.Logf("%d sources through %d crashes", len(promised), rounds)
}

// killed runs a victim for a while, and returns what it said.
func killed(t *testing.T, dir string, after time.Duration) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	librarytest.Must(t, err)
	librarytest.Must(t, cmd.Start())
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	for s := bufio.NewScanner(out); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == 1 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	return lines
}

func checkAfterCrash(t *testing.T, dir string, promised, hashes map[string]string) {
	t.Helper()
	ctx := t.Context()
	d, err := openDisk(dir)
	librarytest.Must(t, err)
	defer d.store.Close()
	defer d.blobs.Close()
	for id, state := range promised {
		s, err := d.store.Source(ctx, library.SourceID(id))
		if state == "deleted" || state == "deleting" && err != nil {
			librarytest.WantKind(t, err, library.NotFound)
			continue
		}
		if err != nil {
			t.Errorf("%s was %s and is lost: %v", id, state, err)
			continue
		}
		if state == "committed" && s.Status != library.StatusReady || state == "failed" && s.Status != library.StatusFailed {
			t.Errorf("%s was %s and is %s", id, state, s.Status)
		}
		if h := hashes[id]; h != "" && s.SHA256 != h {
			t.Errorf("%s has hash %s, not %s", id, s.SHA256, h)
		}
	}
	checkWhole(t, d)
}

// checkWhole compares the parts of a box with each other.
func checkWhole(t *testing.T, d *disk) {
	t.Helper()
	ctx := t.Context()
	waiting := map[library.SourceID]bool{}
	librarytest.Must(t, d.store.Queue(ctx, func(j library.Job) error { waiting[j.Source] = true; return nil }))
	changed := map[library.SourceID]int{}
	changes, err := d.store.Changes(ctx, 0, 1<<20)
	librarytest.Must(t, err)
	for _, c := range changes {
		changed[c.Source]++
	}
	kept := map[string]bool{}
	total := 0
	for cursor := ""; ; {
		l, err := d.store.Sources(ctx, library.SourceFilter{}, library.Page{Limit: 200, Cursor: cursor})
		librarytest.Must(t, err)
		for _, s := range l.Items {
			total++
			kept[s.SHA256] = true
			if waiting[s.ID] != (s.Status == library.StatusQueued) {
				t.Errorf("%s is %s and its job waits: %v", s.ID, s.Status, waiting[s.ID])
			}
			delete(waiting, s.ID)
			passages, err := d.store.Passages(ctx, s.ID, 0, 1000)
			librarytest.Must(t, err)
			if ready := s.Status == library.StatusReady; ready != (len(passages) > 0) || len(passages) != s.Passages || ready != (changed[s.ID] == 1) {
				t.Errorf("%s is %s with %d of %d passages and %d changes", s.ID, s.Status, len(passages), s.Passages, changed[s.ID])
			}
			checkBlob(t, d, s)
		}
		if cursor = l.Next; cursor == "" {
			if total != l.Total {
				t.Errorf("%d sources, counted as %d", total, l.Total)
			}
			break
		}
	}
	for id := range waiting {
		t.Errorf("a job waits without its source %s", id)
	}
}

func checkBlob(t *testing.T, d *disk, s library.Source) {
	t.Helper()
	f, err := d.blobs.Open(s.SHA256)
	if err != nil {
		t.Errorf("%s has lost its original: %v", s.ID, err)
		return
	}
	defer f.Close()
	if n, err := f.Seek(0, io.SeekEnd); err != nil || n != s.Size {
		t.Errorf("the original of %s has %d bytes of %d, %v", s.ID, n, s.Size, err)
	}
}

// What a crash leaves behind is swept within a day, and not by the start.
func TestSweptAfterCrash(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d, err := openDisk(dir)
		librarytest.Must(t, err)
		defer d.store.Close()
		defer d.blobs.Close()
		s, _, err := d.Add(t.Context(), "kept.txt", strings.NewReader("kept"))
		librarytest.Must(t, err)
		staged, err := d.blobs.Stage(t.Context(), strings.NewReader("published, and then the box died"), 100)
		librarytest.Must(t, err)
		librarytest.Must(t, staged.Publish())
		staged.Discard()
		there := func() bool {
			f, err := d.blobs.Open(staged.SHA256())
			if err == nil {
				return f.Close() == nil
			}
			librarytest.WantKind(t, err, library.NotFound)
			return false
		}

		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { d.Run(ctx) })
		time.Sleep(4 * time.Minute)
		if synctest.Wait(); !there() {
			t.Error("the start walks the originals")
		}
		time.Sleep(22 * time.Hour)
		if synctest.Wait(); there() {
			t.Error("an original without a source is not swept")
		}
		checkBlob(t, d, s)
		stop()
		wg.Wait()
	})
}
