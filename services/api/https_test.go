package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// door is an init that remembers what it was asked for.
type door struct {
	told  library.HTTPS
	err   error
	asked []library.HTTPSChange
}

func (d *door) HTTPS(context.Context) (library.HTTPS, error) { return d.told, d.err }

func (d *door) ChangeHTTPS(_ context.Context, c library.HTTPSChange) (library.HTTPS, error) {
	d.asked = append(d.asked, c)
	return d.told, d.err
}

func TestHTTPS(t *testing.T) {
	const path = "/api/v1/settings/https"
	end := time.Date(2026, 3, 5, 14, 7, 0, 0, time.UTC)
	d := &door{told: library.HTTPS{
		Mode: library.HTTPSUploaded, Port: 8443, Folder: "/data/config/tls", Names: []string{"nas.lan"},
		Presented: &library.Certificate{Names: []string{"box.example.org"}, Issuer: "CN=Authority", NotBefore: end.AddDate(0, -1, 0), Expires: end, Fingerprint: "00ff"},
		Authority: &library.Authority{PEM: []byte("-----BEGIN"), Name: `Coffer box "a1"`, Expires: end, Fingerprint: "0a"},
		Only:      []library.HTTPSOnly{{Name: "a.example.org", Below: true, Preload: true}, {Name: "b.example.org", Back: end}},
		Problem:   &library.HTTPSProblem{Code: "expired", Message: "The certificate ended.", Hint: "Renew it."},
	}}
	b, owner := newOwnedBox(t, func(o *Options) { o.FrontDoor = d })
	change := []caller{owner, header("Content-Type", "application/json")}
	b.play(t, []scenario{
		{name: "by nobody", method: "GET", path: path, status: 401, hasNot: []string{"uploaded"}},
		{name: "by the owner", method: "GET", path: path, as: []caller{owner}, status: 200, has: []string{
			`"mode":"uploaded","locked":false,"port":8443,`, `"presented":{"names":["box.example.org"],"issuer":"CN=Authority","not_before":"2026-02-05T14:07:00Z",` +
				`"expires_at":"2026-03-05T14:07:00Z","fingerprint":"00ff","own":false}`,
			`"uploaded":null`, `"authority":{"name":"Coffer box \"a1\"","expires_at"`, `"folder":"/data/config/tls","fixed_names":[],"names":["nas.lan"]`,
			`"https_only":[{"name":"a.example.org","subdomains":true,"preload":true,"taken_back_at":null},{"name":"b.example.org","subdomains":false,"preload":false,"taken_back_at":"2026-03-05T14:07:00Z"}]`,
			`"problem":{"code":"expired","message":"The certificate ended.","hint":"Renew it."}`,
		}, hasNot: []string{"BEGIN"}},
		{name: "no such mode", method: "PATCH", path: path, body: `{"mode":"files"}`, as: change, status: 422, has: []string{`"field":"mode"`}},
		{name: "no such thing", method: "PATCH", path: path, body: `{"mood":"off"}`, as: change, status: 422},
		{name: "more than a pair", method: "PATCH", path: path, body: `{"key":"` + strings.Repeat("secret text", 25_000) + `"}`, as: change, status: 413, hasNot: []string{"secret"}},
		{name: "a change by nobody", method: "PATCH", path: path, body: `{"mode":"off"}`, status: 401},
		{name: "a change from elsewhere", method: "PATCH", path: path, body: `{"mode":"off"}`, as: append(change, header("Sec-Fetch-Site", "cross-site")), status: 403},
	})
	if len(d.asked) > 0 {
		t.Fatalf("asked for: %+v", d.asked)
	}
	b.play(t, []scenario{{
		name: "a change", method: "PATCH", path: path, body: `{"mode":"self-signed","names":["a.lan"],"certificate":"one","key":"two"}`, as: change, status: 200, has: []string{`"port":8443`},
	}})
	if len(d.asked) != 1 || d.asked[0].Mode != library.HTTPSSelfSigned || (*d.asked[0].Names)[0] != "a.lan" || string(d.asked[0].Certificate) != "one" || string(d.asked[0].Key) != "two" {
		t.Errorf("asked for: %+v", d.asked)
	}
	w := b.do(t, "GET", path+"/authority", "", owner)
	if w.Code != 200 || w.Body.String() != "-----BEGIN" || w.Header().Get("Content-Type") != "application/x-x509-ca-cert" ||
		w.Header().Get("Content-Disposition") != `attachment; filename="coffer-box-a1.crt"` {
		t.Errorf("%d %v", w.Code, w.Header())
	}

	d.told.Order = library.HTTPSOrder{
		Wanted: true, Directory: "https://ca.example/directory", DirectoryLocked: true, Email: "ada@example.org", Names: []string{"box.example.org"},
		Chosen: []string{"box.example.org"}, Agreed: true, Terms: "https://ca.example/terms", Step: library.HTTPSChallenge, Next: end, Ended: end,
		Problem: &library.HTTPSProblem{Code: "acme-limited", Message: "It wants a pause.", Hint: "Wait.", Quote: "too many", Until: end},
	}
	d.asked = nil
	b.play(t, []scenario{
		{
			name: "an order", method: "PATCH", path: path, as: change, status: 200,
			body: `{"mode":"acme","order":{"directory":"https://ca.example/directory","email":"ada@example.org","names":["box.example.org"],"terms_agreed":true},"order_now":true}`,
			has: []string{
				`"order":{"wanted":true,"serves":false,"directory":"https://ca.example/directory","email":"ada@example.org","locked":["directory"],"names":["box.example.org"],` +
					`"chosen_names":["box.example.org"],"terms_agreed":true,"terms":"https://ca.example/terms","step":"challenge","next_at":"2026-03-05T14:07:00Z","last_at":"2026-03-05T14:07:00Z",`,
				`"problem":{"code":"acme-limited","message":"It wants a pause.","hint":"Wait.","quote":"too many","until":"2026-03-05T14:07:00Z"}`,
			},
		},
		{name: "an order of something else", method: "PATCH", path: path, body: `{"order":{"wildcard":true}}`, as: change, status: 422},
	})
	if len(d.asked) != 1 || d.asked[0].Mode != library.HTTPSACME || !d.asked[0].Again || !d.asked[0].Order.Agree || d.asked[0].Order.Names[0] != "box.example.org" {
		t.Errorf("asked for: %+v", d.asked)
	}

	d.err = &library.Error{Kind: library.Invalid, Field: "key", Code: "mismatch", Message: "The key is another's.", Hint: "Give its own."}
	b.play(t, []scenario{{
		name: "a fault", method: "PATCH", path: path, body: `{"certificate":"one","key":"secret text"}`, as: change, status: 422,
		has:    []string{`"errors":[{"field":"key","code":"mismatch","message":"The key is another's."}]`, `"hint":"Give its own."`},
		hasNot: []string{"secret text"},
	}})
	d.err, d.told.Authority = nil, nil
	b.play(t, []scenario{{name: "no authority yet", method: "GET", path: path + "/authority", as: []caller{owner}, status: 404}})
	if strings.Contains(b.log.String(), "secret text") {
		t.Error("the log holds what was handed in")
	}

	none, owner := newOwnedBox(t, nil)
	for _, r := range [][2]string{{"GET", path}, {"PATCH", path}, {"GET", path + "/authority"}} {
		if w := none.do(t, r[0], r[1], `{}`, owner, header("Content-Type", "application/json")); w.Code != http.StatusNotFound {
			t.Errorf("%v: %d", r, w.Code)
		}
	}
}

