package web

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// brings posts a backup as a browser does, the fields before the file.
func (v *visitor) brings(path, name, file string, fields ...string) (string, *http.Response) {
	v.b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		must(v.b.t, form.WriteField(fields[i], fields[i+1]))
	}
	part, err := form.CreateFormFile("file", name)
	must(v.b.t, err)
	_, err = io.WriteString(part, file)
	must(v.b.t, err)
	must(v.b.t, form.Close())
	q, err := http.NewRequestWithContext(v.b.t.Context(), "POST", v.b.url+path, &body)
	must(v.b.t, err)
	q.Header.Set("Content-Type", form.FormDataContentType())
	r, err := v.Do(q)
	must(v.b.t, err)
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	must(v.b.t, err)
	return string(page), r
}

// A backup is put back in the wizard with the code, and by the owner; each
// fault is told and changes nothing.
func TestRestorePage(t *testing.T) {
	from := newBox(t, "/box")
	from.reader(0)
	from.owner()
	from.put("a.txt", "A zebra.")
	made := from.made(from.backups.Create(t.Context(), "correct horse battery staple"))
	content, _, err := from.backups.Open(t.Context(), made.ID)
	must(t, err)
	text, err := io.ReadAll(content)
	must(t, err)
	must(t, content.Close())
	file := string(text)

	b := newBox(t, "/box")
	v := b.visitor()
	page, _ := v.get("/setup")
	has(t, page, `href="/box/setup/restore"`)
	page, r := v.get("/setup/restore?code=" + setupCode)
	status(t, r, 200)
	has(t, page, setupCode, "read and checked first", "!Everybody is signed out")
	for _, c := range []struct {
		says, name, file string
		status           int
		fields           []string
	}{
		{"not the setup code", "b.age", file, 403, []string{"code", "XXXX-9999", "key", "correct horse battery staple"}},
		{"Give the recovery key", "b.age", file, 422, []string{"code", setupCode, "key", ""}},
		{"does not open this backup", "b.age", file, 422, []string{"code", setupCode, "key", "wrong horse battery staple"}},
		{"Choose the backup file", "", "", 422, []string{"code", setupCode, "key", "correct horse battery staple"}},
		{"no backup of Coffer", "b.age", "PK", 422, []string{"code", setupCode, "key", "correct horse battery staple"}},
		{"The backup is damaged", "b.age", file[:len(file)-9], 422, []string{"code", setupCode, "key", "correct horse battery staple"}},
	} {
		page, r := v.brings("/setup/restore", c.name, c.file, c.fields...)
		status(t, r, c.status)
		has(t, page, c.says, `role="alert"`, "!correct horse")
	}
	if b.restored.Load() != 0 {
		t.Error("what is refused is put in place")
	}
	page, r = v.brings("/setup/restore", "b.age", file, "code", setupCode, "key", "correct horse battery staple")
	status(t, r, 202)
	has(t, page, "One source is restored", "/box/login", "data-again")
	if b.restored.Load() != 1 {
		t.Errorf("put in place %d times", b.restored.Load())
	}

	o := b.owner()
	page, r = o.get("/setup/restore")
	at(t, r, "/box/settings/backups/restore")
	has(t, page, "Everybody is signed out", "!X-Setup", `class="danger wide"`)
	_, r = o.brings("/settings/backups/restore", "b.age", file, "key", "correct horse battery staple")
	status(t, r, 202)
	if b.restored.Load() != 2 {
		t.Errorf("put in place %d times", b.restored.Load())
	}
	_, r = b.visitor().brings("/settings/backups/restore", "b.age", file, "key", "correct horse battery staple")
	at(t, r, "/box/login")
	_, r = b.visitor().brings("/setup/restore", "b.age", file, "code", setupCode, "key", "correct horse battery staple")
	at(t, r, "/box/login")
	if b.restored.Load() != 2 {
		t.Error("a stranger restores")
	}
}

// laidAside is what was there before a restore.
type laidAside struct {
	at   atomic.Pointer[time.Time]
	back atomic.Int32
}

func (l *laidAside) At(context.Context) (time.Time, error) {
	if at := l.at.Load(); at != nil {
		return *at, nil
	}
	return time.Time{}, nil
}

func (l *laidAside) PutBack(context.Context) error { l.back.Add(1); return nil }
func (l *laidAside) Forget(context.Context) error  { l.at.Store(nil); return nil }

