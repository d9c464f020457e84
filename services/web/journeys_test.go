package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestJourneys(t *testing.T) {
	t.Parallel()
	chrome := browser(t)

	t.Run("first minute", func(t *testing.T) {
		b := newBox(t, "")
		b.reader(30 * time.Millisecond)
		v := b.tab(chrome)
		v.open("/setup?code=ABCD-2345")
		v.do(typed("#username", owner), typed("#password", "seven77"))
		v.eventually("the meter", `document.querySelector(".meter-text").textContent.startsWith("Too short")`)
		v.do(typed("#password", " and some more"), click("[data-reveal]"))
		v.eventually("showing", `document.getElementById("password").type === "text"`)
		v.do(click("main form button.primary"), seen("#hosts"))
		v.do(click("main form button.primary"), seen(".choose"))
		v.do(run(droppedText("Lease.txt", lease)))
		v.eventually("reading", `location.search.includes("id=")`)
		v.eventually("ready", `document.querySelector("h1").textContent === "Ask it something"`)
		if got := script[string](v, `document.querySelector("[data-search]").value`); got != "Notice period" {
			t.Errorf("it suggests %q", got)
		}
		// By script: what is shown live is exchanged, and the tray may lie over what it
		// is about on a small screen.
		v.do(run(`document.querySelector("[data-search]").form.requestSubmit()`), seen("[data-hit]"), run(`document.querySelector("[data-hit]").click()`), seen(".text mark.now"))
		v.quiet()
	})

	t.Run("add", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		b.reader(20 * time.Millisecond)
		v := b.tab(chrome)
		v.signIn()
		v.open("/settings")
		b.edge.refuse.Store(1)
		v.do(run(droppedText("garden.md", notes)))
		v.eventually("trying again", `document.querySelector("#tray-sending .state")?.textContent.startsWith("The connection broke. Trying again in")`)
		v.eventually("ready", `document.querySelector("#tray-items .state")?.textContent === "Ready"`)
		// Another page shows what has arrived, and opening it sees to it.
		v.open("/library")
		// Everything has ended, so it does not lie over the page.
		v.eventually("the tray on another page", `document.querySelector("#tray-items a")?.textContent === "Open" && document.querySelector("#tray.folded [data-tray-said]").textContent === "Added 1"`)
		v.do(click("[data-tray-fold]"), click("#tray-items a"), seen(".text"))
		v.eventually("an empty tray", `document.getElementById("tray").hidden`)

		// What fails says why, and can be removed.
		v.do(run(droppedText("locked.pdf", "broken encrypted It has a password.")))
		v.eventually("failing", `document.querySelector("#tray-items .state")?.textContent === "It has a password."`)
		v.eventually("the tray's word", `document.querySelector("#tray:not(.folded) [data-tray-said]").textContent === "1 failed"`)
		v.eventually("the dot on the rail", `document.querySelector("#attention .dot.bad") !== null`)
		v.do(click("#tray-items [data-act=delete]"))
		v.eventually("removal", `document.querySelector("#tray-items li") === null`)
		v.eventually("no dot on the rail", `document.querySelector("#attention .dot.bad") === null`)

		// A text becomes a note; a lone address is said not to be read yet.
		v.do(run(pasted("https://example.org/page")), seen("#note [data-lone-url]"), run(`document.getElementById("note").close()`))
		v.do(run(pasted("Key safe\nThe code is on the back.")), seen("#note"))
		v.eventually("no word about addresses", `document.querySelector("#note [data-lone-url]").hidden`)
		v.do(click("#note button.primary"))
		v.eventually("the note", `document.querySelector("#tray-items .name")?.textContent === "Key safe"`)

		// Choosing works like dropping.
		file := filepath.Join(t.TempDir(), "chosen.txt")
		must(t, os.WriteFile(file, []byte("chosen"), 0o600))
		v.open("/library")
		v.do(click("[data-add]"), seen("#choose"), chromedp.SetUploadFiles(chromedp.CSS("#choose input[type=file]"), []string{file}))
		v.eventually("the chosen file", `[...document.querySelectorAll("#rows .title")].some((e) => e.textContent === "chosen")`)
		v.eventually("the count with it", `document.getElementById("tally").textContent === document.querySelectorAll("#rows > li").length + " sources"`)
		v.quiet()
	})

	t.Run("at most three uploads at once", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		v := b.tab(chrome)
		v.signIn()
		v.do(slow(200_000), run(`
			const data = new DataTransfer();
			for (let i = 0; i < 5; i++) data.items.add(new File(["x".repeat(600000) + i], i + ".txt"));
			document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}))`))
		v.eventually("uploading", `document.querySelectorAll("#tray-sending progress[value]:not([value='0'])").length > 0`)
		if got := script[int](v, `[...document.querySelectorAll("#tray-sending .state")].filter((e) => e.textContent === "Waiting to upload").length`); got != 2 {
			t.Errorf("%d of 5 files wait, want 2", got)
		}
		if !script[bool](v, `!window.dispatchEvent(new Event("beforeunload", {cancelable: true}))`) {
			t.Error("leaving does not warn")
		}
		v.do(slow(-1))
		v.eventually("all arrived", `document.querySelectorAll("#tray-items li").length === 5`)
		if script[bool](v, `!window.dispatchEvent(new Event("beforeunload", {cancelable: true}))`) {
			t.Error("leaving warns although nothing would be lost")
		}
	})

	t.Run("find", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		b.reader(0)
		b.furnish()
		v := b.tab(chrome)
		v.signIn()
		v.open("/activity")
		v.do(key("/"), seen(".finder")) // from a page without a search box
		v.do(typed("[data-search]", "notice"))
		v.eventually("results while typing", `document.querySelectorAll("[data-hit]").length === 2 && location.search.includes("notice")`)
		v.do(typed("[data-search]", " period"))
		v.eventually("the address", `location.search === "?q=notice+period"`)
		v.do(key(down), key(down))
		if got := script[string](v, `document.activeElement.textContent`); got != "Letter from the insurance" {
			t.Errorf("the second arrow is at %q", got)
		}
		v.do(key(up), key("\r"), seen(".text mark.now"))
		v.quiet()
	})

	t.Run("read", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		b.reader(0)
		long := b.put("Manual.pdf", manual(600)) // counted after the page is sent
		v := b.tab(chrome)
		v.signIn()
		v.open("/library/" + string(long.ID) + "?q=defrost")
		v.eventually("the count", `/^\d+ hits$/.test(document.querySelector("[data-count]")?.textContent)`)
		total := strings.TrimSuffix(v.text("[data-count]"), " hits")
		v.do(key("n"))
		v.eventually("the first hit", fmt.Sprintf(`document.querySelector("[data-count]").textContent === "1 of %s"`, total))
		marks := script[int](v, `document.querySelectorAll(".text mark").length`)
		for range marks - 1 {
			v.do(key("n"))
		}
		v.eventually("the last hit of the part", fmt.Sprintf(`document.querySelector("[data-count]").textContent === "%d of %s"`, marks, total))
		v.do(key("n"))
		v.eventually("the next part", fmt.Sprintf(`document.querySelector("[data-count]")?.textContent === "%d of %s"`, marks+1, total))
		v.do(key("p"))
		v.eventually("back", fmt.Sprintf(`document.querySelector("[data-count]")?.textContent === "%d of %s"`, marks, total))
		// The address of a passage, also without the part that holds it.
		v.open("/library/" + string(long.ID) + "#p500")
		v.eventually("the passage", `document.getElementById("p500") !== null && location.search === "?at=500"`)
		v.do(run(`document.querySelector("#p501 .anchor").click()`))
		v.eventually("its address", `location.hash === "#p501"`)
		v.quiet()
	})

	t.Run("see to it", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		src := b.waiting("slow.pdf", manual(12))
		v := b.tab(chrome)
		v.signIn()
		v.open("/activity")
		w := v.beside()
		w.open("/library/" + string(src.ID))
		v.do(seen("#waiting"))
		b.reader(150 * time.Millisecond)
		v.eventually("progress", `/Reading page \d+ of 12/.test(document.querySelector("#running .meta")?.textContent)`)
		w.eventually("the text", `document.querySelector(".text") !== null`)
		v.eventually("the end", `document.querySelector("#done") !== null && !document.querySelector("#running")`)
		v.quiet()
		w.quiet()
	})

	// localhost has Web Locks; a name on plain HTTP has not.
	for _, host := range []string{"127.0.0.1", "coffer.lan"} {
		t.Run("one stream under "+host, func(t *testing.T) {
			b := newBox(t, "")
			b.owner()
			b.url = strings.Replace(b.url, "127.0.0.1", host, 1)
			v := b.tab(chrome)
			v.signIn()
			if locks := script[bool](v, `"locks" in navigator`); locks != (host == "127.0.0.1") {
				t.Fatalf("web locks: %v", locks)
			}
			v.open("/activity")
			tabs := []*tab{v}
			for range 7 {
				w := v.beside()
				w.open("/activity")
				tabs = append(tabs, w)
			}
			time.Sleep(3 * time.Second)
			if got := b.edge.streams.Load(); got != 1 {
				t.Errorf("%d streams for %d tabs, want 1", got, len(tabs))
			}
			b.waiting("new.txt", "new")
			for _, w := range tabs {
				if !script[bool](w, `document.hidden`) {
					w.eventually("the new source", `document.body.textContent.includes("new")`)
				}
			}
			for _, w := range tabs {
				w.quiet()
			}
		})
	}

	t.Run("signed out elsewhere", func(t *testing.T) {
		b := newBox(t, "")
		o := b.owner()
		v := b.tab(chrome)
		v.signIn()
		v.open("/activity")
		o.post("/login", nil)
		page, _ := o.get("/settings/account")
		for part := range strings.SplitSeq(page, `action="`) {
			if end, _, _ := strings.Cut(part, `"`); strings.HasSuffix(end, "/end") {
				o.post(end, nil)
			}
		}
		v.eventually("the sign-in page", `location.pathname === "/login" && location.search === "?next=%2Factivity"`)
	})

	t.Run("without scripts", func(t *testing.T) {
		b := newBox(t, "")
		b.owner()
		b.reader(0)
		v := b.tab(chrome)
		v.do(scriptless())
		v.signIn()
		file := filepath.Join(t.TempDir(), "chosen.txt")
		must(t, os.WriteFile(file, []byte("A text about windmills."), 0o600))
		v.do(click(".rail [data-add]"), seen("main input[type=file]"))
		v.do(chromedp.SetUploadFiles(chromedp.CSS("main input[type=file]"), []string{file}), click("main .choose button.scriptless"), seen(".details"))
		v.open("/library?type=text")
		v.do(seen("main form.inline button"))
		v.open("/?q=windmills")
		v.do(click("[data-hit]"), seen(".text mark"))
	})
}