// That a name is opened over HTTPS only is confirmed over HTTPS, under that name.
func TestHTTPSOnlyIsConfirmedWhereItIsSo(t *testing.T) {
	d := &door{}
	b, _ := newOwnedBox(t, func(o *Options) { o.FrontDoor, o.Hosts.Fixed = d, []string{"box.example.org", "other.example.org"} })
	for name, row := range map[string]struct {
		proto, host, name string
		status            int
	}{
		"there":              {"https", "box.example.org:8443", "Box.example.org.", 200},
		"over plain HTTP":    {"http", "box.example.org", "box.example.org", 409},
		"under another name": {"https", "other.example.org", "box.example.org", 409},
		"under an address":   {"https", "192.168.1.5", "box.example.org", 409},
	} {
		d.asked = nil
		as := func(r *http.Request) {
			r.Host = row.host
			r.Header.Set("X-Forwarded-Proto", row.proto)
			r.Header.Set("Content-Type", "application/json")
			b.cookie(theSeed.grant.Token)(r)
		}
		w := b.do(t, "PATCH", "/api/v1/settings/https", `{"https_only":{"name":"`+row.name+`","subdomains":true}}`, as)
		if w.Code != row.status || row.status == 409 && !strings.Contains(w.Body.String(), `"field":"https_only","code":"elsewhere"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if (len(d.asked) == 1) != (row.status == 200) || row.status == 200 && *d.asked[0].Only != (library.HTTPSOnly{Name: row.name, Below: true}) {
			t.Errorf("%s: asked for %+v", name, d.asked)
		}
	}
	d.asked = nil
	as := []caller{b.cookie(theSeed.grant.Token), header("Content-Type", "application/json")}
	if w := b.do(t, "PATCH", "/api/v1/settings/https", `{"take_back":"box.example.org"}`, as...); w.Code != 200 || len(d.asked) != 1 || d.asked[0].TakeBack != "box.example.org" {
		t.Errorf("taken back from anywhere: %d, %+v", w.Code, d.asked)
	}
}

// A key with the scope may look; only the signed-in owner changes what browsers
// are shown.
func TestKeysDoNotChangeHTTPS(t *testing.T) {
	d := &door{}
	b, owner := newOwnedBox(t, func(o *Options) { o.FrontDoor = d })
	for scopes, row := range map[string]struct{ get, patch int }{`"admin"`: {200, 403}, `"read","add"`: {403, 403}} {
		key := bearer(b.makeKey(t, owner, scopes, "").Secret)
		if w := b.do(t, "GET", "/api/v1/settings/https", "", key); w.Code != row.get {
			t.Errorf("%s looks: %d", scopes, w.Code)
		}
		if w := b.do(t, "PATCH", "/api/v1/settings/https", `{"mode":"off"}`, key); w.Code != row.patch {
			t.Errorf("%s changes: %d", scopes, w.Code)
		}
	}
	if len(d.asked) > 0 {
		t.Errorf("asked for: %+v", d.asked)
	}
}
