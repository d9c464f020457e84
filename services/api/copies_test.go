package api

import (
	"context"
	"testing"
	"time"

	"coffer/services/library"
)

// keptCopies is a keeper of copies whose answers a test decides.
type keptCopies struct {
	state  library.CopiesState
	wishes []library.CopyWish
	err    error
}

func (k *keptCopies) Copies(context.Context) (library.CopiesState, error) { return k.state, nil }

func (k *keptCopies) SetCopyPlace(_ context.Context, w library.CopyWish) error {
	if k.err != nil {
		return k.err
	}
	k.wishes = append(k.wishes, w)
	k.state.CopyTarget = library.CopyTarget{Endpoint: w.Endpoint, Host: "s3.lan", Bucket: w.Bucket}
	return nil
}

func (k *keptCopies) SetCopiesKept(_ context.Context, n int) error { k.state.Kept = n; return k.err }
func (k *keptCopies) TryCopyPlace(context.Context) error           { return k.err }
func (k *keptCopies) FetchCopy(context.Context, string) error      { return k.err }

func (k *keptCopies) ListCopies(context.Context) ([]library.Copy, error) {
	return []library.Copy{{
		Name: "coffer-deadbeef-20310501-120000-abcdef.age", Backup: "20310501-120000-abcdef", Box: "deadbeef", Own: true, Size: 7,
		MadeAt: time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC),
	}}, k.err
}

func TestCopies(t *testing.T) {
	const path = "/api/v1/settings/copies"
	k := &keptCopies{state: library.CopiesState{Kept: library.CopiesAll}}
	b, owner := newOwnedBox(t, func(o *Options) { o.Copies = k })
	given := `{"endpoint":"http://s3.lan","bucket":"our-backups","path_style":true,"access_key":"AKIAq7x","secret":"q7xq7x"}`
	b.play(t, []scenario{
		{name: "by nobody", method: "GET", path: path, status: 401, hasNot: []string{"endpoint"}},
		{name: "none", method: "GET", path: path, as: []caller{owner}, status: 200, has: []string{`"endpoint":""`, `"keep":0`, `"copied_at":null`, `"fetch":null`}},
		{name: "given", method: "PUT", path: path, body: given, as: []caller{owner}, status: 200, has: []string{`"host":"s3.lan"`}, hasNot: []string{"q7x"}},
		{name: "read again", method: "GET", path: path, as: []caller{owner}, status: 200, has: []string{`"bucket":"our-backups"`}, hasNot: []string{"q7x", "secret"}},
		{name: "without a key", method: "PUT", path: path, body: `{"endpoint":"http://s3.lan","bucket":"b"}`, as: []caller{owner}, status: 422},
		{name: "a destination of a request", method: "POST", path: path + "/test", body: given, as: []caller{owner}, status: 200, has: []string{`"works":true`}},
		{name: "how many", method: "PATCH", path: path, body: `{"keep":5}`, as: []caller{owner}, status: 200, has: []string{`"keep":5`}},
		{name: "too many", method: "PATCH", path: path, body: `{"keep":1001}`, as: []caller{owner}, status: 422},
		{name: "listed", method: "GET", path: "/api/v1/copies", as: []caller{owner}, status: 200, has: []string{`"backup":"20310501-120000-abcdef"`, `"own":true`, `"here":false`, `"total":1`}},
		{name: "brought back", method: "POST", path: "/api/v1/copies/coffer-deadbeef-20310501-120000-abcdef.age/fetch", as: []caller{owner}, status: 202},
		{name: "no more", method: "DELETE", path: path, as: []caller{owner}, status: 204},
	})
	if len(k.wishes) != 2 || k.wishes[0].Secret != "q7xq7x" || k.wishes[1] != (library.CopyWish{}) {
		t.Errorf("asked for %+v", k.wishes)
	}
	k.err = &library.Error{Kind: library.Conflict, Code: "no_bucket", Message: "The storage has no such bucket.", Hint: "Make it."}
	b.play(t, []scenario{
		{name: "does not work", method: "POST", path: path + "/test", as: []caller{owner}, status: 200, has: []string{`"works":false`, `"code":"no_bucket"`, `"hint":"Make it."`}},
		{name: "not listed", method: "GET", path: "/api/v1/copies", as: []caller{owner}, status: 409, has: []string{"no such bucket", "Make it."}},
	})
	k.err = nil
	b.later.Store(int64(11 * time.Minute))
	before := len(k.wishes)
	b.play(t, []scenario{
		{name: "long after the password", method: "PUT", path: path, body: given, as: []caller{owner}, status: 403, has: []string{"reauthentication_required"}, hasNot: []string{"q7x"}},
		{name: "off, then", method: "DELETE", path: path, as: []caller{owner}, status: 403},
		{name: "fewer, then", method: "PATCH", path: path, body: `{"keep":1}`, as: []caller{owner}, status: 403},
	})
	if len(k.wishes) != before || k.state.Kept == 1 {
		t.Error("changed without a proof")
	}
	b, owner = newOwnedBox(t, nil)
	b.play(t, []scenario{{name: "none are made here", method: "GET", path: path, as: []caller{owner}, status: 404}})
}