const (
	down = "\u0301" // kb.ArrowDown
	up   = "\u0304" // kb.ArrowUp
)

func key(k string) step { return chromedp.KeyEvent(k) }

// droppedText is a script that drops a file of that text.
func droppedText(name, text string) string {
	return fmt.Sprintf(`
		const data = new DataTransfer();
		data.items.add(new File([%q], %q));
		document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}))`, text, name)
}

// Every page fits a narrow screen, and fingers.
func TestPagesFitNarrowScreens(t *testing.T) {
	t.Parallel()
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.reader(0)
	long := b.furnish()
	b.put(strings.Repeat("averylongfilenamewithoutaspace", 6)+".txt", strings.Repeat("averylongwordwithoutaspace", 20))
	v := b.tab(chrome)
	v.do(size(320, 640))
	v.signIn()
	here := "/library/" + string(long.ID)
	for _, path := range []string{
		"/", "/?q=heating+curve", "/?q=nothinglikeit", "/library", "/library?status=failed", here, here + "?q=heating&at=80", here + "/delete",
		"/activity", "/settings", "/settings/access", "/settings/https", "/settings/audit", "/settings/appearance", "/settings/about", "/add", "/setup/first", "/setup/reach", "/library/none",
	} {
		for _, language := range []string{"en", "de"} {
			v.do(run(`document.cookie = "coffer_language=` + language + `; path=/"`))
			v.open(path)
			if wide := script[int](v, `document.documentElement.scrollWidth`); wide > 320 {
				t.Errorf("%s %s is %d wide: %s", language, path, wide, script[string](v, `[...document.querySelectorAll("body *")]
					.filter((e) => e.getBoundingClientRect().right > 321 && !e.closest("[hidden], .unseen, dialog"))
					.map((e) => e.tagName + "." + e.className).slice(0, 5).join(" ")`))
			}
			small := script[string](v, `[...document.querySelectorAll("main button, main .button, .rail a, main .chip, main summary, main input, main select")]
				.filter((e) => e.checkVisibility() && !e.closest("label, .secret, .unseen, .finder-box") && !e.matches(".unseen, [type=hidden], [type=radio]"))
				.filter((e) => e.getBoundingClientRect().height < 43.5 && !e.classList.contains("brand"))
				.map((e) => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 20)).join("; ")`)
			if small != "" {
				t.Errorf("%s %s is too small for fingers: %s", language, path, small)
			}
		}
	}
	v.quiet()
}
