package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// made waits for a backup to be done with.
func (b *box) made(backup library.Backup, err error) library.Backup {
	b.t.Helper()
	must(b.t, err)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		o, err := b.backups.Overview(b.t.Context())
		must(b.t, err)
		for _, got := range o.Items {
			if got.ID == backup.ID && got.Status != library.BackupRunning && got.Total == 0 {
				return got
			}
		}
	}
	b.t.Fatal("the backup never ends")
	return backup
}

// someBackups are one to the recovery key and one to a passphrase.
func (b *box) someBackups() {
	b.t.Helper()
	key, err := b.backups.NewKey(b.t.Context())
	must(b.t, err)
	must(b.t, b.backups.SetKey(b.t.Context(), key.Identity))
	b.made(b.backups.Create(b.t.Context(), ""))
	b.made(b.backups.Create(b.t.Context(), "correct horse battery staple"))
}

// A recovery key is made, asked back, and used; a backup is made, fetched,
// opened again and deleted, without scripts.
func TestBackupsPage(t *testing.T) {
	b := newBox(t, "/box")
	b.reader(0)
	v := b.owner()
	b.put("a.txt", "A zebra.")
	page, _ := v.get("/settings/backups")
	has(t, page, "There is no backup yet", "Make a recovery key", "Nothing is made unasked", "!AGE-SECRET-KEY", "!/settings/backups#make\" class=\"stack\">\n    <p class=\"hint\">It is sealed")

	page, r := v.post("/settings/backups/key/new", nil)
	status(t, r, 201)
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the key may be kept: %s", r.Header.Get("Cache-Control"))
	}
	key := regexp.MustCompile(`>(AGE-SECRET-KEY-1[0-9A-Z]{58})</textarea>`).FindStringSubmatch(page)
	if key == nil {
		t.Fatal("no key in", page)
	}
	file, r := v.post("/settings/backups/key/file", url.Values{"identity": {key[1]}})
	status(t, r, 200)
	if file != key[1]+"\n" || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%q, %v", file, r.Header)
	}
	page, r = v.post("/settings/backups/key", url.Values{"identity": {"AGE-SECRET-KEY-1"}, "made": {key[1]}})
	status(t, r, 422)
	has(t, page, "not a recovery key", `role="alert"`, key[1])
	page, r = v.post("/settings/backups/key", url.Values{"identity": {" " + key[1] + " "}, "made": {key[1]}})
	at(t, r, "/box/settings/backups?done=key")
	has(t, page, "The recovery key is set", "age1", "One is made every day", "!AGE-SECRET-KEY")

	for passphrase, says := range map[string]string{"short": "at least 12 characters"} {
		page, r = v.post("/settings/backups", url.Values{"passphrase": {passphrase}})
		status(t, r, 422)
		has(t, page, says, `role="alert"`)
	}
	page, r = v.post("/settings/backups", nil)
	at(t, r, "/box/settings/backups?done=begun")
	has(t, page, "The backup has begun")
	o, err := b.backups.Overview(t.Context())
	must(t, err)
	first := b.made(o.Items[0], nil)
	page, _ = v.get("/settings/backups")
	has(t, page, "opened again and compared just now", "one source", "asked for", "opens with the recovery key", "/box/api/v1/backups/"+first.ID+"/download")
	q, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/backups/"+first.ID+"/download", nil)
	must(t, err)
	answer, err := v.Do(q)
	must(t, err)
	content, err := io.ReadAll(answer.Body)
	must(t, err)
	answer.Body.Close()
	if int64(len(content)) != first.Size || !strings.HasPrefix(string(content), "age-encryption.org/v1") {
		t.Errorf("%d bytes come, of %d", len(content), first.Size)
	}
	_, r = v.post("/settings/backups/"+first.ID+"/prove", nil)
	at(t, r, "/box/settings/backups")
	b.made(first, nil)

	second := b.made(b.backups.Create(t.Context(), "correct horse battery staple"))
	page, _ = v.get("/settings/backups?prove=" + second.ID)
	has(t, page, `id="proving"`, "restored into a scratch copy")
	page, r = v.post("/settings/backups/"+second.ID+"/prove", url.Values{"passphrase": {"wrong"}})
	status(t, r, 422)
	has(t, page, "does not open the backup", `id="proving"`)
	_, r = v.post("/settings/backups/"+second.ID+"/prove", url.Values{"passphrase": {"correct horse battery staple"}})
	at(t, r, "/box/settings/backups")
	b.made(second, nil)

	page, _ = v.get("/settings/backups?delete=" + second.ID)
	has(t, page, "Delete the backup of", "Copies elsewhere stay")
	page, r = v.post("/settings/backups/"+second.ID+"/delete", nil)
	at(t, r, "/box/settings/backups?done=deleted")
	has(t, page, "The backup is deleted", "!"+second.ID)
	page, _ = v.get("/settings/audit")
	has(t, page, "Recovery key set", "Backup asked for", "Backup downloaded", "Backup deleted")
}
