package image

import (
	"strings"
)

// scene is one request to a box that has an owner: who sends it, what is
// answered, and what the answer says or, after a "!", does not say. That it
// tells no secret and has the headers of every answer is looked at besides.
//
// Words in braces stand for what one box has: {host} its address, {cookie} the
// name of its session's cookie, {session} the owner's, {read} a key, and so on.
type scene struct {
	claim   string // of the threat model
	what    string
	who     string // one of people
	request string
	body    string
	headers []string
	status  int
	says    []string
}

// The people of scenes. Each stranger comes from an address of its own.
const (
	stranger = "a stranger"
	owner    = "the owner"
	reader   = "a key that reads"
	adder    = "a key that adds"
	overseer = "a key that looks after the box"
	script   = "the service token"
	expired  = "an expired key"
	revoked  = "a revoked key"
	copier   = "a copy of the owner's browser"
)

func forms(fields string) (body string, headers []string) {
	return fields, []string{"Content-Type", "application/x-www-form-urlencoded"}
}

func scenes() []scene {
	form, asForm := forms("theme=dark&language=en")
	var all []scene
	add := func(claim string, some ...scene) {
		for _, s := range some {
			s.claim = claim
			all = append(all, s)
		}
	}
	with := func(headers ...string) []string { return headers }
	long := strings.Repeat("0123456789abcdef", 64)

	add("setup-code",
		scene{what: "whether the box needs an owner", who: stranger, request: "GET /api/v1/setup", status: 200, says: []string{`"needed":false`}},
		scene{what: "a second owner by the right code", who: stranger, request: "POST /api/v1/setup", body: `{"code": "{code}", "username": "eve", "password": "eves password"}`, status: 409},
		scene{what: "a second owner by the form", who: stranger, request: "POST /setup", body: "code={code}&name=eve&password=eves+password", headers: asForm, status: 303},
		scene{what: "a sign-in of who was refused", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "eve", "password": "eves password"}`, status: 401},
	)
	add("password-storage",
		scene{what: "a right password", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": "{password}"}`, status: 200, says: []string{`"ok"`}},
		scene{what: "a short new one", who: owner, request: "POST /api/v1/auth/password", body: `{"current_password": "{password}", "new_password": "1234567"}`, status: 422, says: []string{"new_password"}},
		scene{what: "one that is too long", who: owner, request: "POST /api/v1/auth/password", body: `{"current_password": "{password}", "new_password": "` + long + `x"}`, status: 422, says: []string{"new_password"}},
		scene{what: "a new one without the old one", who: owner, request: "POST /api/v1/auth/password", body: `{"current_password": "not this one", "new_password": "another password"}`, status: 403},
	)
	add("brute-force",
		scene{what: "a wrong password", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": "typed-by-mistake"}`, status: 401, says: []string{"unauthorized", "!typed-by"}},
		scene{what: "a wrong name", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "nobody-of-that-name", "password": "{password}"}`, status: 401, says: []string{"Name or password is wrong", "!nobody-of"}},
		scene{what: "an empty password", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": ""}`, status: 401},
		scene{what: "what the box sees of it", who: stranger, request: "GET /api/v1/health/auth", status: 200, says: []string{`"x_auth_user_present":false`}},
	)
	add("client-address",
		scene{what: "where the owner's browsers are", who: owner, request: "GET /api/v1/auth/sessions", headers: with("X-Forwarded-For", "6.6.6.6", "X-Real-Ip", "6.6.6.6", "X-Client-Addr", "6.6.6.6"), status: 200, says: []string{"{ip}", "!6.6.6.6"}},
		scene{what: "a sign-in that claims another address", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": "from elsewhere"}`, headers: with("X-Forwarded-For", "6.6.6.6", "Forwarded", "for=6.6.6.6"), status: 401},
		scene{what: "figures for who claims to be this machine", who: stranger, request: "GET /metrics", headers: with("X-Forwarded-For", "127.0.0.1", "X-Real-Ip", "127.0.0.1"), status: 404},
	)
	add("sessions",
		scene{what: "the owner's cookie", who: copier, request: "GET /api/v1/auth/me", headers: with("Cookie", "{cookie}={session}"), status: 200, says: []string{`"session"`}},
		scene{what: "it beside a planted one of the same name", who: copier, request: "GET /api/v1/auth/me", headers: with("Cookie", "{cookie}=planted; {cookie}={session}"), status: 200},
		scene{what: "no cookie", who: stranger, request: "GET /api/v1/auth/me", status: 401},
		scene{what: "one whose last character is another", who: stranger, request: "GET /api/v1/auth/me", headers: with("Cookie", "{cookie}={bent}"), status: 401},
		scene{what: "one that says it needs no signature", who: stranger, request: "GET /api/v1/auth/me", headers: with("Cookie", "{cookie}={unsigned}"), status: 401},
		scene{what: "another box's", who: stranger, request: "GET /api/v1/auth/me", headers: with("Cookie", "coffer_0123abcd={session}"), status: 401},
		scene{what: "the one of HTTPS", who: stranger, request: "GET /api/v1/auth/me", headers: with("Cookie", "__Host-{cookie}={session}"), status: 401},
		scene{what: "the mark of a known browser in its place", who: stranger, request: "GET /api/v1/auth/me", headers: with("Cookie", "{cookie}={mark}"), status: 401},
		scene{what: "it as a key", who: stranger, request: "GET /api/v1/auth/me", headers: with("Authorization", "Bearer {session}"), status: 401},
		scene{what: "a page", who: stranger, request: "GET /library?q=secretquery", status: 303, says: []string{"!secretquery"}},
	)
	for _, site := range []string{"cross-site", "same-site", "none-such"} {
		add("csrf",
			scene{what: "signing out, " + site, who: owner, request: "POST /api/v1/auth/logout", headers: with("Sec-Fetch-Site", site), status: 403},
			scene{what: "a form, " + site, who: owner, request: "POST /logout", headers: with("Sec-Fetch-Site", site), status: 403},
			scene{what: "settings, " + site, who: owner, request: "PATCH /api/v1/settings", body: `{"any_host": true}`, headers: with("Sec-Fetch-Site", site), status: 403},
			scene{what: "setup, " + site, who: stranger, request: "POST /api/v1/setup", body: `{"code": "{code}", "username": "eve", "password": "eves password"}`, headers: with("Sec-Fetch-Site", site), status: 403},
			scene{what: "a sign-in, " + site, who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": "{password}"}`, headers: with("Sec-Fetch-Site", site), status: 403})
	}
	for _, origin := range []string{"http://evil.example", "null", "https://{host}:1", "http://{host}.evil.example", "file://"} {
		add("csrf", scene{what: "signing out from " + origin, who: owner, request: "POST /api/v1/auth/logout", headers: with("Origin", origin), status: 403})
	}
	add("csrf",
		scene{what: "a form of its own", who: owner, request: "POST /settings/appearance", body: form, headers: append(with("Sec-Fetch-Site", "same-origin", "Origin", "http://{host}"), asForm...), status: 303},
		scene{what: "from its own origin, without Sec-Fetch-Site", who: owner, request: "PATCH /api/v1/settings", body: `{}`, headers: with("Origin", "http://{host}"), status: 200},
		scene{what: "a look from another site", who: owner, request: "GET /api/v1/settings", headers: with("Sec-Fetch-Site", "cross-site"), status: 200, says: []string{`"any_host":false`}},
		scene{what: "a key from another site", who: adder, request: "POST /api/v1/sources/text", body: `{"title": "by key", "text": "sent from a page elsewhere"}`, headers: with("Origin", "http://elsewhere.example", "Sec-Fetch-Site", "cross-site"), status: 202},
	)
	return append(append(all, nameScenes()...), keyScenes()...)
}

// nameScenes are those of names, of identities and of what the edge answers.
func nameScenes() (all []scene) {
	add := func(claim string, some ...scene) {
		for _, s := range some {
			s.claim = claim
			all = append(all, s)
		}
	}
	for _, host := range []string{"localhost", "coffer", "coffer.local:9999", "box.lan", "coffer.internal", "10.1.2.3", "[::1]:8080", "COFFER.FRITZ.BOX.", "local."} {
		add("host-header", scene{what: "the name " + host, who: owner, request: "GET /api/v1/auth/me", headers: []string{"Host", host}, status: 200})
	}
	for _, host := range []string{
		"evil.example", "evil.example.", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8080", "xn--bcher-kva.example", "a.local.evil.example",
	} {
		add("host-header",
			scene{what: "the name " + host, who: owner, request: "GET /api/v1/auth/me", headers: []string{"Host", host}, status: 421},
			scene{what: "a page under " + host, who: owner, request: "GET /library", headers: []string{"Host", host}, status: 421})
	}
	add("host-header",
		scene{what: "a sign-in under another name", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "{name}", "password": "{password}"}`, headers: []string{"Host", "evil.example"}, status: 421},
		scene{what: "setup under another name", who: stranger, request: "GET /setup", headers: []string{"Host", "evil.example"}, status: 421},
		scene{what: "a name that a stranger forwards", who: owner, request: "GET /api/v1/auth/me", headers: []string{"Host", "evil.example", "X-Forwarded-Host", "localhost", "Forwarded", "host=localhost"}, status: 421},
	)
	forged := []string{
		"X-Auth-User", "{id}", "X-Auth-Kind", "session", "X-Auth-Scopes", "read add admin metrics owner", "X-Auth-Session", "{sid}",
		"X-Edge-Token", strings.Repeat("0", 64), "X-Edge-Own", "1", "X-Client-Addr", "127.0.0.1",
	}
	for _, path := range []string{"/api/v1/sources", "/api/v1/auth/keys", "/api/v1/settings", "/api/v1/logs/init", "/api/v1/events", "/api/v1/backups"} {
		add("edge-only", scene{what: "forged identity at " + path, who: stranger, request: "GET " + path, headers: forged, status: 401})
	}
	for _, path := range []string{"/_edge/verify", "/_edge/facts", "/_edge/generation", "/_edge/bad", "/_edge/", "/api/v1/../../_edge/facts", "/%5fedge/facts"} {
		add("edge-only", scene{what: "the edge's own " + path, who: stranger, request: "GET " + path, headers: forged, status: 404})
	}
	add("edge-only",
		scene{what: "what the box sees of forged headers", who: stranger, request: "GET /api/v1/health/auth", headers: forged, status: 200, says: []string{`"x_auth_user_present":false`, `"edge_token_present":true`}},
		scene{what: "what a key may, whatever it claims", who: reader, request: "GET /api/v1/settings", headers: forged, status: 403},
		scene{what: "the owner among forged headers", who: owner, request: "GET /api/v1/auth/me", headers: []string{"X-Auth-User", "somebody", "X-Auth-Scopes", "read"}, status: 200, says: []string{"admin", "!somebody"}},
	)
	add("headers",
		scene{what: "a page", who: stranger, request: "GET /login", status: 200},
		scene{what: "a page, compressed", who: stranger, request: "GET /login", headers: []string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "same-origin"}, status: 200, says: []string{"!<html"}},
		scene{what: "one that another site leads to, whose length tells nothing", who: stranger, request: "GET /login", headers: []string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "cross-site"}, status: 200, says: []string{"<html"}},
		scene{what: "a file", who: stranger, request: "GET /static/edge.css", status: 200},
		scene{what: "no such file", who: stranger, request: "GET /static/nothing.css", status: 404, says: []string{"!<html"}},
		scene{what: "a file out of its folder", who: stranger, request: "GET /static/%2e%2e/%2e%2e/etc/nginx/nginx.conf", status: 400},
		scene{what: "no such page", who: owner, request: "GET /nothing-here", status: 404},
		scene{what: "no such route", who: owner, request: "GET /api/v1/nothing-here", status: 404},
		scene{what: "another method", who: owner, request: "PUT /api/v1/auth/me", status: 405},
		scene{what: "a method that nobody knows", who: stranger, request: "TRACE /login", status: 405},
		scene{what: "an address that is too long", who: stranger, request: "GET /" + strings.Repeat("a", 20_000), status: 414},
		scene{what: "a body that is too large", who: stranger, request: "POST /api/v1/auth/login", body: `{"username": "` + strings.Repeat("a", 80_000) + `"}`, status: 413},
		scene{what: "a body that is none", who: stranger, request: "POST /api/v1/auth/login", body: `{"username":`, status: 400, says: []string{"!unexpected EOF"}},
		scene{what: "the document of the API", who: stranger, request: "GET /api/v1/openapi.json", status: 200},
	)
	return all
}

// keyScenes are those of keys and of the service token.
func keyScenes() (all []scene) {
	add := func(claim, who string, some ...scene) {
		for _, s := range some {
			s.claim, s.who = claim, who
			all = append(all, s)
		}
	}
	may := func(request string, status int) scene {
		return scene{what: "asks for " + request, request: request, status: status}
	}
	add("api-keys", reader, may("GET /api/v1/sources", 200), may("GET /api/v1/search?q=words", 200), may("GET /api/v1/auth/me", 200),
		may("POST /api/v1/sources/text", 403), may("GET /api/v1/settings", 403), may("GET /api/v1/audit", 403), may("GET /api/v1/auth/keys", 403),
		may("DELETE /api/v1/auth/sessions?which=all", 403), may("GET /library", 403), may("GET /metrics", 404))
	add("api-keys", adder, may("GET /api/v1/sources", 403))
	add("api-keys", overseer, may("GET /api/v1/settings", 200), may("GET /api/v1/auth/keys", 200), may("GET /api/v1/audit", 200),
		may("PATCH /api/v1/settings", 403), may("POST /api/v1/auth/keys", 403), may("DELETE /api/v1/auth/keys/x", 403), may("POST /api/v1/auth/password", 403),
		may("POST /api/v1/auth/service-token", 403), may("POST /api/v1/auth/factors/totp", 403), may("GET /settings/keys", 403))
	add("api-keys", expired, may("GET /api/v1/sources", 401), may("GET /api/v1/auth/me", 401))
	add("api-keys", revoked, may("GET /api/v1/sources", 401), may("GET /api/v1/auth/me", 401))
	owned := func(what string, status int, headers ...string) scene {
		return scene{what: what, request: "GET /api/v1/auth/me", headers: headers, status: status}
	}
	add("api-keys", owner,
		owned("a bad key beside a good cookie", 401, "Authorization", "Bearer cfr_nothing"),
		owned("an empty key beside a good cookie", 401, "Authorization", "Bearer "),
		owned("another scheme beside a good cookie", 200, "Authorization", "Basic ZXZlOmV2ZQ=="))
	add("api-keys", stranger,
		owned("a key that is cut", 401, "Authorization", "Bearer {cut}"),
		owned("a key in capitals", 401, "Authorization", "Bearer {capitals}"),
		owned("a key as Basic", 401, "Authorization", "Basic {read}"),
		owned("a key without a scheme", 401, "Authorization", "{read}"),
		owned("a key in a header of its own", 401, "X-Api-Key", "{read}"),
		owned("a key as a cookie", 401, "Cookie", "{cookie}={read}"),
		scene{what: "a key in the address", request: "GET /api/v1/auth/me?key={read}&access_token={read}", status: 401})
	add("service-token", script, may("GET /api/v1/sources", 200), may("GET /api/v1/auth/me", 200), may("GET /api/v1/settings", 403), may("GET /api/v1/auth/keys", 403),
		may("POST /api/v1/auth/service-token", 403), may("DELETE /api/v1/auth/service-token", 403), may("GET /api/v1/logs/init", 403), may("GET /library", 403),
		scene{what: "adds a note", request: "POST /api/v1/sources/text", body: `{"title": "nightly", "text": "put in by a script"}`, status: 202})
	add("service-token", stranger, scene{what: "asks for it", request: "GET /api/v1/auth/service-token", status: 401})
	return all
}
