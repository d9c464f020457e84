package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

func TestFindAndRead(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	v := b.owner()
	page, _ := v.get("/")
	has(t, page, "The box is empty", `action="/add"`)
	long := b.furnish()
	page, _ = v.get("/")
	has(t, page, "5 sources, ready to be searched", "New in the box", "bank-statement-2025-11", "locked with a password")

	page, r := v.get("/?q=notice+period")
	status(t, r, 200)
	has(t, page, "<mark>notice</mark> <mark>period</mark>", "2 passages, in ", "Text <b>2</b>", "&amp;at=1#p1")
	page, _ = v.get("/?q=heating+curve&page=2")
	has(t, page, "21 to 40 of ", `rel="next"`, `rel="prev"`, "page ")
	page, _ = v.get("/?q=depositt")
	has(t, page, "Did you mean", "?q=deposit")
	page, _ = v.get("/?q=submarine&type=pdf&added=week")
	has(t, page, "Nothing found for “submarine”", "PDF <b>0</b>", "Past 7 days <b>0</b>", "Search without the filters")
	_, r = v.get("/?q=" + strings.Repeat("a", 2000))
	status(t, r, 422)
	page, _ = v.get("/?q=" + url.QueryEscape(`<script>alert(1)</script>`))
	has(t, page, "!<script>alert")
	page, _ = v.get("/?q=deposit&type=exe&added=never&page=-3")
	has(t, page, "deposit", "<mark>")

	// The reader shows the part that holds the passage, and an index of all.
	page, _ = v.get("/library/" + string(long.ID) + "?q=defrost&at=100#p100")
	has(t, page, `id="p80"`, `id="p119"`, `!id="p79"`, `!id="p120"`, `<p class="folio">page 81</p>`, `class="passage target" id="p100"`,
		`href="/library/`+string(long.ID)+`?q=defrost&amp;at=120#p120"`, "<mark>defrost</mark>", "hits")
	if ticks := strings.Count(page, `class="h`); ticks < 50 || ticks > 64 {
		t.Errorf("the index has %d ticks", ticks)
	}
	for _, bad := range []string{"-1", "99999", "x", "1e3"} {
		page, r = v.get("/library/" + string(long.ID) + "?at=" + bad)
		status(t, r, 200)
		has(t, page, `id="p0"`, "!target")
	}
}

// A page is small before its text, also for a long source.
func TestPagesAreSmall(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	v := b.owner()
	long := b.put("Long.pdf", manual(2400))
	page, _ := v.get("/library/" + string(long.ID) + "?q=heating&at=1200")
	text := 0
	for _, m := range regexp.MustCompile(`(?s)<section class="passage.*?</section>`).FindAllString(page, -1) {
		text += len(m)
	}
	if frame := len(page) - text; frame > 60_000 {
		t.Errorf("the reader is %d bytes without its text", frame)
	}
	if len(page) > 160_000 {
		t.Errorf("the reader is %d bytes", len(page))
	}
	start := time.Now()
	v.get("/library/" + string(long.ID) + "?q=heating&at=1300")
	t.Logf("a part of a counted text of 2,400 pages: %v, %d bytes", time.Since(start), len(page))
	start = time.Now()
	v.get("/library/" + string(long.ID) + "?q=pressure&at=1300")
	t.Logf("one that is counted first: %v", time.Since(start))
	for _, path := range []string{"/", "/library", "/activity", "/settings", "/add"} {
		if page, _ := v.get(path); len(page) > 60_000 {
			t.Errorf("%s is %d bytes", path, len(page))
		}
	}
}

func TestChangeASource(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	src := b.waiting("lease.txt", lease)
	here := "/library/" + string(src.ID)
	page, _ := v.get(here)
	has(t, page, "Waiting", "Stop", `!form="retry"`)
	page, r := v.post(here+"/cancel", nil)
	at(t, r, here+"?done=stopped")
	has(t, page, "Stopped", "Retry")
	_, r = v.post(here+"/cancel", nil) // in the wrong state: shown as it is
	at(t, r, here)
	_, r = v.post(here+"/retry?back=activity", nil)
	at(t, r, "/activity?done=retried")
	b.reader(0)
	b.wait(string(src.ID))

	page, r = v.post(here+"/rename", url.Values{"title": {" "}})
	status(t, r, 422)
	has(t, page, "1 to 500 characters")
	page, r = v.post(here+"/rename", url.Values{"title": {`<b>"New" & 'old'</b>`}})
	at(t, r, here+"?done=renamed")
	has(t, page, "Renamed.", "&lt;b&gt;", `!<b>"New"`)

	page, _ = v.get(here + "/delete")
	has(t, page, "Delete this source?", "cannot be undone")
	if _, err := b.lib.Source(t.Context(), src.ID); err != nil {
		t.Fatal("asking deleted it")
	}
	page, r = v.post(here+"/delete", nil)
	at(t, r, "/library?done=deleted")
	has(t, page, "The source is deleted.")
	page, r = v.get(here)
	status(t, r, 404)
	has(t, page, "Nothing is here", r.Header.Get("X-Request-Id"))
	_, r = v.post(here+"/delete", nil)
	at(t, r, "/library?done=deleted")
}

