package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

func TestUpload(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	body, multipart := form("file", `C:\My Documents\Zoë 山.txt`, "some words")
	w := b.do(t, "POST", "/api/v1/sources", body, owner, multipart)
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	location := w.Header().Get("Location")
	first := decode[Source](t, w)
	if first.Status != library.StatusQueued || first.Size != 10 || len(first.SHA256) != 64 || first.Title != "Zoë 山" || time.Since(first.AddedAt) > time.Minute {
		t.Errorf("%+v", first)
	}
	if got := b.do(t, "GET", location, "", owner); got.Code != 200 {
		t.Errorf("GET %s: %d", location, got.Code)
	}
	again, _ := form("file", "another name.txt", "some words")
	w = b.do(t, "POST", "/api/v1/sources", again, owner, multipart)
	if same := decode[Source](t, w); w.Code != 200 || same.ID != first.ID || same.Title != first.Title {
		t.Errorf("known content: %d %+v", w.Code, same)
	}

	after, _ := form("file", "b.txt", "after other fields")
	after = "--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n" + after
	noFile, _ := form("document", "b.txt", "x")
	empty, _ := form("file", "b.txt", "")
	cut, _ := form("file", "b.txt", "this one is cut off before its end")
	cut = cut[:len(cut)-20]
	many := strings.Repeat("--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n", 20) + after
	fields := "--xyz\r\nContent-Disposition: form-data; name=\"file\"\r\nX: " + strings.Repeat("a", 1<<19) + "\r\n" + after
	const path = "/api/v1/sources"
	b.play(t, []scenario{
		{name: "after other fields", method: "POST", path: path, body: after, as: []caller{owner, multipart}, status: 202},
		{name: "by nobody", method: "POST", path: path, body: body, as: []caller{multipart}, status: 401},
		{name: "from another site", method: "POST", path: path, body: body, as: []caller{owner, multipart, header("Origin", "http://evil.example.org")}, status: 403},
		{name: "no file", method: "POST", path: path, body: noFile, as: []caller{owner, multipart}, status: 422, has: []string{`"field":"file"`}},
		{name: "an empty file", method: "POST", path: path, body: empty, as: []caller{owner, multipart}, status: 422, has: []string{`"field":"file"`}},
		{name: "nothing at all", method: "POST", path: path, as: []caller{owner, multipart}, status: 422},
		{name: "no form", method: "POST", path: path, body: `{"file":"x"}`, as: []caller{owner}, status: 400},
		{name: "no boundary", method: "POST", path: path, body: body, as: []caller{owner, header("Content-Type", "multipart/form-data")}, status: 400},
		{name: "another boundary", method: "POST", path: path, body: body, as: []caller{owner, header("Content-Type", "multipart/form-data; boundary=abc")}, status: 422},
		{name: "cut off", method: "POST", path: path, body: cut, as: []caller{owner, multipart}, status: 400, has: []string{"Nothing of it was kept"}},
		{name: "too many fields", method: "POST", path: path, body: many, as: []caller{owner, multipart}, status: 422},
		{name: "an endless header of a part", method: "POST", path: path, body: fields, as: []caller{owner, multipart}, status: 400},
	})
	if n := len(b.files(t)); n != 2 {
		t.Errorf("%d originals, want 2", n)
	}
}

func TestNote(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	const path = "/api/v1/sources/text"
	b.play(t, []scenario{
		{name: "new", method: "POST", path: path, body: `{"title":"A note","text":"Grüße & <b>"}`, as: []caller{owner}, status: 202, has: []string{`"title":"A note"`, `"status":"queued"`}},
		{name: "known", method: "POST", path: path, body: `{"title":"Another","text":"Grüße & <b>"}`, as: []caller{owner}, status: 200, has: []string{`"title":"A note"`}},
		{name: "large", method: "POST", path: path, body: `{"title":"Large","text":"` + strings.Repeat("wörd\\n", 100_000) + `"}`, as: []caller{owner}, status: 202},
		{name: "no title", method: "POST", path: path, body: `{"title":" ","text":"x"}`, as: []caller{owner}, status: 422, has: []string{`"field":"title"`}},
		{name: "no text", method: "POST", path: path, body: `{"title":"x","text":" "}`, as: []caller{owner}, status: 422, has: []string{`"field":"text"`}},
		{name: "text missing", method: "POST", path: path, body: `{"title":"x"}`, as: []caller{owner}, status: 422},
		{name: "by nobody", method: "POST", path: path, body: `{"title":"x","text":"y"}`, status: 401},
	})
}

