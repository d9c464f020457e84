package diagnostics

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// forSupport are lines as the box prints them, each with what whoever helps has
// to read in it. A part of which only the kind is told ends with its colon or
// dash.
func forSupport() map[string][]string {
	return map[string][]string{
		// what the edge answered, in both formats
		`msg=request method=GET path="/api/v1/sources" status=502 bytes=157 seconds=0.003 api="502" client=192.168.1.7 request_id=0123456789abcdef0123456789abcdef`: {
			`method=GET path="/api/v1/sources" status=502 bytes=157 seconds=0.003 api="502" client=[address:private4-`, "request_id=[id:"},
		`{"msg":"request","method":"POST","path":"/api/v1/auth/login","status":429,"bytes":157,"seconds":0.003,"api":"429","client":"203.0.113.7","request_id":"0123456789abcdef0123456789abcdef"}`: {
			`"method":"POST","path":"/api/v1/auth/login","status":429,"bytes":157,"seconds":0.003,"api":"429","client":"[address:public4-`, `"request_id":"[id:`},
		`connect() to unix:/run/coffer/api.sock failed (111: Connection refused) while connecting to upstream, client: 192.168.1.7, server: _, request: "GET /library?q=taxes HTTP/1.1", upstream: "http://unix:/run/coffer/api.sock:/library"`: {
			"connect() to unix:/run/coffer/api.sock failed (111: Connection refused) while connecting to upstream", `request: "GET /library?`, ` HTTP/1.1"`},
		`client intended to send too large body: 2147483649 bytes, client: 192.168.1.7, request: "POST /api/v1/sources HTTP/1.1", host: "box.lan"`: {
			"too large body: 2147483649 bytes", `"POST /api/v1/sources HTTP/1.1"`},
		`msg=request method=POST route=/settings/backups/restore/undo status=403 duration=68.991µs bytes=213 client="" request_id=tk55gy27zdieadwenvdnppu4ba`: {
			`method=POST route=/settings/backups/restore/undo status=403 duration=68.991µs bytes=213 client="" request_id=[id:`},
		`msg=request method=GET route=/settings/whatever/{other}/made status=200`: {"route=/settings/whatever/{other}/made status=200"},
		// what services say
		`msg="request failed" request_id=0123456789abcdef0123456789abcdef error="open /data/store/coffer.db: no space left on device"`: {
			`msg="request failed" request_id=[id:`, `error="open /data/store/coffer.db: no space left on device"`},
		`{"msg":"request failed","request_id":"0123456789abcdef0123456789abcdef","error":"context deadline exceeded"}`: {`"request_id":"[id:`, `"error":"context deadline exceeded"`},
		`msg="service died, starting it again" service=worker exit="killed by SIGKILL" after=1m3.5s restarts=4`:        {`service=worker exit="killed by SIGKILL" after=1m3.5s restarts=4`},
		`msg="service given up" service=api exit="exit status 137"`:                                                    {`service=api exit="exit status 137"`},
		`msg="service ready" service=parser took=172ms`:                                                                {`service=parser took=172ms`},
		`msg="a claim does not hold" claim=secrets-readers evidence="session-key has mode 0644"`:                       {`claim=secrets-readers evidence="session-key has mode 0644"`},
		`msg="a secret had another mode" secret=session-key mode=0644`:                                                 {`secret=session-key mode=0644`},
		`msg="a secret had another owner" secret=setup-code`:                                                           {`secret=setup-code`},
		`msg="a secret was replaced by the one in the configuration" secret=secret-key`:                                {`secret=secret-key`},
		`msg="protected file repaired" path=/usr/share/coffer/templates/login.tmpl was="another size"`:                 {"path=/usr/share/coffer/templates/", `was="another size"`},
		`msg="the backup holds no secrets: new ones are made"`:                                                         {"no secrets: new ones are made"},
		`msg="the box starts again with what was restored" secrets=12`:                                                 {"secrets=12"},
		`msg="no certificate was made" code=refused problem="urn:ietf:params:acme:error:dns: NXDOMAIN" again=2026-11-28T07:00:00.000Z`: {
			`code=refused problem="urn:ietf:params:acme:error:dns: NXDOMAIN" again=2026-11-28T07:00:00.000Z`},
		`msg="HTTPS is changed" mode=self-signed pins=2`:                                                          {"mode=self-signed pins=2"},
		`msg="source failed" code=encrypted attempts=3 type=pdf pages=236 took=9.6s`:                              {"code=encrypted attempts=3 type=pdf pages=236 took=9.6s"},
		`msg="handing stored files to the new user" uid=1000 gid=1000 from=10002`:                                 {"uid=1000 gid=1000 from=10002"},
		`msg=configuration warning="COFFER_LOG_LEVL is unknown; did you mean COFFER_LOG_LEVEL?"`:                  {"COFFER_LOG_LEVL is unknown; did you mean COFFER_LOG_LEVEL?"},
		`msg="the box cannot start" err="COFFER_TLS_KEY and COFFER_TLS_KEY_FILE are both set"`:                    {"COFFER_TLS_KEY and COFFER_TLS_KEY_FILE are both set"},
		`dial tcp 203.0.113.7:443: connect: connection refused`:                                                   {"dial tcp [address:public4-", ":443: connect: connection refused"},
		`lookup backup.example.org: no such host`:                                                                 {"lookup [host:", "no such host"},
		`tls: failed to verify certificate: x509: certificate has expired or is not yet valid`:                    {"x509: certificate has expired or is not yet valid"},
		`panic: runtime error: index out of range [7] with length 3`:                                              {"index out of range [7] with length 3"},
		`coffer/services/parser/internal/pdf.(*Reader).page(0xc000123456, 0x7)`:                                   {"coffer/services/parser/internal/pdf.(*Reader).page("},
		`	/src/services/parser/internal/pdf/read.go:117 +0x1d4`:                                                   {"read.go:117 +0x1d4"},
		`SIGSYS: bad system call, code=0x1`:                                                                       {"SIGSYS: bad system call, code=0x1"},
		`kernel="6.8.0-45-generic" go=go1.26.4 version=v1.2.3 landlock=7 arch=arm64`:                              {`kernel="6.8.0-45-generic" go=go1.26.4 version=v1.2.3 landlock=7 arch=arm64`},
		`store: schema 14 is newer than the program, which knows 13`:                                              {"schema 14 is newer than the program, which knows 13"},
		`msg="Anmeldung abgelehnt" grund="Das Passwort ist falsch." dauer=3s`:                                     {`grund="Das Passwort ist falsch." dauer=3s`},
		`Die Datei kann nicht geöffnet werden: Keine Berechtigung (Fehler 13)`:                                    {"nicht geöffnet werden: Keine Berechtigung (Fehler 13)"},
		`msg="jobs" waiting=4 leased=2 failed=1 done=1843 oldest=36s`:                                             {"waiting=4 leased=2 failed=1 done=1843 oldest=36s"},
		`msg="an export was cut off" form=jsonl err="write unix /run/coffer/api.sock->@: write: broken pipe"`:     {`form=jsonl err="write unix /run/coffer/api.sock->@: write: broken pipe"`},
		`msg="what was called" route="/api/v1/sources/{id}/retry" verdict=409 token=none session=none key=absent`: {`route="/api/v1/sources/{id}/retry" verdict=409`},
	}
}

