package browser

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

const (
	pages      = 400
	wantedPage = 207
	phrase     = "the brass heron counts seven silent tides"
)

// manual has the browser print a long document, with fonts of its own and
// compressed pages, whose phrase stands on one page in the middle.
func manual(t *testing.T) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	text.WriteString("<!doctype html><meta charset=utf-8><title>Harbour manual</title>" +
		"<style>section { break-after: page; font: 9px/1.4 serif } section:last-child { break-after: auto }</style>")
	for i := range pages {
		lines := papers.Prose(r, 40)
		if i+1 == wantedPage {
			lines[20] = "Here " + phrase + "."
		}
		fmt.Fprintf(&text, "<section><h1>Chapter %d</h1><p>%s</p></section>", i+1, strings.Join(lines, "<br>"))
	}
	dir := t.TempDir()
	page, file := filepath.Join(dir, "manual.html"), filepath.Join(dir, "harbour-manual.pdf")
	if err := os.WriteFile(page, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-background-networking", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--no-pdf-header-footer", "--print-to-pdf="+file, page).CombinedOutput()
	if err != nil {
		t.Fatalf("the browser does not print: %v\n%s", err, out)
	}
	return file
}

// From the link in the log to a phrase in the middle of a long document.
func TestFirstMinutes(t *testing.T) {
	tier.Need(t, tier.Browser)
	b := boot(t)
	p := sit(t, b.URL)

	t.Log("a wrong code is refused")
	p.expects("/setup") // the refusal of the form itself
	p.open("/setup")
	p.look("setup")
	p.fill(map[string]string{"code": "AAAA-AAAA", "username": box.Owner, "password": box.Password})
	p.submit("form")
	if got := p.path(); got != "/setup" {
		t.Fatalf("after a wrong code the page is %s, want /setup", got)
	}
	p.see("#problem")
	p.look("setup-refused")

	t.Log("the link from the log brings the code")
	link := regexp.MustCompile(regexp.QuoteMeta(b.URL) + `(/setup\S*)`).FindStringSubmatch(b.Log())
	if link == nil {
		t.Fatalf("the log has no link:\n%s", b.Log())
	}
	p.open(link[1])
	p.until("the code is filled in", `document.querySelector('#code').value.length >= 8`)
	p.fill(map[string]string{"username": box.Owner, "password": box.Password})
	p.submit("form")
	if got := p.path(); got != "/setup/reach" {
		t.Fatalf("after the owner's page comes %s, want /setup/reach", got)
	}
	p.look("setup-reach")
	p.submit("form")
	p.look("setup-first")

	t.Log("signing in")
	p.do("lose the cookies", tell(network.ClearBrowserCookies, cdp.Empty{}))
	p.expects("/login")
	p.open("/library")
	if got := p.path(); got != "/login" {
		t.Fatalf("a stranger who opens the library is at %s, want /login", got)
	}
	p.look("login")
	p.fill(map[string]string{"username": box.Owner, "password": "not this one"})
	p.submit("form")
	p.see("#problem")
	p.enters()
	if got := p.path(); got != "/library" {
		t.Fatalf("signing in leads to %s, want to where one wanted to go, /library", got)
	}
	p.goesStraight(1)
	p.open("/library")
	p.goesStraight(0)
	p.plainly()
	p.open("/")
	p.look("search-empty")

	t.Log("dropping a long document")
	p.watchTray()
	p.drop(manual(t))
	p.until("the document is ready", `!!document.querySelector('#tray-items [data-settled]')`)
	seen := p.read(`window.trayStates.join(" | ")`)
	t.Logf("the tray said: %.600s", seen)
	if !regexp.MustCompile(`Reading page \d+ of ` + fmt.Sprint(pages)).MatchString(seen) {
		t.Errorf("no progress by pages was seen: %s", seen)
	}
	p.look("tray-ready")

	t.Log("finding a phrase from the middle")
	p.open("/")
	p.do("write", chromedp.SendKeys(chromedp.CSS(`input[name=q]`), `"`+phrase+`"`))
	p.leave("search", chromedp.Click(chromedp.CSS(`form.finder button`)))
	p.see(".hit")
	if n := p.read(`String(document.querySelectorAll('.hit').length)`); n != "1" {
		t.Errorf("%s hits, want 1", n)
	}
	if hit := p.read(`document.querySelector('.hit').innerText`); !strings.Contains(hit, fmt.Sprint("page ", wantedPage)) {
		t.Errorf("the hit does not say page %d: %s", wantedPage, hit)
	}
	if marks := p.read(`[...document.querySelectorAll('.hit mark')].map(m => m.textContent).join(' ')`); !strings.Contains(marks, "heron") {
		t.Errorf("the hit marks %q", marks)
	}
	p.look("search-hits")

	t.Log("opening it there")
	p.leave("open the hit", chromedp.Click(chromedp.CSS(".hit h2 a")))
	p.see(".passage mark")
	p.until("the phrase is in view", `(() => {
		const m = [...document.querySelectorAll('.passage mark')].find(m => m.textContent.includes('heron') || m.textContent.includes('brass'));
		if (!m) return false;
		const r = m.getBoundingClientRect();
		return r.top >= 0 && r.bottom <= innerHeight; })()`)
	marked := p.read(`[...document.querySelectorAll('.passage mark')].map(m => m.textContent).join(' ')`)
	for word := range strings.FieldsSeq("brass heron counts seven silent tides") {
		if !strings.Contains(marked, word) {
			t.Errorf("%q is not marked: %s", word, marked)
		}
	}
	folio := p.read(`(() => {
		const m = document.querySelector('.passage mark');
		const before = [...document.querySelectorAll('.folio')].filter(f => f.compareDocumentPosition(m) & Node.DOCUMENT_POSITION_FOLLOWING);
		return before.length ? before[before.length - 1].innerText : ''; })()`)
	if !strings.Contains(folio, fmt.Sprint(wantedPage)) {
		t.Errorf("the phrase stands under %q, want page %d", folio, wantedPage)
	}
	p.look("reader")

	for _, name := range []string{"library", "activity", "settings", "add"} {
		p.open("/" + name)
		p.look(name)
	}
	p.quiet()
}

// fill types into fields by their ids, replacing what is there.
func (p *person) fill(fields map[string]string) {
	p.t.Helper()
	for id, value := range fields {
		p.read(`document.querySelector("#` + id + `").value = ""`)
		p.do("fill "+id, chromedp.SendKeys(chromedp.CSS("#"+id), value))
	}
}

// watchTray notes everything that the tray says from now on.
func (p *person) watchTray() {
	p.t.Helper()
	p.read(`(() => {
		window.trayStates = [];
		const note = () => document.querySelectorAll('#tray .state').forEach(s => {
			const said = s.textContent.trim();
			if (said && trayStates[trayStates.length - 1] !== said) trayStates.push(said);
		});
		new MutationObserver(note).observe(document.querySelector('#tray'), {subtree: true, childList: true, characterData: true});
		return ''; })()`)
}

// drop drags a file from outside onto the middle of the page.
func (p *person) drop(file string) {
	p.t.Helper()
	data := &input.DragData{Files: []string{file}, DragOperationsMask: 1}
	drag := func(kind input.DispatchDragEventType) action {
		return tell(input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: 640, Y: 450, Data: data})
	}
	p.do("drag a file in", drag(input.DispatchDragEventTypeDragEnter), drag(input.DispatchDragEventTypeDragOver))
	p.until("the page offers to take it", `!document.querySelector('#drop').hidden`)
	p.picture("drop")
	p.do("let go", drag(input.DispatchDragEventTypeDrop))
}
