package image

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/bench/stock"
	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// inStock is how many sources the box has that is backed up.
const inStock = 10_000

// TestRestoreIntoANewContainer backs a large box up while documents come in, and
// restores it from the wizard into a new container with an empty volume. What
// comes out is compared item by item; what is spoiled changes nothing.
func TestRestoreIntoANewContainer(t *testing.T) {
	tier.Need(t, tier.Image)
	ctx := within(t, 8*time.Minute)
	old := folder(t, 0, 0o755)
	from := startOn(t, old).owned(t)
	docker(t, "stop", from.id)
	if err := stock.Fill(ctx, old, 0, inStock); err != nil {
		t.Fatal(err)
	}
	docker(t, "start", from.id)
	from.await(t)
	if err := from.Login(ctx, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	change := func(path, text string) {
		t.Helper()
		if err := from.Do(ctx, "PATCH", path, "application/json", strings.NewReader(text), nil); err != nil {
			t.Fatal(err)
		}
	}
	change("/api/v1/settings", `{"hosts": ["box.example.org"], "reach": "names"}`)
	change("/api/v1/settings/https", `{"mode": "self-signed"}`)
	var key struct{ Key string }
	if err := from.Post(ctx, "/api/v1/auth/keys", map[string]any{"name": "script", "scopes": []string{"read"}}, &key); err != nil {
		t.Fatal(err)
	}
	identity, err := from.RecoveryKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	file, made := backedUp(ctx, t, from, 40)
	if made.Sources < inStock || made.Originals != made.Sources || made.Missing != 0 {
		t.Errorf("%+v", made)
	}

	fresh := folder(t, 0, 0o755)
	to := startOn(t, fresh)
	code := to.setupCode(t)
	stranger, err := from.OtherKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ file, key, code string }{
		"a flipped bit":     {file[:len(file)/2] + string(file[len(file)/2]^1) + file[len(file)/2+1:], identity, code},
		"half of it":        {file[:len(file)/2], identity, code},
		"its last byte":     {file[:len(file)-1], identity, code},
		"another's key":     {file, stranger, code},
		"another's setup":   {file, identity, "AAAA-AAAA"},
		"no backup at all":  {"Hello", identity, code},
		"two ends exchange": {file[:len(file)-200_000] + file[len(file)-100_000:] + file[len(file)-200_000:len(file)-100_000], identity, code},
	} {
		if status, page := to.wizard(ctx, t, c.file, c.key, c.code); status/100 != 4 || strings.Contains(page, "restored") {
			t.Errorf("%s: %d", what, status)
		}
		if needed, err := to.NeedsSetup(ctx); err != nil || !needed {
			t.Fatalf("%s: the box has an owner now, %v", what, err)
		}
		if left, _ := filepath.Glob(filepath.Join(fresh, "restore/staged/*")); len(left) > 0 {
			t.Errorf("%s: %v stays", what, left)
		}
	}
	if status, page := to.wizard(ctx, t, file, identity, code); status != 202 || !strings.Contains(page, "restored") {
		t.Fatalf("%d %s", status, page)
	}
	for to.Login(ctx, box.Owner, box.Password) != nil {
		if err := box.Pause(ctx, 100*time.Millisecond); err != nil {
			t.Fatal("nobody can sign in after the restore")
		}
	}
	same(ctx, t, from, to, old, fresh, made.Sources)
	for _, path := range []string{"/api/v1/settings/https/authority"} {
		var was, is string
		if err := from.Get(ctx, path, &was); err != nil {
			t.Fatal(err)
		}
		if err := to.Get(ctx, path, &is); err != nil || is != was || was == "" {
			t.Errorf("%s is another, %v", path, err)
		}
	}
	var settings struct {
		Hosts []string
		Reach string
	}
	if err := to.Get(ctx, "/api/v1/settings", &settings); err != nil || !slices.Contains(settings.Hosts, "box.example.org") || settings.Reach != "names" {
		t.Errorf("%+v, %v", settings, err)
	}
	program := box.Dial(to.URL)
	program.Headers = map[string]string{"Authorization": "Bearer " + key.Key}
	if err := program.Get(ctx, "/api/v1/sources", nil); !box.IsStatus(err, 401) {
		t.Errorf("a key of before opens the restored box: %v", err)
	}
	visitor := box.Dial(to.URL)
	visitor.HTTP.Jar = from.HTTP.Jar
	if err := visitor.Get(ctx, "/api/v1/sources", nil); !box.IsStatus(err, 401) {
		t.Errorf("a browser of before is signed in at the restored box: %v", err)
	}
	to.stop(t)
}