func TestSources(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	ready := b.add(t, "ready.txt", "ready", "The quick brown fox.", "Jumps <over> the lazy dog.", "The end.")
	as := []caller{owner}
	queued := b.add(t, "queued.txt", "queued")
	id, waits := "/api/v1/sources/"+string(ready.ID), "/api/v1/sources/"+string(queued.ID)
	b.play(t, []scenario{
		{name: "list", method: "GET", path: "/api/v1/sources", as: as, status: 200, has: []string{`"total":2`, `"next":null`, "queued", "ready"}},
		{name: "by status", method: "GET", path: "/api/v1/sources?status=ready", as: as, status: 200, has: []string{`"total":1`, string(ready.ID)}, hasNot: []string{string(queued.ID)}},
		{name: "by type", method: "GET", path: "/api/v1/sources?type=pdf", as: as, status: 200, has: []string{`{"items":[],"total":0,"next":null}`}},
		{name: "one", method: "GET", path: id, as: as, status: 200, has: []string{`"status":"ready"`, `"type":"text"`}, hasNot: []string{"reason", "pages", "file_name"}},
		{name: "unknown", method: "GET", path: "/api/v1/sources/unknown", as: as, status: 404},
		{name: "a path for an id", method: "GET", path: "/api/v1/sources/..%2f..%2fetc", as: as, status: 404},
		{name: "an id too long", method: "GET", path: "/api/v1/sources/" + strings.Repeat("a", 65), as: as, status: 422},

		{name: "text", method: "GET", path: id + "/text", as: as, status: 200, has: []string{`"number":0`, "quick brown", `"total":3`, `"next":null`}, hasNot: []string{"html", "page"}},
		{name: "text, first part", method: "GET", path: id + "/text?limit=2", as: as, status: 200, has: []string{`"next":"2"`}, hasNot: []string{"The end"}},
		{name: "text, second part", method: "GET", path: id + "/text?limit=2&from=2", as: as, status: 200, has: []string{"The end", `"next":null`}, hasNot: []string{"quick"}},
		{name: "text, beyond", method: "GET", path: id + "/text?from=99", as: as, status: 200, has: []string{`{"items":[],"total":3,"next":null}`}},
		{name: "text, marked", method: "GET", path: id + "/text?q=lazy", as: as, status: 200, has: []string{`Jumps &lt;over&gt; the <mark>lazy</mark> dog.`, `"marks":1`}, hasNot: []string{`"html":"Jumps <over>`}},
		{name: "text, before it is read", method: "GET", path: waits + "/text", as: as, status: 200, has: []string{`{"items":[],"total":0,"next":null}`}},
		{name: "text, unknown", method: "GET", path: "/api/v1/sources/unknown/text", as: as, status: 404},
		{name: "text, backwards", method: "GET", path: id + "/text?from=-1", as: as, status: 422},

		{name: "rename", method: "PATCH", path: id, body: `{"title":"A better title"}`, as: as, status: 200, has: []string{"A better title"}},
		{name: "rename to nothing", method: "PATCH", path: id, body: `{"title":""}`, as: as, status: 422, has: []string{`"field":"title"`}},
		{name: "rename unknown", method: "PATCH", path: "/api/v1/sources/unknown", body: `{"title":"x"}`, as: as, status: 404},
		{name: "change what cannot be changed", method: "PATCH", path: id, body: `{"title":"x","status":"failed"}`, as: as, status: 422},

		{name: "retry what is ready", method: "POST", path: id + "/retry", as: as, status: 409},
		{name: "cancel what is ready", method: "POST", path: id + "/cancel", as: as, status: 409},
		{name: "cancel", method: "POST", path: waits + "/cancel", as: as, status: 202, has: []string{`"status":"cancelled"`}},
		{name: "cancel again", method: "POST", path: waits + "/cancel", as: as, status: 409},
		{name: "retry", method: "POST", path: waits + "/retry", as: as, status: 202, has: []string{`"status":"queued"`}},
		{name: "retry again", method: "POST", path: waits + "/retry", as: as, status: 409},
		{name: "retry unknown", method: "POST", path: "/api/v1/sources/unknown/retry", as: as, status: 404},
		{name: "jobs", method: "GET", path: "/api/v1/jobs", as: as, status: 200, has: []string{`"state":"waiting"`, `"state":"done"`, `"counts":{`, `"next":null`}},

		{name: "delete unknown", method: "DELETE", path: "/api/v1/sources/unknown", as: as, status: 404},
		{name: "delete by nobody", method: "DELETE", path: id, status: 401},
		{name: "delete", method: "DELETE", path: id, as: as, status: 204},
		{name: "deleted", method: "GET", path: id, as: as, status: 404},
		{name: "deleted text", method: "GET", path: id + "/text", as: as, status: 404},
		{name: "deleted original", method: "GET", path: id + "/original", as: as, status: 404},
		{name: "delete again", method: "DELETE", path: id, as: as, status: 404},
	})
}