func TestAddWithoutScripts(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	_, r := v.upload("/add", "one.txt", "one")
	if !strings.HasPrefix(r.Request.URL.Path, "/library/") {
		t.Errorf("one file ended at %s", r.Request.URL)
	}
	_, r = v.upload("/add", "two.txt", "two", "three.txt", "three")
	at(t, r, "/activity?done=added")
	page, _ := v.post("/add", url.Values{"title": {"Key safe"}, "text": {"The code is on the back."}})
	has(t, page, "Key safe")
	for _, form := range []url.Values{{}, {"title": {"x"}}, {"text": {"x"}}, {"title": {" "}, "text": {" "}}} {
		page, r = v.post("/add", form)
		status(t, r, 422)
		has(t, page, "Nothing was sent", `role="alert"`)
	}
	_, r = v.upload("/add") // a form without a file chosen
	status(t, r, 422)
	page, r = v.broken("/add")
	status(t, r, 422)
	has(t, page, "ended early")
	l, err := b.lib.Sources(t.Context(), library.SourceFilter{}, library.Page{})
	must(t, err)
	if l.Total != 4 {
		t.Errorf("%d sources, want 4", l.Total)
	}
}

func TestActivityAndTray(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	page, _ := v.get("/activity")
	has(t, page, "All quiet")
	src := b.waiting("waiting.txt", "waiting")
	page, _ = v.get("/tray?id=" + string(src.ID) + "&id=none")
	has(t, page, "Waiting", "waiting", "!data-settled")
	b.reader(0)
	b.wait(string(src.ID))
	failed := b.put("bad.pdf", "broken encrypted It has a password.")
	page, _ = v.get("/activity")
	has(t, page, "Finished today", "Failed", "It has a password.", "/retry?back=activity", "1 source needs you")
	page, _ = v.get("/activity/state")
	has(t, page, `id="attention"`, `id="work"`, "1 failed", "!<html")
	page, _ = v.get("/tray?id=" + string(src.ID) + "&id=" + string(failed.ID))
	has(t, page, "Open", "It has a password.", `data-act="again"`, "data-settled")
	page, _ = v.get("/library?status=failed")
	has(t, page, "bad", "!>waiting<")
	page, _ = v.get("/library?status=cancelled&type=pdf")
	has(t, page, "No source is like that")
}

// wait waits until a source is read.
func (b *box) wait(id string) {
	b.t.Helper()
	for range 500 {
		s, err := b.lib.Source(b.t.Context(), library.SourceID(id))
		must(b.t, err)
		if s.Status == library.StatusReady {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("%s was not read", id)
}

// upload sends files as a form does: names and contents in turn.
func (v *visitor) upload(path string, files ...string) (string, *http.Response) {
	v.b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		must(v.b.t, err)
		part.Write([]byte(files[i+1]))
	}
	if len(files) == 0 {
		_, err := w.CreateFormFile("file", "")
		must(v.b.t, err)
	}
	w.Close()
	r, err := v.Post(v.b.url+path, w.FormDataContentType(), &form)
	return body(v.b.t, r, err), r
}

// broken sends a form that ends in the middle of a file.
func (v *visitor) broken(path string) (string, *http.Response) {
	v.b.t.Helper()
	form := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half.txt\"\r\n\r\nhalf of it"
	r, err := v.Post(v.b.url+path, "multipart/form-data; boundary=x", strings.NewReader(form))
	return body(v.b.t, r, err), r
}

// What an open page asks again by itself leaves no line in the log; the same
// asked by a stranger does.
func TestOpenPageLeavesNoLines(t *testing.T) {
	b := newBox(t, "")
	owner, stranger := b.owner(), b.visitor()
	count := func(route string) int {
		return strings.Count(b.log.String(), "level=INFO msg=request method=GET route="+route+" ")
	}
	// ask asks, and then for a page: once its line is there, so is the one before,
	// which is written a moment after the answer.
	pages := 0
	ask := func(v *visitor, path string) int {
		route, _, _ := strings.Cut(path, "?") // and not where a stranger is led
		before := count(route)
		v.get(path)
		owner.get("/settings/about")
		for pages++; count("/settings/about") < pages; {
			time.Sleep(time.Millisecond)
		}
		return count(route) - before
	}
	for _, path := range []string{"/activity/state", "/tray?id=none"} {
		if n := ask(owner, path); n != 0 {
			t.Errorf("%s: %d lines", path, n)
		}
		if ask(stranger, path) == 0 {
			t.Errorf("%s: a stranger leaves no line", path)
		}
	}
}
