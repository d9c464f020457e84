package web

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// watched is an init whose word the test decides; at first it has not looked.
type watched struct {
	mu  sync.Mutex
	now library.Posture
	err error
}

func (w *watched) Posture(context.Context) (library.Posture, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.err
}

func (w *watched) Standing() library.Standing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.Standing()
}

func (w *watched) say(err error, claims ...library.Claim) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.err = library.Posture{Claims: claims, CheckedAt: time.Now()}, err
}

func claim(id, group string, s library.Standing) library.Claim {
	return library.Claim{
		ID: id, Group: group, Title: "Title of " + id, Text: "Claim of " + id + ".", Against: "harm <b>",
		Standing: s, Evidence: "pid 7 <script>", Remedy: "Mend " + id + ".",
	}
}

func TestPosture(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	page, r := b.visitor().get("/posture")
	at(t, r, "/login?next=%2Fposture")
	has(t, page, "!Claim of", "!standing")

	page, r = v.get("/posture")
	status(t, r, http.StatusOK)
	has(t, page, "has not looked at itself yet", "unchecked", `href="/posture" aria-current="page"`)

	later := claim("tls", "web", library.Unseen)
	later.Later = true
	b.watch.say(nil, claim("file-manifest", "files", library.Holds), claim("no-egress", "network", library.Holds), later)
	page, _ = v.get("/posture")
	has(t, page, "3 claims: 2 hold, 1 comes later.", "sound", "Files and secrets", "1 / 1",
		"Claim of file-manifest.", "pid 7 &lt;script&gt;.", "Harm &lt;b&gt;.", "!<script>", "Comes later", "!<details open", "!Mend tls.")

	b.watch.say(nil, claim("file-manifest", "files", library.Broken), claim("no-egress", "network", library.Partly), claim("content-type", "documents", library.Unseen))
	page, _ = v.get("/posture")
	has(t, page, "3 claims: 0 hold, 1 holds in part, 1 needs you, 1 has nothing to look at.",
		"<details open", "Mend file-manifest.", "Mend no-egress.", "!Mend content-type.", "0 / 1")
	page, _ = v.get("/activity/state")
	has(t, page, `id="standing"`, "needs you")

	req, err := http.NewRequest("GET", b.url+"/posture", nil)
	must(t, err)
	req.Header.Set("Accept-Language", "de")
	r, err = v.Do(req)
	has(t, body(t, r, err), "3 Zusagen: 0 gelten, 1 gilt zum Teil, 1 braucht dich", "Geschützte Dateien", `lang="en"`, "!Claim of file-manifest")

	b.watch.say(&library.Error{Kind: library.Internal, Message: "The box does not say how it is."})
	page, r = v.get("/posture")
	status(t, r, http.StatusInternalServerError)
	has(t, page, "Something went wrong in the box")
}