// backedUp makes a backup while n documents come in.
func backedUp(ctx context.Context, t *testing.T, c *container, n int) (file string, b box.Backup) {
	t.Helper()
	added := make(chan error, 1)
	go func() {
		for i := range n {
			name, body := papers.Mixed(i)
			if _, err := c.Upload(ctx, name, body); err != nil {
				added <- err
				return
			}
		}
		added <- nil
	}()
	for {
		begun, err := c.BeginBackup(ctx)
		if err == nil {
			b = begun
			break
		}
		if !box.IsStatus(err, 409) {
			t.Fatal(err)
		}
		if err := box.Pause(ctx, 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	b, err := c.Proven(ctx, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	if file, err = c.Download(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	return file, b
}

// wizard sends the form of the first page.
func (c *container) wizard(ctx context.Context, t *testing.T, file, key, code string) (status int, page string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"code", code}, {"key", key}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "coffer.age")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, file); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		answer := c.Do(ctx, "POST", "/setup/restore", form.FormDataContentType(), bytes.NewReader(body.Bytes()), &page)
		if box.IsStatus(answer, 429) { // the door of the wizard is narrow
			if err := box.Pause(ctx, time.Second); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if answer == nil {
			return 202, page
		}
		refused, ok := answer.(*box.Status)
		if !ok {
			t.Fatal(answer)
		}
		return refused.Code, refused.Body
	}
}

// same compares every source, its original and what is read of some.
func same(ctx context.Context, t *testing.T, from, to *container, old, fresh string, sources int) {
	t.Helper()
	theirs, err := to.Sources(ctx)
	if err != nil || len(theirs) != sources {
		t.Fatalf("%d sources, of %d, %v", len(theirs), sources, err)
	}
	ours, err := from.Sources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]box.Source{}
	for _, s := range ours {
		known[s.ID] = s
	}
	for n, s := range theirs {
		if was := known[s.ID]; s.SHA256 != was.SHA256 || s.Title != was.Title || s.Size != was.Size {
			t.Errorf("%+v, was %+v", s, was)
		}
		path := filepath.Join("blobs", s.SHA256[:2], s.SHA256[2:])
		was, err := os.ReadFile(filepath.Join(old, path))
		if err != nil {
			t.Fatal(err)
		}
		if is, err := os.ReadFile(filepath.Join(fresh, path)); err != nil || !bytes.Equal(was, is) {
			t.Errorf("the original of %s is another, %v", s.Title, err)
		}
		if n%1000 != 999 {
			continue
		}
		var before, after string
		if err := from.Get(ctx, "/api/v1/sources/"+s.ID+"/text", &before); err != nil {
			t.Fatal(err)
		}
		if err := to.Get(ctx, "/api/v1/sources/"+s.ID+"/text", &after); err != nil || after != before {
			t.Errorf("what was read of %s is another, %v", s.Title, err)
		}
	}
	for {
		found, err := to.Search(ctx, stock.Word)
		if err == nil && found.Total >= inStock {
			return
		}
		if err := box.Pause(ctx, 200*time.Millisecond); err != nil {
			t.Fatalf("the index of the restored box has %d of %d", found.Total, inStock)
		}
	}
}
