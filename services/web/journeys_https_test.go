package web

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"coffer/services/library"
)

// What belongs to a way of serving shows once it is chosen, with the keyboard
// too; while the box switches the page says so; what is wrong comes into view.
func TestHTTPSForms(t *testing.T) {
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	now := b.site.shell.Now()
	own, uploaded := httpsOwn(now), httpsUploaded(now, 60)
	b.door.tell(own, &uploaded, nil)

	// A page that is being left cannot be asked, so it notes what it says itself.
	const notes = `
		const form = document.querySelector("form[data-switch]");
		new MutationObserver(() => {
			if (form.querySelector("button.primary").disabled && form.querySelector("[data-switching] progress").checkVisibility())
				sessionStorage.setItem("said", form.querySelector("[data-say]").textContent);
		}).observe(form, {subtree: true, childList: true, attributes: true, characterData: true});`

	v := b.tab(chrome)
	v.do(size(390, 844))
	v.signIn()
	v.open("/settings/https")
	v.eventually("the names", `document.getElementById("names").checkVisibility() && !document.getElementById("certificate").checkVisibility()`)
	v.do(chromedp.Focus(chromedp.CSS("[value=self-signed]")), key(down))
	v.eventually("the order", `document.getElementById("order-names").checkVisibility() && !document.getElementById("certificate").checkVisibility()`)
	v.do(key(down))
	v.eventually("the files", `!document.getElementById("order-names").checkVisibility() && !document.getElementById("names").checkVisibility() && document.getElementById("certificate").checkVisibility()`)

	dir := t.TempDir()
	chain, secret := filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	must(t, os.WriteFile(chain, []byte("one"), 0o600))
	must(t, os.WriteFile(secret, []byte("two"), 0o600))
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{chain}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{secret}),
		run(notes), run(`document.querySelector("form[data-switch] button.primary").click()`))
	v.eventually("the end of it", `location.search === "?done=1" && document.readyState === "complete" && document.querySelector("[data-switching]").hidden`)
	if said := script[string](v, `sessionStorage.getItem("said") ?? ""`); !strings.HasPrefix(said, "The box tries the new configuration") {
		t.Errorf("while the box switches, the page says %q", said)
	}
	if c := b.door.last(t); string(c.Certificate) != "one" || string(c.Key) != "two" {
		t.Errorf("asked for %+v", c)
	}
	b.door.tell(uploaded, nil, mismatch())
	v.do(submit("#certificate"), seen("#key-problem"))
	v.eventually("the problem in view", `(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector(".notice.bad").getBoundingClientRect())`)
	if said := script[string](v, `document.getElementById(document.getElementById("key").getAttribute("aria-describedby").split(" ")[1]).textContent`); said != v.text("#key-problem") {
		t.Errorf("the field is described by %q", said)
	}
	v.quiet()
}

// What is dropped or pasted beside the fields for a certificate and its key is
// no document: a private key must not get into the library by a slip.
func TestKeysAreNoDocuments(t *testing.T) {
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.door.tell(httpsUploaded(b.site.shell.Now(), 60), nil, nil)
	v := b.tab(chrome)
	v.do(size(1280, 1600))
	v.signIn()
	file := filepath.Join(t.TempDir(), "privkey.pem")
	must(t, os.WriteFile(file, []byte("-----BEGIN PRIVATE KEY-----"), 0o600))
	const pastes = `const files = new DataTransfer(); files.items.add(new File(["-----BEGIN PRIVATE KEY-----"], "privkey.pem"));
		document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));`

	v.open("/settings/https")
	v.do(seen("#key"), run(pastes), run(pasted("-----BEGIN PRIVATE KEY-----")), v.drag("h1", file))
	if script[bool](v, `!document.getElementById("drop").hidden || document.getElementById("note").open || document.querySelector("#tray-sending li") !== null`) {
		t.Error("the page takes it for a document")
	}
	v.do(v.drag("#key", file))
	v.eventually("the file in its field", `document.getElementById("key").files[0]?.name === "privkey.pem"`)

	// Elsewhere the same is one.
	v.open("/settings/about")
	v.do(run(pastes))
	v.eventually("the tray", `document.querySelector("#tray-sending li, #tray-items li") !== null`)
	if got, err := b.lib.Sources(t.Context(), library.SourceFilter{}, firstPage()); err != nil || got.Total > 1 {
		t.Errorf("%d documents, %v", got.Total, err)
	}
	v.quiet()
}

// drag brings a file from outside to the middle of an element and lets go.
func (v *tab) drag(css, file string) step {
	data := &input.DragData{Files: []string{file}, DragOperationsMask: 1}
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		at, err := chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector("`+css+`").getBoundingClientRect(); return [r.x + Math.min(40, r.width / 2), r.y + r.height / 2] })()`)(ctx, t)
		for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
			if err == nil {
				_, err = cdp.Call(ctx, t, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: at[0], Y: at[1], Data: data})
			}
		}
		return chromedp.Void{}, err
	}
}