func TestPaging(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	for i := range 5 {
		b.add(t, "x.txt", strings.Repeat("x", i+1))
	}
	var ids []library.SourceID
	for cursor, parts := "", 0; ; parts++ {
		l := decode[list[Source]](t, b.do(t, "GET", "/api/v1/sources?limit=2&cursor="+cursor, "", owner))
		if l.Total != 5 || parts > 2 {
			t.Fatalf("part %d: %+v", parts, l)
		}
		for _, s := range l.Items {
			ids = append(ids, s.ID)
		}
		if l.Next == nil {
			break
		}
		cursor = *l.Next
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] >= ids[i-1] {
			t.Errorf("not newest first: %v", ids)
		}
	}
	if len(ids) != 5 {
		t.Errorf("%v", ids)
	}
	for _, cursor := range []string{"junk", "%00", "..%2f"} { // a place in the order like any other
		if w := b.do(t, "GET", "/api/v1/sources?cursor="+cursor, "", owner); w.Code != 200 && w.Code != 422 {
			t.Errorf("cursor %s: %d %s", cursor, w.Code, w.Body)
		}
	}
	if w := b.do(t, "GET", "/api/v1/sources?cursor="+strings.Repeat("a", 600), "", owner); w.Code != 422 {
		t.Errorf("a long cursor: %d", w.Code)
	}
}

func TestFailedSource(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	s := b.add(t, "x.pdf", "x")
	lease, err := b.lib.Lease(t.Context())
	must(t, err)
	must(t, b.lib.Fail(t.Context(), lease.ID, library.Failure{Reason: library.Reason{Code: "encrypted", Message: "It needs a password."}}))
	b.play(t, []scenario{{
		name: "failed", method: "GET", path: "/api/v1/sources/" + string(s.ID), as: []caller{owner}, status: 200,
		has: []string{`"status":"failed"`, `"reason":{"code":"encrypted","message":"It needs a password."}`},
	}})
}

func TestSearch(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	s := b.add(t, "fox.txt", "fox", "The quick brown fox & <friends>.", "A lazy dog.")
	as := []caller{owner}
	got := decode[results](t, b.do(t, "GET", "/api/v1/search?q=quick+fox", "", owner))
	if got.Total != 1 || len(got.Hits) != 1 || got.TookMS < 0 {
		t.Fatalf("%+v", got)
	}
	h := got.Hits[0]
	if h.SourceID != s.ID || h.Passage != 0 || h.Title != s.Title || h.Type != library.TypeText || h.Score <= 0 ||
		!strings.Contains(h.Snippet, "<mark>quick</mark>") || !strings.Contains(h.Snippet, "&lt;friends&gt;") {
		t.Errorf("%+v", h)
	}
	today, tomorrow := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	const one, none = `"total":1`, `"total":0`
	b.play(t, []scenario{
		{name: "of its type", method: "GET", path: "/api/v1/search?q=fox&type=text", as: as, status: 200, has: []string{one}},
		{name: "of another type", method: "GET", path: "/api/v1/search?q=fox&type=pdf", as: as, status: 200, has: []string{none, `"hits":[]`, `"facets":[{"type":"text","count":1}]`}},
		{name: "today", method: "GET", path: "/api/v1/search?q=fox&from=" + today + "&to=" + today, as: as, status: 200, has: []string{one}},
		{name: "from tomorrow", method: "GET", path: "/api/v1/search?q=fox&from=" + tomorrow, as: as, status: 200, has: []string{none}},
		{name: "before a time", method: "GET", path: "/api/v1/search?q=fox&to=2020-01-01T00:00:00Z", as: as, status: 200, has: []string{none}},
		{name: "nothing", method: "GET", path: "/api/v1/search?q=zebra", as: as, status: 200, has: []string{none, `"hits":[]`, `"facets":[]`}},
		{name: "unbalanced quotes", method: "GET", path: "/api/v1/search?q=%22quick", as: as, status: 200},
		{name: "by nobody", method: "GET", path: "/api/v1/search?q=fox", status: 401},
		{name: "an unknown type", method: "GET", path: "/api/v1/search?q=fox&type=exe", as: as, status: 422},
		{name: "too many", method: "GET", path: "/api/v1/search?q=fox&limit=101", as: as, status: 422},
		{name: "from after to", method: "GET", path: "/api/v1/search?q=fox&from=" + tomorrow + "&to=2020-01-01", as: as, status: 422},
		{name: "a query too long", method: "GET", path: "/api/v1/search?q=" + strings.Repeat("a", 1001), as: as, status: 422},
		{name: "blank", method: "GET", path: "/api/v1/search?q=%20", as: as, status: 422},
	})
}