// TestSupportCanRead: what is needed to help is still in the log that is given
// away.
func TestSupportCanRead(t *testing.T) {
	// In any order: what ends a line and what begins the next make no secret.
	lines := slices.Collect(maps.Keys(forSupport()))
	d, err := (&box{lines: lines}).keeper(t).Preview(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	log := strings.Split(logOf(d), "\n")
	for i, line := range lines {
		_, got, _ := strings.Cut(log[i], " ERROR ")
		for _, fact := range forSupport()[line] {
			if !strings.Contains(got, fact) {
				t.Errorf("%s is gone of\n%s\n%s", fact, line, got)
			}
		}
	}
}

// A stack stays whole: its lines end and begin with what would be a random word
// if they were one.
func TestStackStays(t *testing.T) {
	const stack = `goroutine 7 [running]:
coffer/services/parser/internal/pdf.(*Reader).page(0xc000123456, 0x7)
	/src/services/parser/internal/pdf/read.go:117 +0x1d4
coffer/services/parser.serve(...)
	/src/services/parser/child.go:88 +0xabc12
net/http.(*conn).serve(0xc0001c2000, {0x1a2b3c8, 0xc000198030})
	/usr/local/go/src/net/http/server.go:2092 +0x12ab4
`
	if got, _, err := NewShapes().Clean(stack); err != nil || got != stack {
		t.Errorf("%v\n%s", err, got)
	}
}