// api asks the API, and returns the status and the answer.
func (v *visitor) api(method, path, body string) (int, string) {
	v.b.t.Helper()
	q, err := http.NewRequestWithContext(v.b.t.Context(), method, v.b.url+"/api/v1"+path, strings.NewReader(body))
	must(v.b.t, err)
	r, err := v.Do(q)
	must(v.b.t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	must(v.b.t, err)
	return r.StatusCode, string(answer)
}

// What was there before a restore is put back, or deleted, by the owner.
func TestFormerState(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	const page = "/settings/backups/restore"
	shown, _ := v.get(page)
	has(t, shown, "!Before the last restore")
	text, r := v.post(page+"/undo", nil)
	status(t, r, 404)
	has(t, text, "could not be put in place")
	at := time.Date(2031, 5, 3, 12, 0, 0, 0, time.UTC)
	b.former.at.Store(&at)
	shown, _ = v.get(page)
	has(t, shown, "Before the last restore", "2031", "this can be undone too", "!there is no way back to it")
	shown, _ = v.get(page + "?ask=forget")
	has(t, shown, "there is no way back to it", page+"/forget")
	for _, path := range []string{"/undo", "/forget"} {
		b.elapse(11 * time.Minute)
		text, r = v.post(page+path, nil)
		status(t, r, 403)
		has(t, text, "Confirm that it is you")
	}
	for _, method := range []string{"POST", "DELETE"} {
		if got, answer := v.api(method, "/restore/former", ""); got != 403 || !strings.Contains(answer, "reauthentication_required") {
			t.Errorf("%s: %d %s", method, got, answer)
		}
	}
	if b.former.back.Load() != 0 || b.former.at.Load() == nil {
		t.Error("who left a browser open has it done")
	}
	text, r = v.post(page+"/undo", url.Values{"reauth_password": {password}})
	status(t, r, 202)
	has(t, text, "What was there before is back", "/box/login", "data-again")
	if got, answer := v.api("GET", "/restore/former", ""); got != 200 || !strings.Contains(answer, "2031-05-03") {
		t.Errorf("%d %s", got, answer)
	}
	if got, answer := v.api("POST", "/restore/former", ""); got != 202 || b.former.back.Load() != 2 {
		t.Errorf("%d %s", got, answer)
	}
	text, r = v.post(page+"/forget", nil)
	status(t, r, 200)
	has(t, text, "is deleted", "!Go back to it")
	for method, want := range map[string]int{"GET": 200, "POST": 404, "DELETE": 404} {
		if got, answer := v.api(method, "/restore/former", ""); got != want {
			t.Errorf("%s: %d %s", method, got, answer)
		}
	}
	trail, _ := v.get("/settings/audit")
	has(t, trail, "State of before the restore deleted")
}

// A browser that was left open neither changes the recovery key, nor deletes a
// backup, nor restores one.
func TestBackupsAskAgain(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	key, err := b.backups.NewKey(t.Context())
	must(t, err)
	made := b.made(b.backups.Create(t.Context(), "correct horse battery staple"))
	b.elapse(11 * time.Minute)
	for path, form := range map[string]url.Values{
		"/settings/backups/key": {"identity": {key.Identity}}, "/settings/backups/" + made.ID + "/delete": nil,
	} {
		page, r := v.post(path, form)
		status(t, r, 403)
		has(t, page, "Confirm that it is you")
	}
	page, r := v.brings("/settings/backups/restore", "b.age", "x", "key", key.Identity)
	status(t, r, 403)
	has(t, page, `action="/box/settings/backups/restore/allow"`, `role="alert"`, "!data-restore")
	for method, path := range map[string]string{"PUT": "/api/v1/backups/key", "DELETE": "/api/v1/backups/" + made.ID} {
		q, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(`{"identity":"`+key.Identity+`"}`))
		must(t, err)
		q.Header.Set("Content-Type", "application/json")
		r, err := v.Do(q)
		must(t, err)
		r.Body.Close()
		status(t, r, 403)
	}
	if page, r := v.brings("/api/v1/restore", "b.age", "x", "identity", key.Identity); r.StatusCode != 403 || !strings.Contains(page, "reauthentication_required") {
		t.Errorf("%d %s", r.StatusCode, page)
	}
	o, err := b.backups.Overview(t.Context())
	must(t, err)
	if o.Recipient != "" || len(o.Items) != 1 || b.restored.Load() != 0 {
		t.Errorf("%+v", o)
	}
	page, _ = v.get("/settings/backups/restore")
	has(t, page, `action="/box/settings/backups/restore/allow"`, "!data-restore")
	_, r = v.post("/settings/backups/restore/allow", url.Values{"reauth_password": {password}})
	at(t, r, "/box/settings/backups/restore")
	_, r = v.post("/settings/backups/key", url.Values{"identity": {key.Identity}})
	at(t, r, "/box/settings/backups?done=key")
}

// One that lies on the box is put back without a file.
func TestRestoreHere(t *testing.T) {
	b := newBox(t, "/box")
	b.reader(0)
	v := b.owner()
	b.put("a.txt", "A zebra.")
	made := b.made(b.backups.Create(t.Context(), "correct horse battery staple"))
	page, _ := v.get("/settings/backups")
	has(t, page, `href="/box/settings/backups/restore?backup=`+made.ID+`"`)
	page, r := v.get("/settings/backups/restore?backup=" + made.ID)
	status(t, r, 200)
	has(t, page, `name="backup" value="`+made.ID+`"`, "which lies on the box, is put back", `!type="file"`)
	_, r = v.get("/settings/backups/restore?backup=20200101-000000-aaaaaa")
	status(t, r, 404)
	for _, c := range []struct {
		key, id string
		status  int
	}{
		{"wrong horse battery staple", made.ID, 422},
		{"correct horse battery staple", "../x", 404},
		{"correct horse battery staple", "20200101-000000-aaaaaa", 404},
	} {
		_, r = v.brings("/settings/backups/restore", "x.age", "not looked at", "key", c.key, "backup", c.id)
		status(t, r, c.status)
	}
	if b.restored.Load() != 0 {
		t.Fatal("put in place")
	}
	b.elapse(11 * time.Minute)
	_, r = v.brings("/settings/backups/restore", "x.age", "not looked at", "key", "correct horse battery staple", "backup", made.ID)
	status(t, r, 403)
	page, r = v.post("/settings/backups/restore/allow?backup="+made.ID, url.Values{"reauth_password": {password}})
	status(t, r, 200)
	has(t, page, `name="backup" value="`+made.ID+`"`)
	page, r = v.brings("/settings/backups/restore", "x.age", "not looked at", "key", "correct horse battery staple", "backup", made.ID)
	status(t, r, 202)
	has(t, page, "One source is restored")
	if b.restored.Load() != 1 {
		t.Errorf("put in place %d times", b.restored.Load())
	}
}
