package web

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// copied is a keeper of copies whose state the test decides.
type copied struct {
	mu     sync.Mutex
	now    library.CopiesState
	fails  error
	wishes []library.CopyWish
	kept   []int
	came   []string
	listed int
}

func (k *copied) Copies(context.Context) (library.CopiesState, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now, nil
}

func (k *copied) SetCopyPlace(_ context.Context, w library.CopyWish) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails != nil {
		return k.fails
	}
	k.wishes = append(k.wishes, w)
	k.now.CopyTarget = library.CopyTarget{
		Endpoint: w.Endpoint, Host: strings.TrimPrefix(w.Endpoint, "https://"), Region: w.Region, Bucket: w.Bucket, Prefix: w.Prefix, PathStyle: w.PathStyle,
	}
	return nil
}

func (k *copied) SetCopiesKept(_ context.Context, n int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n > library.MaxCopiesKept {
		return &library.Error{Kind: library.Invalid, Field: "keep", Message: "No."}
	}
	k.kept = append(k.kept, n)
	return nil
}

func (k *copied) TryCopyPlace(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.fails
}

func (k *copied) ListCopies(context.Context) ([]library.Copy, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listed++
	at := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	return []library.Copy{
		{Name: ownCopy, Backup: "20310501-120000-abcdef", Box: "deadbeef", Own: true, Here: true, MadeAt: at, Size: 123_456_789},
		{Name: otherCopy, Backup: "20310430-120000-abcdef", Box: "0badcafe", MadeAt: at.AddDate(0, 0, -1), Size: 23_456_789},
	}, k.fails
}

func (k *copied) FetchCopy(_ context.Context, name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.came = append(k.came, name)
	return k.fails
}

func (k *copied) tell(s library.CopiesState) { k.mu.Lock(); defer k.mu.Unlock(); k.now = s }

func (k *copied) fail(err error) { k.mu.Lock(); defer k.mu.Unlock(); k.fails = err }

const (
	ownCopy   = "coffer-deadbeef-20310501-120000-abcdef.age"
	otherCopy = "coffer-0badcafe-20310430-120000-abcdef.age"
)

func failingCopies(now time.Time) library.CopiesState {
	return library.CopiesState{
		CopyTarget: library.CopyTarget{Endpoint: "https://s3.eu-central-1.amazonaws.com", Host: "s3.eu-central-1.amazonaws.com", Region: "eu-central-1", Bucket: "our-backups", Prefix: "coffer/", PathStyle: true},
		Kept:       3, Copied: now.Add(-26 * time.Hour), Failed: now.Add(-time.Minute), Next: now.Add(8 * time.Minute),
		Failure: &library.Reason{Code: "key", Message: "The storage does not take the access key."},
		Working: "20310501-120000-abcdef", Done: 40 << 20, Total: 100 << 20,
		Fetch: library.Fetch{Name: otherCopy, Busy: true, Done: 5 << 20, Total: 22 << 20},
	}
}

