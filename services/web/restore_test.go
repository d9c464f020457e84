package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"testing"
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