func TestOriginal(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	const page = "<script>alert(1)</script>"
	s, _, err := b.lib.Add(t.Context(), "../Zoë \"x\"\r\nSet-Cookie: a.html", strings.NewReader(page))
	must(t, err)
	path := "/api/v1/sources/" + string(s.ID) + "/original"
	w := b.do(t, "GET", path, "", owner)
	h := w.Header()
	if w.Code != 200 || w.Body.String() != page {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if h.Get("Content-Type") != "application/octet-stream" { // not read yet: no type was found
		t.Error(h)
	}
	if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="`) || strings.ContainsAny(d, "\r\në/") ||
		!strings.Contains(d, "filename*=UTF-8''Zo%C3%AB%20%22x%22") {
		t.Error(d)
	}
	if h.Get("Set-Cookie") != "" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
		t.Error(h)
	}
	lease, err := b.lib.Lease(t.Context())
	must(t, err)
	must(t, b.lib.Complete(t.Context(), lease.ID, library.Reading{Type: library.TypeHTML, Passages: []library.Passage{{Text: "alert"}}}))

	for name, c := range map[string]struct {
		as     caller
		status int
		body   string
	}{
		"whole":          {nil, 200, page},
		"a range":        {header("Range", "bytes=1-6"), 206, "script"},
		"its end":        {header("Range", "bytes=-1"), 206, ">"},
		"beyond":         {header("Range", "bytes=999-"), 416, ""},
		"known":          {header("If-None-Match", `"`+s.SHA256+`"`), 304, ""},
		"another":        {header("If-None-Match", `"x"`), 200, page},
		"another, range": {header("Range", "bytes=1-6", "If-Range", `"x"`), 200, page},
	} {
		r := request("GET", path, "", owner, c.as)
		w := serve(b, r)
		if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
		if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") {
			t.Errorf("%s: %v", name, w.Header())
		}
		if c.status == 200 && w.Header().Get("Content-Type") != "text/html" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	if w := b.do(t, "GET", path, ""); w.Code != 401 {
		t.Error(w.Code)
	}
	if w := b.do(t, "GET", "/api/v1/sources/unknown/original", "", owner); w.Code != 404 || w.Header().Get("Content-Disposition") != "" {
		t.Error(w.Code, w.Header())
	}
}

func TestAttachmentNames(t *testing.T) {
	for given, want := range map[string]string{
		"a.pdf":         `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`,
		"":              `attachment; filename="document"; filename*=UTF-8''document`,
		"/etc/passwd":   `attachment; filename="passwd"; filename*=UTF-8''passwd`,
		`..\x.exe`:      `attachment; filename="x.exe"; filename*=UTF-8''x.exe`,
		`a";x="b`:       `attachment; filename="a_;x=_b"; filename*=UTF-8''a%22%3Bx%3D%22b`,
		"a\r\nX: y":     `attachment; filename="a__X: y"; filename*=UTF-8''a%0D%0AX%3A%20y`,
		"100%.txt":      `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`,
		"山.txt":         `attachment; filename="_.txt"; filename*=UTF-8''%E5%B1%B1.txt`,
		"it's (a) *.md": `attachment; filename="it's (a) *.md"; filename*=UTF-8''it%27s%20%28a%29%20%2A.md`,
	} {
		if got := attachment(library.Source{FileName: given}); got != want {
			t.Errorf("%q: %s", given, got)
		}
	}
}

// The shape of a source is what scripts rely on: these names and no others.
func TestSourceShape(t *testing.T) {
	full := sourceShape(library.Source{
		ID: "i", Title: "t", FileName: "f", Type: "pdf", Status: "failed", Reason: &library.Reason{Code: "c", Message: "m"},
		Pages: 1, Passages: 2, Size: 3, SHA256: "s", AddedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600)), ReadyAt: time.Now(),
	})
	got, err := json.Marshal(full)
	must(t, err)
	const want = `{"id":"i","title":"t","type":"pdf","status":"failed","reason":{"code":"c","message":"m"},"pages":1,"size":3,"sha256":"s","added_at":"2026-01-02T02:04:05.006Z"}`
	if string(got) != want {
		t.Errorf("%s", got)
	}
}
