package native

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/bucket"
	"coffer/scripts/e2e/tier"
)

// strait is what lies between a box and its storage: it counts what goes there,
// and can stop letting it pass.
type strait struct {
	at, to string

	mu     sync.Mutex
	passed int64
	most   int64         // bytes that pass; 0: all
	full   chan struct{} // closed when they have
}

func newStrait(t *testing.T, to string) *strait {
	l, err := net.Listen("tcp", net.JoinHostPort(ownAddress(t), "0"))
	if err != nil {
		t.Fatal(err)
	}
	s := &strait{at: l.Addr().String(), to: to}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.carry(conn)
		}
	}()
	return s
}

func (s *strait) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", s.to)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(from, to)
		from.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if !s.pass(int64(n)) {
			_, _ = io.Copy(io.Discard, from) // it arrives nowhere
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

func (s *strait) pass(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most > 0 && s.passed+n > s.most {
		select {
		case <-s.full:
		default:
			close(s.full)
		}
		return false
	}
	s.passed += n
	return true
}

// open counts anew, and lets most bytes pass, or all.
func (s *strait) open(most int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed, s.most, s.full = 0, most, make(chan struct{})
}

func (s *strait) count() int64 { s.mu.Lock(); defer s.mu.Unlock(); return s.passed }

// heavy is an archive with a note, and noise that makes a backup of several
// parts.
func heavy(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, size := range map[string]int{"note.txt": 0, "noise.bin": 50 << 20} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		content := []byte("The quince tree stands behind the shed.")
		if size > 0 {
			content = make([]byte, size)
			_, _ = rand.Read(content)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A backup is copied off the machine, goes on after everything was killed in the
// middle, and comes back to an empty box that knows nothing but the storage and
// the recovery key.
func TestCopies(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	storage := bucket.Serve(t)
	way := newStrait(t, storage.Address)
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(dir, "first")
	if err := os.Mkdir(first, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { kill(b) }()
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	identity, err := b.RecoveryKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Upload(ctx, "papers.zip", heavy(t))
	if err == nil {
		_, err = b.Settled(ctx, s.ID)
	}
	if err == nil {
		_, err = b.Searchable(ctx, "quince")
	}
	if err != nil {
		t.Fatal(err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			if err := box.Pause(ctx, 100*time.Millisecond); err != nil {
				t.Fatalf("%s: never", what)
			}
		}
	}

	put := func(endpoint, secret string) error {
		body, _ := json.Marshal(map[string]any{
			"endpoint": endpoint, "bucket": bucket.Name, "prefix": "boxes", "path_style": true, "access_key": bucket.AccessKey, "secret": secret,
		})
		return b.Do(ctx, "PUT", "/api/v1/settings/copies", "application/json", bytes.NewReader(body), nil)
	}
	for _, inside := range []string{"http://127.0.0.1:9000", "http://localhost", "http://169.254.169.254", "http://100.100.100.200"} {
		if err := put(inside, bucket.Secret); !box.IsStatus(err, 422) {
			t.Errorf("%s: %v", inside, err)
		}
	}
	var tried struct {
		Works         bool
		Code, Problem string
	}
	const wrong = "not-the-secret-of-ada"
	if err := put("http://"+way.at, wrong); err != nil {
		t.Fatal(err)
	}
	if err := b.Post(ctx, "/api/v1/settings/copies/test", struct{}{}, &tried); err != nil || tried.Works || tried.Code != "key" {
		t.Errorf("with a wrong key: %+v, %v", tried, err)
	}
	way.open(24 << 20)
	if err := put("http://"+way.at, bucket.Secret); err != nil {
		t.Fatal(err)
	}
	if err := b.Post(ctx, "/api/v1/settings/copies/test", struct{}{}, &tried); err != nil || !tried.Works {
		t.Fatalf("the test: %+v, %v", tried, err)
	}
	made, err := b.BeginBackup(ctx)
	if err == nil {
		made, err = b.Proven(ctx, made.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-way.full:
	case <-ctx.Done():
		t.Fatal("nothing goes to the storage")
	}
	log := b.Log()
	b.Kill()

	way.open(0)
	next, err := box.Init(ctx, binary, first)
	if err == nil {
		b = next
		err = b.Login(ctx, box.Owner, box.Password)
	}
	if err != nil {
		t.Fatal(err)
	}
	type copies struct {
		Keep    int
		Failure *struct{ Code, Message string }
	}
	var one struct {
		CopiedTo string `json:"copied_to"`
	}
	until("it is copied", func() bool { return b.Get(ctx, "/api/v1/backups/"+made.ID, &one) == nil && one.CopiedTo != "" })
	if want := way.at + "/" + bucket.Name + "/boxes/"; one.CopiedTo != want {
		t.Errorf("copied to %s, want %s", one.CopiedTo, want)
	}
	if sent := way.count(); sent > made.Size-(16<<20)+(2<<20) {
		t.Errorf("%d bytes of %d went after the kill: it was begun anew", sent, made.Size)
	}
	var state copies
	if err := b.Get(ctx, "/api/v1/settings/copies", &state); err != nil || state.Failure != nil || state.Keep != 3 {
		t.Errorf("%+v, %v", state, err)
	}
	var gone struct {
		Items []struct{ Purpose, Destination string }
	}
	until("it is counted", func() bool { return b.Get(ctx, "/api/v1/egress", &gone) == nil && len(gone.Items) == 1 })
	if gone.Items[0].Purpose != "s3" || gone.Items[0].Destination != way.at {
		t.Errorf("counted %+v", gone.Items)
	}
	checks(ctx, t, b)
	for _, text := range []string{log, b.Log()} {
		if strings.Contains(text, bucket.Secret) || strings.Contains(text, wrong) {
			t.Error("a key of the storage is in the log")
		}
	}
	if kept, err := os.ReadFile(filepath.Join(first, "data/secrets/storage.json")); err != nil || !strings.Contains(string(kept), bucket.Secret) {
		t.Errorf("%s, %v", kept, err)
	}
	if code := stop(t, b, (*box.Native).Stop); code != 0 {
		t.Errorf("it stops with %d, want 0", code)
	}
	rescue(ctx, t, binary, dir, way.at, identity)
}

// checks looks whether the claims hold that a storage touches.
func checks(ctx context.Context, t *testing.T, b *box.Native) {
	t.Helper()
	var report struct {
		Items []struct{ ID, Status, Evidence string }
	}
	for len(report.Items) == 0 { // it looks soon after its start
		err := b.Get(ctx, "/api/v1/posture", &report)
		if err == nil {
			err = box.Pause(ctx, 200*time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, item := range report.Items {
		if slices.Contains([]string{"secrets-readers", "no-egress", "backup-sealed", "backup-proven"}, item.ID) && item.Status == "fail" {
			t.Errorf("%s: %s", item.ID, item.Evidence)
		}
	}
}

// rescue has an empty box fetch the copy and become the one that was lost.
func rescue(ctx context.Context, t *testing.T, binary, dir, endpoint, identity string) {
	t.Helper()
	second := filepath.Join(dir, "second")
	if err := os.Mkdir(second, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { kill(b) }()
	command := func(input string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(says, input string, args ...string) string {
		t.Helper()
		out, err := command(input, args...)
		if err != nil || !strings.Contains(out, says) {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	if out, err := command("", "backup", "list", "--remote", "--root", second); err == nil || !strings.Contains(out, "coffer backup storage") {
		t.Errorf("without a storage: %v\n%s", err, out)
	}
	set := []string{"backup", "storage", "--root", second, "--endpoint", "http://" + endpoint, "--access-key", bucket.AccessKey, "--folder", "boxes", "--bucket"}
	if out, err := command(bucket.Secret+"\n", append(set, "nowhere")...); err == nil || !strings.Contains(out, "no such bucket") {
		t.Errorf("another bucket: %v\n%s", err, out)
	}
	must("It works", bucket.Secret+"\n", append(set, bucket.Name)...)
	list := must("another box", "", "backup", "list", "--remote", "--root", second)
	name := ""
	for _, word := range strings.Fields(list) {
		if strings.HasPrefix(word, "coffer-") {
			name = word
		}
	}
	if out, err := command("", "backup", "fetch", strings.Replace(name, "-2", "-3", 1), "--root", second); err == nil {
		t.Errorf("a copy that is not there came: %s", out)
	}
	fetched := must("coffer restore", "", "backup", "fetch", name, "--root", second)
	file := strings.TrimSpace(fetched[strings.LastIndex(fetched, " "):])
	must("2 sources and 2 originals are restored", identity+"\n", "restore", "--root", second, file)
	var last error
	for {
		if last = b.Login(ctx, box.Owner, box.Password); last == nil {
			break
		}
		if err := box.Pause(ctx, 200*time.Millisecond); err != nil {
			t.Fatalf("nobody is let in: %v", last)
		}
	}
	if found, err := b.Searchable(ctx, "quince"); err != nil || found.Total == 0 {
		t.Errorf("%+v, %v", found, err)
	}
	var where struct{ Host, Bucket string }
	if err := b.Get(ctx, "/api/v1/settings/copies", &where); err != nil || where.Host != endpoint || where.Bucket != bucket.Name {
		t.Errorf("the restored box copies to %+v, %v", where, err)
	}
	if code := stop(t, b, (*box.Native).Stop); code != 0 {
		t.Errorf("it stops with %d, want 0", code)
	}
}