// A storage is given after a proof, tried and taken away; its keys are never
// shown again, and nothing is asked of it that the owner did not ask for.
func TestCopiesPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	const path = "/settings/copies"
	page, r := v.get(path + "?list=1")
	status(t, r, 200)
	has(t, page, "No copies are made.", `name="endpoint"`, "coffer backup fetch", `value="path" checked`, "!>Test<", "!Copy no more", "!List what is there")
	if b.copies.listed > 0 {
		t.Error("a storage that is not there was asked")
	}
	form := url.Values{
		"endpoint": {"https://s3.example.org"}, "bucket": {"our-backups"}, "region": {"eu-1"}, "prefix": {"box/"}, "style": {"host"},
		"access_key": {"AKIAq7xEXAMPLE"}, "secret": {"wJalrXUtnq7xFEMI"},
	}
	b.elapse(11 * time.Minute)
	page, r = v.post(path, form)
	status(t, r, 403)
	has(t, page, "reauth_password")
	for _, more := range []string{"/remove", "/keep"} {
		_, r = v.post(path+more, url.Values{"keep": {"1"}})
		status(t, r, 403)
	}
	if len(b.copies.wishes) != 0 || len(b.copies.kept) != 0 {
		t.Fatal("taken without a proof")
	}
	form.Set("reauth_password", password)
	_, r = v.post(path, form)
	status(t, r, 200)
	want := library.CopyWish{Endpoint: "https://s3.example.org", Region: "eu-1", Bucket: "our-backups", Prefix: "box/", AccessKey: "AKIAq7xEXAMPLE", Secret: "wJalrXUtnq7xFEMI"}
	if len(b.copies.wishes) != 1 || b.copies.wishes[0] != want {
		t.Fatalf("asked for %+v", b.copies.wishes)
	}
	page, _ = v.get(path + "?done=saved")
	has(t, page, "Copies go to s3.example.org/our-backups/box", "There is no copy yet", "Backups are copied there now", `value="host" checked`, `value="our-backups"`, "!q7x")
	if b.copies.listed > 0 {
		t.Error("the storage was asked unasked")
	}

	page, _ = v.get(path + "?list=1")
	has(t, page, "123 MB", "of this box", "of the box 0badcafe", "on the box too", `value="`+otherCopy+`"`, `!value="`+ownCopy+`"`)
	_, r = v.post(path+"/fetch", url.Values{"name": {otherCopy}})
	status(t, r, 200)
	if len(b.copies.came) != 1 || b.copies.came[0] != otherCopy {
		t.Errorf("brought back %v", b.copies.came)
	}
	for typed, want := range map[string]int{"7": 7, "0": library.CopiesAll} {
		if _, r = v.post(path+"/keep", url.Values{"keep": {typed}}); r.StatusCode != 200 || b.copies.kept[len(b.copies.kept)-1] != want {
			t.Errorf("%s: %v", typed, b.copies.kept)
		}
	}
	for _, typed := range []string{"", "-1", "many", "1001"} {
		page, r = v.post(path+"/keep", url.Values{"keep": {typed}})
		status(t, r, 422)
		has(t, page, "no number from 0 to 1,000")
	}

	page, r = v.post(path+"/test", nil)
	status(t, r, 200)
	has(t, page, "It works: a small object")
	for code, says := range map[string]string{
		"key": "does not take the keys", "no_bucket": "no such bucket", "region": "another region", "clock": "clocks", "untrusted": "/data/config/ca",
		"unreachable": "nobody answers", "no_removal": "may remove none", "full": "is full", "refused": "nothing is sent to", "answered": "In its own words",
	} {
		b.copies.fail(&library.Error{Kind: library.Conflict, Code: code, Message: "In its own words."})
		page, r = v.post(path+"/test", nil)
		status(t, r, 200)
		has(t, page, "It does not work: ", says)
	}
	b.copies.fail(&library.Error{Kind: library.Conflict, Code: "no_bucket", Message: "m"})
	page, _ = v.get(path + "?list=1")
	has(t, page, "The storage has no such bucket.")
	for field, says := range map[string]string{
		"endpoint": "no address of a storage", "region": "no region", "bucket": "no name of a bucket", "prefix": "no folder", "access_key": "no access key", "secret": "no secret key",
	} {
		b.copies.fail(&library.Error{Kind: library.Invalid, Field: field, Code: field, Message: "m"})
		page, r = v.post(path, form)
		status(t, r, 422)
		has(t, page, says, `aria-invalid="true"`, `value="https://s3.example.org"`, "!q7x")
	}
	b.copies.fail(nil)
	b.copies.tell(failingCopies(time.Now()))
	page, _ = v.get(path)
	has(t, page, "The last attempt failed: the storage does not take the keys", "It is tried again", "Being copied: the backup of", `max="104857600" value="41943040"`, "Being brought back: the copy of")
	_, r = v.post(path+"/remove", nil)
	status(t, r, 200)
	if got := b.copies.wishes[len(b.copies.wishes)-1]; got != (library.CopyWish{}) {
		t.Errorf("asked for %+v", got)
	}
	page, _ = v.get("/settings/audit")
	has(t, page, "Storage for copies of backups set up", "Copies of backups turned off", "Copy of a backup brought back", "!q7x")
}
