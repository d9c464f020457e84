package web

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/web/words"
)

// noticed is a keeper of notices whose state the test decides.
type noticed struct {
	mu       sync.Mutex
	now      library.NoticesState
	set      error
	tried    error
	wishes   []library.NoticeWish
	language string
}

func (n *noticed) Notices(context.Context) (library.NoticesState, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now, nil
}

func (n *noticed) SetNotices(_ context.Context, w library.NoticeWish, language string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.set != nil {
		return n.set
	}
	n.wishes, n.language = append(n.wishes, w), language
	n.now.NoticeTarget = library.NoticeTarget{}
	if u, err := url.Parse(w.Address); err == nil {
		n.now.Kind, n.now.Host = w.Kind, u.Host
	}
	return nil
}

func (n *noticed) TryNotice(context.Context, string) (library.NoticeReceipt, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return library.NoticeReceipt{Status: 200, Said: `{"id":"hwQ2YpKdmg","event":"message"}`}, n.tried
}

func (n *noticed) tell(s library.NoticesState) { n.mu.Lock(); defer n.mu.Unlock(); n.now = s }

func (n *noticed) fail(set, tried error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.set, n.tried = set, tried
}

func failingNotices(now time.Time) library.NoticesState {
	return library.NoticesState{
		NoticeTarget: library.NoticeTarget{Kind: library.NoticeNtfy, Host: "ntfy.home.arpa:8080"},
		Waiting:      2, Sent: now.Add(-26 * time.Hour), Failed: now.Add(-time.Minute), Next: now.Add(8 * time.Minute),
		Failure: &library.Reason{Code: "answered", Message: `The other side did not take it: 403 Forbidden. ({"code":40301,"error":"forbidden"})`},
	}
}

// The address is given, tried and taken away, after a proof, and never shown
// again.
func TestNoticesPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	const path, secret = "/settings/notices", "https://ada:pa55word@hooks.example.org/in/token-4711"
	page, r := v.get(path)
	status(t, r, 200)
	has(t, page, "Nobody is told of alarms.", `value="ntfy" checked`, "No title, no search and no file name", "!Send a test", "!Tell nobody")

	b.elapse(11 * time.Minute)
	page, r = v.post(path, url.Values{"kind": {"webhook"}, "address": {secret}})
	status(t, r, 403)
	has(t, page, "reauth_password")
	if len(b.notices.wishes) != 0 {
		t.Fatal("taken without a proof")
	}
	_, r = v.post(path, url.Values{"kind": {"webhook"}, "address": {secret}, "reauth_password": {password}})
	status(t, r, 200)
	if len(b.notices.wishes) != 1 || b.notices.wishes[0] != (library.NoticeWish{Kind: "webhook", Address: secret}) || b.notices.language != "en" {
		t.Fatalf("asked for %+v in %q", b.notices.wishes, b.notices.language)
	}
	page, _ = v.get(path + "?done=saved")
	has(t, page, "The box tells hooks.example.org.", "Nothing has been sent yet.", "Notices go there now", `value="webhook" checked`, "!token-4711", "!pa55word", "!ada")
	page, _ = v.get("/settings/audit")
	has(t, page, "Notices set up", "hooks.example.org", "!token-4711")

	page, r = v.post(path+"/test", nil)
	status(t, r, 200)
	has(t, page, "The test was taken (200).", "hwQ2YpKdmg")
	b.notices.fail(nil, &library.Error{Kind: library.Conflict, Code: "unreachable", Message: "Nobody answers there. <b>"})
	page, r = v.post(path+"/test", nil)
	status(t, r, 200)
	has(t, page, "The test was not taken: Nobody answers there. &lt;b&gt;", "notice bad")

	for code, says := range map[string]string{"topic": "names no topic", "address": "begins with https", "unreachable": "clouds keep credentials", "other": "Said by init."} {
		b.notices.fail(&library.Error{Kind: library.Invalid, Field: "address", Code: code, Message: "Said by init."}, nil)
		page, r = v.post(path, url.Values{"kind": {"ntfy"}, "address": {secret}})
		status(t, r, 422)
		has(t, page, says, `role="alert"`, `value="ntfy" checked`, "!token-4711")
	}
	b.notices.fail(nil, nil)
	b.notices.tell(failingNotices(time.Now()))
	page, _ = v.get(path)
	has(t, page, "2 notices wait to be sent.", "The last attempt failed: The other side did not take it: 403", "It is tried again", "Last taken")
	b.notices.tell(library.NoticesState{NoticeTarget: library.NoticeTarget{Kind: "ntfy", Host: "ntfy.lan", Locked: true}})
	page, _ = v.get(path)
	has(t, page, "COFFER_NOTIFY_URL", "Send a test", "!Tell nobody", `!id="address"`)

	b.notices.tell(library.NoticesState{NoticeTarget: library.NoticeTarget{Kind: "ntfy", Host: "ntfy.lan"}})
	b.elapse(11 * time.Minute)
	_, r = v.post(path+"/remove", nil)
	status(t, r, 403)
	_, r = v.post(path+"/remove", url.Values{"reauth_password": {password}})
	status(t, r, 200)
	if w := b.notices.wishes; len(w) != 2 || w[1] != (library.NoticeWish{}) {
		t.Errorf("asked for %+v", w)
	}
	page, _ = v.get("/settings/audit")
	has(t, page, "Notices turned off")
}

// What is told has words in every language and holds nothing but the alarm.
func TestNoticeText(t *testing.T) {
	const planted = "Kündigung Lindenstrasse.pdf"
	for _, code := range []string{"en", "de", "xx", ""} {
		for _, alarm := range []library.AlarmCode{
			library.AlarmDiskFull, library.AlarmDiskLow, library.AlarmBackupFailed, library.AlarmCopyFailed, library.AlarmBackupOverdue, library.AlarmExpired, library.AlarmExpires, library.AlarmUntaken,
		} {
			for _, over := range []bool{false, true} {
				title, text := words.NoticeText(code, library.NoticeEvent{
					Alarm: alarm, Over: over, Free: 12 << 20, When: time.Date(2031, 5, 6, 0, 0, 0, 0, time.UTC), Cause: planted,
				})
				if title == "" || text == "" || strings.Contains(title+text, "%") || strings.Contains(title, "needs you") || strings.Contains(title+text, planted) {
					t.Errorf("%s in %q, over %v: %q, %q", alarm, code, over, title, text)
				}
			}
		}
		if title, text := words.NoticeText(code, library.NoticeEvent{}); title == "" || text == "" {
			t.Error("a test has no words")
		}
	}
	_, text := words.NoticeText("en", library.NoticeEvent{Alarm: library.AlarmDiskLow, Free: 12_000_000})
	if text != "12 MB are free. Free some space on the volume before nothing can be added." {
		t.Error(text)
	}
	if _, text := words.NoticeText("de", library.NoticeEvent{Alarm: library.AlarmBackupFailed, Cause: "disk_full"}); !strings.Contains(text, "Warum: ") {
		t.Error(text)
	}
}
