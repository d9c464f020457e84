package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/services/library"

	"context"
)

// album takes pictures of pages in four looks.
type album struct {
	t      *testing.T
	folder string
	only   string
}

func (a album) shoot(v *tab, name, path string, before ...step) {
	a.t.Helper()
	if a.only != "" && !strings.Contains(name, a.only) {
		return
	}
	for _, look := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"wide", 1280, 800, "light"}, {"phone", 390, 844, "light"}, {"wide-dark", 1280, 800, "dark"}, {"phone-dark", 390, 844, "dark"}} {
		v.do(size(look.width, look.height), scheme(look.scheme))
		v.open(path)
		v.do(before...)
		v.do(pause(250 * time.Millisecond))
		png, err := chromedp.Run(v, chromedp.CaptureScreenshot())
		must(a.t, err)
		must(a.t, os.WriteFile(filepath.Join(a.folder, name+"-"+look.name+".png"), png, 0o644))
	}
}

// TestPictures takes a picture of every page and state into the folder that
// COFFER_PICTURES names; COFFER_PICTURE narrows them by name.
func TestPictures(t *testing.T) {
	folder := os.Getenv("COFFER_PICTURES")
	if folder == "" {
		t.Skip("COFFER_PICTURES is not set: no pictures are taken")
	}
	must(t, os.MkdirAll(folder, 0o755))
	chrome := browser(t)
	a := album{t, folder, os.Getenv("COFFER_PICTURE")}
	wrong := []step{typed("#password", "wrong password"), submit("#password"), seen(".notice.bad")}

	packed := newBox(t, "")
	packed.owner()
	bomb := packed.archive("bomb.tgz", 3, func(l library.LeaseID, _ int) {
		must(t, packed.lib.Fail(t.Context(), l, library.Failure{Reason: library.Reason{Code: "bomb",
			Message: "More than 250 times its size comes out of the archive, as from one that is made to fill a disk. It was stopped. If you trust it, unpack it yourself and add what is in it."}}))
	})
	archive := packed.archive("papers.zip", 120, packed.ends(&library.Reason{Code: "damaged", Message: "The archive is damaged or was cut off. What lies before that place has come in; the rest has not."}))
	packed.reader(0)
	packed.wait(string(archive.ID))
	v := packed.tab(chrome)
	v.signIn()
	a.shoot(v, "archive", "/library/"+string(archive.ID))
	a.shoot(v, "archive-end", "/library/"+string(archive.ID)+"?from=100")
	a.shoot(v, "archive-find", "/library/"+string(archive.ID)+"?q=letter")
	a.shoot(v, "archive-failed", "/library/"+string(bomb.ID))
	a.shoot(v, "archive-delete", "/library/"+string(archive.ID)+"/delete")
	a.shoot(v, "archive-results", "/?q=archive+letter")
	inside, err := packed.lib.Members(t.Context(), archive.ID, 5, 1)
	must(t, err)
	a.shoot(v, "archive-member", "/library/"+string(inside[0].Source))

	empty := newBox(t, "")
	v = empty.tab(chrome)
	a.shoot(v, "settings-backups-first", "/setup/restore?code=ABCD-2345")
	a.shoot(v, "setup-1", "/setup?code=ABCD-2345", typed("#password", "correct horse"))
	v.open("/setup?code=ABCD-2345")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("#hosts"))
	a.shoot(v, "setup-2", "/setup/reach")
	v.do(submit("#hosts"), seen(".choose"))
	a.shoot(v, "setup-3", "/setup/first")
	a.shoot(v, "search-empty", "/")
	a.shoot(v, "library-empty", "/library")
	a.shoot(v, "activity-empty", "/activity")
	src := empty.waiting("Lease Lindenstrasse 14.txt", lease)
	a.shoot(v, "setup-3-waiting", "/setup/first?id="+string(src.ID))
	a.shoot(v, "reader-waiting", "/library/"+string(src.ID))
	empty.reader(0)
	empty.put("b.txt", "b")
	a.shoot(v, "setup-3-ready", "/setup/first?id="+string(src.ID))
	v.quiet()

	b := newBox(t, "")
	b.owner()
	b.reader(0)
	long := b.furnish()
	v = b.tab(chrome)
	a.shoot(v, "login", "/login")
	v.signIn()
	a.shoot(v, "search", "/")
	a.shoot(v, "results", "/?q=notice+period")
	a.shoot(v, "results-many", "/?q=heating&page=2")
	a.shoot(v, "results-none", "/?q=submarine&type=pdf")
	a.shoot(v, "results-near", "/?q=depositt")
	a.shoot(v, "library", "/library")
	a.shoot(v, "library-none", "/library?status=cancelled")
	a.shoot(v, "reader", "/library/"+string(long.ID))
	a.shoot(v, "reader-hits", "/library/"+string(long.ID)+"?q=heating+curve&at=88#p88")
	failed, err := b.lib.Sources(t.Context(), libraryFailed(), firstPage())
	must(t, err)
	a.shoot(v, "reader-failed", "/library/"+string(failed.Items[0].ID))
	a.shoot(v, "reader-delete", "/library/"+string(long.ID)+"/delete")
	b.alarms.tell(someAlarms()[1], someAlarms()[4])
	a.shoot(v, "alarms", "/")
	b.alarms.tell()
	a.shoot(v, "settings-account", "/settings/account")
	a.shoot(v, "settings-access", "/settings/access")
	a.shoot(v, "settings-keys-none", "/settings/keys")
	b.someKeys()
	a.shoot(v, "settings-keys", "/settings/keys")
	a.shoot(v, "settings-keys-made", "/settings/keys", typed("#name", "Phone"), submit("#name"), seen(".made"))
	a.shoot(v, "settings-keys-wrong", "/settings/keys", typed("#name", "Phone"), click("[value=read]"), submit("#name"), seen(".notice.bad"))
	b.elapse(11 * time.Minute)
	a.shoot(v, "settings-keys-dialog", "/settings/keys", typed("#name", "Phone"), click("[data-reauth] button.primary"), seen("#reauth"), typed("#reauth-password", "wrong\r"), seen("#reauth-problem"))
	a.shoot(v, "settings-keys-revoke", "/settings/keys", click(".keys .row:last-child a"), seen(".ask"))
	a.shoot(v, "settings-backups-none", "/settings/backups")
	a.shoot(v, "settings-backups-key", "/settings/backups", click("[action*='/key/new'] button"), seen(".made"))
	a.shoot(v, "settings-backups-wrong", "/settings/backups", click("[action*='/key/new'] button"), seen(".made"), typed("#back", "AGE"), submit("#back"), seen(".notice.bad"))
	b.someBackups()
	a.shoot(v, "settings-backups", "/settings/backups")
	a.shoot(v, "settings-backups-restore", "/settings/backups/restore")
	at := time.Now().Add(-time.Hour)
	b.former.at.Store(&at)
	a.shoot(v, "settings-backups-former", "/settings/backups/restore")
	a.shoot(v, "settings-backups-former-forget", "/settings/backups/restore?ask=forget")
	a.shoot(v, "settings-backups-delete", "/settings/backups", click(".backups .row:last-child .acts a:last-child"), seen(".ask"))
	a.shoot(v, "settings-packages-none", "/settings/packages")
	b.somePackage()
	a.shoot(v, "settings-packages", "/settings/packages", run(`document.getElementById("in").scrollIntoView()`))
	a.shoot(v, "settings-diagnostics-none", "/settings/diagnostics")
	a.shoot(v, "settings-diagnostics", "/settings/diagnostics", submit("form[action$='settings/diagnostics'] button"), seen(".diagnosis"), click(".diagnosis .row:nth-child(4) a"), seen("#opened"))
	a.shoot(v, "settings-copies-none", "/settings/copies")
	b.copies.tell(failingCopies(time.Now()))
	a.shoot(v, "settings-copies", "/settings/copies?list=1")
	a.shoot(v, "settings-copies-tried", "/settings/copies", click("[action*='/test'] button"), seen("#answer"))
	b.copies.tell(library.CopiesState{})
	a.shoot(v, "settings-notices-none", "/settings/notices")
	b.notices.tell(failingNotices(time.Now()))
	a.shoot(v, "settings-notices", "/settings/notices")
	b.notices.tell(library.NoticesState{NoticeTarget: library.NoticeTarget{Kind: library.NoticeNtfy, Host: "ntfy.lan"}, Sent: time.Now().Add(-time.Hour)})
	a.shoot(v, "settings-notices-tried", "/settings/notices", click("[action*='/test'] button"), seen("#answer"))
	b.went.tell(library.Outgoing{Purposes: purposes()})
	a.shoot(v, "settings-outgoing", "/settings/outgoing")
	b.went.tell(someWent(time.Now()))
	a.shoot(v, "settings-outgoing-some", "/settings/outgoing")
	b.door.tell(httpsOff(), nil, nil)
	a.shoot(v, "settings-https-off", "/settings/https")
	a.shoot(v, "settings-https-upload", "/settings/https", click("[value=uploaded]"), run(`document.querySelector(".more details").open = true; document.getElementById("certificate").scrollIntoView()`))
	b.door.tell(httpsOwn(time.Now()), nil, nil)
	a.shoot(v, "settings-https-own", "/settings/https")
	a.shoot(v, "settings-https-own-more", "/settings/https", run(`document.querySelector("details").open = true; document.getElementById("authority-title").scrollIntoView()`))
	off := httpsOff()
	off.Order.Directory, off.Order.Names = "https://acme-v02.api.letsencrypt.org/directory", off.FixedNames
	b.door.tell(off, nil, nil)
	a.shoot(v, "settings-https-order", "/settings/https", click("[value=acme]"), run(`document.querySelector("[value=acme]").scrollIntoView()`))
	b.door.tell(httpsOrdered(), nil, nil)
	a.shoot(v, "settings-https-ordering", "/settings/https")
	b.door.tell(httpsUnmade(time.Now()), nil, nil)
	a.shoot(v, "settings-https-unmade", "/settings/https")
	b.door.tell(httpsMade(time.Now()), nil, nil)
	a.shoot(v, "settings-https-made", "/settings/https")
	b.door.tell(httpsUploaded(time.Now(), 9), nil, mismatch())
	a.shoot(v, "settings-https-uploaded", "/settings/https")
	a.shoot(v, "settings-https-wrong", "/settings/https", submit("#certificate"), seen(".notice.bad"))
	told := httpsUploaded(time.Now(), 60)
	told.Only = []library.HTTPSOnly{{Name: "box.example.org", Below: true}, {Name: "old.example.org", Back: time.Now().AddDate(0, 0, -3)}}
	b.door.tell(told, nil, nil)
	a.shoot(v, "settings-https-only", "/settings/https", run(`document.getElementById("only-title").scrollIntoView()`))
	a.shoot(v, "settings-audit", "/settings/audit")
	a.shoot(v, "settings-appearance", "/settings/appearance")
	a.shoot(v, "settings-password", "/settings/account", click("#password summary"), typed("#new", "new password"))
	a.shoot(v, "missing", "/library/none")
	a.shoot(v, "add", "/add")
	a.shoot(v, "choose", "/library", click("[data-add]"))
	a.shoot(v, "note", "/library", run(pasted("https://example.org/a/page")))
	a.shoot(v, "drop", "/library", run(`
		const data = new DataTransfer(); data.items.add(new File(["x"], "x.txt"));
		document.dispatchEvent(new DragEvent("dragenter", {dataTransfer: data, bubbles: true}))`))
	v.quiet()
	secure := newBox(t, "")
	secure.owner()
	in := secure.tab(chrome)
	in.signIn()
	a.shoot(in, "settings-factor-enrol", "/settings/account", click("#factors header button"), seen("#code"))
	a.shoot(in, "settings-factor-wrong", "/settings/account", click("#factors header button"), seen("#code"), typed("#code", "123 456"), submit("#code"), seen(".notice.bad"))
	secure.enrol()
	v = secure.tab(chrome)
	a.shoot(in, "settings-factor-on", "/settings/account", run(`document.getElementById("factor-off").open = true; document.getElementById("factors").scrollIntoView()`))
	a.shoot(in, "settings-factor-codes", "/settings/account", run(`document.querySelector("#new-codes form").requestSubmit()`), seen("#codes"))
	secure.elapse(11 * time.Minute)
	a.shoot(in, "settings-factor-dialog", "/settings/account", run(`document.querySelector("#factor-off form").requestSubmit()`), seen("#reauth-code"))
	in.quiet()
	v.open("/login")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("#code"))
	a.shoot(v, "login-step", "/login/step")
	a.shoot(v, "login-step-wrong", "/login/step", typed("#code", "123 456"), submit("#code"), seen(".notice.bad"))
	a.shoot(v, "login-step-recovery", "/login/step", click("details:nth-of-type(1) summary"), typed("#recovery", "abcd-efgh"))
	v.quiet()
	held := newBox(t, "")
	held.owner()
	held.url = strings.Replace(held.url, "127.0.0.1", "localhost", 1)
	in = held.tab(chrome)
	in.do(authenticator())
	in.signIn()
	a.shoot(in, "settings-passkey-add", "/settings/account", click("#passkey-add summary"))
	a.shoot(in, "settings-passkey-make", "/settings/account", click("#passkey-add summary"), typed("#passkey-name", "Key on the ring"), click("#passkey-add button.primary"), seen("form[data-make] button.primary"))
	in.addPasskey("Key on the ring")
	a.shoot(in, "settings-passkey-on", "/settings/account", run(`document.getElementById("factors").scrollIntoView()`))
	held.elapse(11 * time.Minute)
	a.shoot(in, "settings-passkey-dialog", "/settings/account", click("li.passkey button"), seen("[data-passkey-for]"))
	in.quiet()
	v = held.tab(chrome)
	v.open("/login")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("form[data-passkey] button"))
	a.shoot(v, "login-step-passkey", "/login/step")
	v.quiet()
	out := b.tab(chrome)
	a.shoot(out, "login-wrong", "/login", append([]step{typed("#username", owner)}, wrong...)...)

	refusing := newBox(t, "")
	a.shoot(refusing.tab(chrome), "setup-1-wrong", "/setup?code=XXXX-2345", append([]step{typed("#username", owner)}, wrong...)...)

	busy := newBox(t, "")
	busy.owner()
	busy.reader(slowly)
	busy.put("Letter from the insurance.txt", "A letter.")
	busy.put("bank-statement-2025-11.pdf", "broken encrypted The document is locked with a password. Save a copy without the password and add that.")
	busy.waiting("Heat pump LW-9 operating manual.pdf", manual(1000))
	busy.waiting("garden-spring.md", notes)
	busy.waiting("plum-cake.txt", recipe)
	time.Sleep(3 * time.Second)
	v = busy.tab(chrome)
	v.signIn()
	a.shoot(v, "activity", "/activity")
	a.shoot(v, "search-busy", "/")
	a.shoot(v, "library-busy", "/library")
	running, err := busy.lib.Jobs(t.Context(), firstPage())
	must(t, err)
	a.shoot(v, "reader-busy", "/library/"+string(running.Items[0].Source))
	a.shoot(v, "tray", "/library", run(dropped("bad.txt", 0, "good.txt", 30)), pause(2*time.Second))
	v.do(slow(100_000))
	a.shoot(v, "tray-sending", "/library", run(dropped("scan-of-the-deed.pdf", 900_000, "holiday-house-rules.pdf", 40_000)), pause(1500*time.Millisecond))
	v.do(slow(-1))
}

func slow(bytesPerSecond float64) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: bytesPerSecond}},
		})
		return chromedp.Void{}, err
	}
}

// dropped is a script that drops two files of so many bytes.
func dropped(name string, bytes int, other string, more int) string {
	return fmt.Sprintf(`
		const data = new DataTransfer();
		data.items.add(new File(["x".repeat(%d)], %q)); data.items.add(new File(["good ".repeat(%d) + Math.random()], %q));
		document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}))`, bytes, name, more, other)
}

// pasted is a script that pastes a text.
func pasted(text string) string {
	return fmt.Sprintf(`
		const data = new DataTransfer(); data.setData("text/plain", %q);
		document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))`, text)
}
