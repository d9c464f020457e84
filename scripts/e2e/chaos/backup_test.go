package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/scripts/bench/stock"
	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

const (
	stocked       = 10_000 // sources
	backupKills   = 25     // of the API, while it makes or proves a backup
	restoreKills  = 25     // of the whole box, while it is restored
	backupWithin  = 400 * time.Millisecond
	killWithin    = 1500 * time.Millisecond
	afterDecision = 400 * time.Millisecond
)

// TestBackupsOutliveKills makes a backup of a large box while documents are
// added, kills what makes it again and again, restores it into empty boxes that
// are killed again and again, and compares what comes out item by item.
func TestBackupsOutliveKills(t *testing.T) {
	tier.Need(t, tier.Chaos)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	must(t, err)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	from, key := stockedBox(ctx, t, binary, filepath.Join(dir, "from"))
	defer from.Kill()

	adding, stop := context.WithCancel(ctx)
	added := make(chan int, 1)
	go func() {
		n := 0
		for ; adding.Err() == nil; n++ {
			if add(adding, from.Client, n) != nil {
				break
			}
			_ = box.Pause(adding, 50*time.Millisecond)
		}
		added <- n
	}()
	killed := 0
	for range backupKills {
		b := begin(ctx, t, from)
		must(t, box.Pause(ctx, time.Duration(r.Int64N(int64(backupWithin)))))
		_, err := kill(ctx, from, "api")
		must(t, err)
		all, err := from.Backups(ctx)
		must(t, err)
		for _, got := range all {
			if got.ID == b.ID && got.Status == "failed" && got.Reason.Code == "interrupted" {
				killed++
			}
			if got.Status == "running" {
				t.Errorf("after a kill: %+v", got)
			}
		}
		left, err := filepath.Glob(filepath.Join(dir, "from/data/backups/*.part"))
		must(t, err)
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	b := begin(ctx, t, from)
	b, err = from.Proven(ctx, b.ID)
	must(t, err)
	stop()
	t.Logf("%d of %d kills met a backup being written; the last one: %d sources, %d originals, %d bytes; %d documents were added meanwhile",
		killed, backupKills, b.Sources, b.Originals, b.Size, <-added)
	if b.Sources < stocked || b.Originals != b.Sources || b.Missing != 0 {
		t.Errorf("%+v", b)
	}
	file, err := from.Download(ctx, b.ID)
	must(t, err)

	// Restored while it is killed: each time the box is as before, or whole.
	whole, empty := 0, 0
	target := ""
	for n := range restoreKills {
		if target == "" {
			target = filepath.Join(dir, fmt.Sprintf("to%d", n))
			must(t, os.Mkdir(target, 0o755))
		}
		to, err := box.Init(ctx, binary, target)
		must(t, err)
		sent := make(chan error, 1)
		go func() { sent <- to.Restore(ctx, file, key, to.Code) }()
		if n%2 == 0 { // before the decision, mostly
			must(t, box.Pause(ctx, time.Duration(r.Int64N(int64(killWithin)))))
		} else {
			must(t, <-sent)
			must(t, box.Pause(ctx, time.Duration(r.Int64N(int64(afterDecision)))))
		}
		to.Kill()
		nobody(ctx, t, target)
		to, err = box.Init(ctx, binary, target)
		must(t, err)
		needed, err := to.NeedsSetup(ctx)
		must(t, err)
		if needed {
			empty++
			left, _ := filepath.Glob(filepath.Join(target, "data/restore/staged/*"))
			if len(left) > 0 {
				t.Errorf("staged and not taken: %v", left)
			}
		} else {
			whole++
			must(t, to.Login(ctx, box.Owner, box.Password))
			sameLibrary(ctx, t, from, to, b, target)
			target = ""
		}
		to.Kill()
		nobody(ctx, t, target)
	}
	t.Logf("%d restores were killed: %d boxes were as before, %d had all %d sources", restoreKills, empty, whole, b.Sources)
	if whole == 0 || empty == 0 {
		t.Error("all kills met the same moment")
	}
}

func stockedBox(ctx context.Context, t *testing.T, binary, dir string) (*box.Native, string) {
	t.Helper()
	must(t, os.Mkdir(dir, 0o755))
	b, err := box.Init(ctx, binary, dir)
	must(t, err)
	must(t, b.Setup(ctx, b.Code, box.Owner, box.Password))
	_, _, err = b.Stop()
	must(t, err)
	must(t, stock.Fill(ctx, filepath.Join(dir, "data"), 0, stocked))
	b, err = box.Init(ctx, binary, dir)
	must(t, err)
	must(t, b.Login(ctx, box.Owner, box.Password))
	key, err := b.RecoveryKey(ctx)
	must(t, err)
	return b, key
}

// begin begins a backup once none is being made: a planned one may be.
func begin(ctx context.Context, t *testing.T, b *box.Native) box.Backup {
	t.Helper()
	for {
		made, err := b.BeginBackup(ctx)
		if err == nil {
			return made
		}
		if !box.IsStatus(err, 409) && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		must(t, box.Pause(ctx, 20*time.Millisecond))
	}
}

// sameLibrary compares every source that the backup has, with its original.
func sameLibrary(ctx context.Context, t *testing.T, from, to *box.Native, b box.Backup, dir string) {
	t.Helper()
	theirs, err := to.Sources(ctx)
	must(t, err)
	if len(theirs) != b.Sources {
		t.Fatalf("%d sources, of %d", len(theirs), b.Sources)
	}
	ours, err := from.Sources(ctx)
	must(t, err)
	known := map[string]box.Source{}
	for _, s := range ours {
		known[s.ID] = s
	}
	for _, s := range theirs {
		was, there := known[s.ID]
		if there && s.Title != was.Title { // it was being read when the backup was taken, and is read on here
			was, err = from.Settled(ctx, s.ID)
			must(t, err)
			s, err = to.Settled(ctx, s.ID)
			must(t, err)
		}
		if !there || s.SHA256 != was.SHA256 || s.Title != was.Title {
			t.Errorf("%+v, was %+v", s, was)
		}
		path := filepath.Join(s.SHA256[:2], s.SHA256[2:])
		old, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "from/data/blobs", path))
		must(t, err)
		now, err := os.ReadFile(filepath.Join(dir, "data/blobs", path))
		must(t, err)
		if string(old) != string(now) {
			t.Errorf("the original of %s is another", s.Title)
		}
	}
	// The index fills from the store.
	if _, err := to.Searchable(ctx, papers.Token(0)); err != nil && !strings.Contains(err.Error(), "context") {
		t.Error(err)
	}
}

// nobody waits until the last service of a killed box has ended: the kernel
// ends those that init had just started, a moment after it.
func nobody(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	for dir != "" {
		c, err := net.Dial("unix", filepath.Join(dir, "run/coffer/api.sock"))
		if err != nil {
			return
		}
		must(t, c.Close())
		must(t, box.Pause(ctx, 10*time.Millisecond))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
