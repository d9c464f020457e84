package diagnostics

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// planted are texts as programs write them, with what must be gone of each. The
// secrets are put together here, so that no scanner takes them for one.
func planted() map[string][2]string {
	low, word := "qwmnzkfhtr", "Zx8Kq2Lm9Pv4Rt6Yw1Bn3Cd5"
	digits := hex.EncodeToString([]byte("a secret in hex"))
	all := map[string][2]string{}
	for name, text := range map[string]string{
		"environment": "FOO_API_KEY=@", "export": "export DB_PASSWORD='@'", "yaml": "  password: \"@\"\n", "yaml bare": "password: @\n",
		"json": `{"user":"a","password":"@"}`, "json with space": `"secret" : "@",`, "escaped json": `{\"token\":\"@\"}`, "camel": `{"clientSecret":"@"}`, "header": "X-Api-Key: @",
		"edge": "X-Edge-Token: @\r", "go struct": `{Password:@ Name:a}`, "go syntax": `Secret:"@"`, "ruby": ":password => '@'", "toml": `access_token = "@"`,
		"cookie": "Cookie: a=b; coffer_x=@", "set-cookie": "Set-Cookie: sid=@; Path=/; HttpOnly", "cookie in json": `"cookie": "a=@"`,
		"basic": "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:@")), "digest": `Authorization: Digest username="u", response="@"`,
		"bearer": "Bearer @9", "url": "https://user:@@box.example/x", "url with signs": "postgres://user:p/@@db/x", "dsn": "user:@@tcp(db:3306)/x",
		"query": "GET /x?token=@&b=c HTTP/1.1", "query of words": `"GET /search?q=@ HTTP/1.1"`, "referrer": `referrer: "http://box.lan/?code=@"`,
		"flag": "mysql --password @ -h x", "flag =": "run --token=@", "element": "<password>@</password>", "spoken": `wrong password "@" for owner`, "netrc": "machine x login y password @", "netrc in lines": "machine x\nlogin y\npassword @", "is": "the password is @", "ist": "Das Passwort ist @.", "is quoted": `token is "@"`, "tabs": "DB_PASSWORD\t@7", "columns": "| password | @7 |",
		"set":  "set password @7",
		"said": "the token was @2", "array": `headers=map[Authorization:[Bearer @1]]`, "dollar": "$2a$12$@@@", "otpauth": "otpauth://totp/Coffer?secret=@",
		"german": "Passwort: @", "german in a sentence": `Kennwort "@" falsch`, "umlaut": "Schlüssel=@", "arrow": "password -> @", "unequal": `password != "@"`, "one word": "ENCRYPTIONKEY=@",
		"list": `["password", "@"]`, "call": `WithPassword("@")`, "call without quotes": "SetPassword(@)", "tuple": `auth=("user", "@")`, "named value": `{"name":"API_TOKEN","value":"@"}`,
		"attribute": `<input type="password" value="@">`, "settings": `<add key="ApiKey" value="@"/>`, "html": "&quot;password&quot;:&quot;@&quot;", "unicode quotes": `\u0022password\u0022:\u0022@\u0022`,
		"backwards": `could not sign in with "@" as password`, "in brackets": "wrong passphrase (@)", "sql": "IDENTIFIED BY '@'", "sshpass": "sshpass -p @ ssh x", "mysql": "mysql -p@ -u root", "docker": "ENV DB_PASSWORD @",
		"form": "code=@&state=x", "connection": `connection_string="@"`, "webhook": "webhook=@", "ldap": "admin:{SHA}@", "credentials": "credentials admin/@",
		"percent": "value " + url.QueryEscape("pass word/@"), "panic": `panic: bad password="@" [recovered]`,
	} {
		secret := low
		all[name] = [2]string{strings.ReplaceAll(text, "@@b", secret+"@b"), secret}
		text = strings.NewReplacer("@@box", secret+"@box", "@@db", secret+"@db", "@@tcp", secret+"@tcp", "@", secret).Replace(text)
		if name == "basic" {
			secret = base64.StdEncoding.EncodeToString([]byte("u:" + low))
			text = "Authorization: Basic " + secret
		}
		all[name] = [2]string{text, secret}
	}
	for name, secret := range map[string]string{
		"github": "ghp_" + word + word, "gitlab": "glpat-" + word, "stripe": "sk_" + "live_" + word, "openai": "sk-" + "proj-" + word, "anthropic": "sk-ant-" + "api03-" + word,
		"aws": "AKIA" + "IOSFODNN7EXAMPLE", "google": "AIza" + word + "abcdefghi", "slack": "xoxb-" + "123456789012-" + word, "npm": "npm_" + word + word[:12], "sendgrid": "SG." + word + "." + word,
		"coffer": "cfr_" + word, "telegram": "123456789:A" + word + word[:11], "fernet": "gAAAAA" + word + word, "vault": "hvs." + word, "jwt": "eyJhbGciOiJIUzI1NiJ9." + word + "." + word,
		"age": "AGE-SECRET-" + "KEY-1" + strings.ToUpper(word+word), "hex": digits, "capital hex": strings.ToUpper(digits), "base64": base64.StdEncoding.EncodeToString([]byte(word)),
		"small base64": base64.StdEncoding.EncodeToString([]byte("hunter2")), "totp": "JBSWY3DPEHPK3PXP", "random": word, "hex with colons": "ab:cd:ef:01:23:45:67:89:aa", "escapes": `\x68\x75\x6e\x74\x65\x72`,
	} {
		all[name] = [2]string{`level=ERROR msg="it failed" err="got ` + secret + ` there"`, secret}
		if strings.Contains(secret, word+word[:4]) || name == "age" || name == "jwt" {
			all[name+" in two lines"] = [2]string{"first " + secret[:20] + "\n  " + secret[20:] + "\nlast", secret}
		}
	}
	for text, secret := range map[string]string{ // what only one rule knows
		"got age-plugin-@ there": "qqqqwwwweeee", "got @ there": "eyJzdWIifQ", "the token (@) is refused": "Qwmnzk", "setup code @": "QWMNZKFHTR", "used @": "qwmn-zkfh-trab-cdef",
		"set password @": "Qwmnzkf", "value a%20@": "qwmnzkfhtr", "first @ last": "123456789012\n345678901234",
	} {
		all[text] = [2]string{strings.Replace(text, "@", secret, 1), secret}
	}
	body := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(word, 8)))
	pem := "-----BEGIN RSA PRIVATE " + "KEY-----\n" + body[:64] + "\n" + body[64:128] + "\n" + body[128:] + "\n-----END RSA PRIVATE " + "KEY-----\n"
	all["pem"] = [2]string{pem, body}
	all["pem in json"] = [2]string{`"key": "` + strings.ReplaceAll(pem, "\n", `\n`) + `"`, body}
	all["pem without its beginning"] = [2]string{pem[40:], body[40:]}
	all["pem without its end"] = [2]string{pem[:150], body[:100]}
	return all
}

func TestShapesFindWhatIsPlanted(t *testing.T) {
	s := NewShapes()
	if len(planted()) < 60 {
		t.Error("few are planted")
	}
	for name, row := range planted() {
		clean, counts, err := s.Clean(row[0])
		c := Canary{gone: row[1]}
		if err != nil || c.In(clean) || len(counts) == 0 {
			t.Errorf("%s: %q becomes %q, %v, %v", name, row[0], clean, counts, err)
		}
		if n := s.Look(clean); len(n) > 0 {
			t.Errorf("%s: a second look at %q finds %v", name, clean, n)
		}
		if strings.Count(clean, "\n") != strings.Count(row[0], "\n") {
			t.Errorf("%s: lines do not stay: %q", name, clean)
		}
	}
}

// What support needs stays as it is.
func TestShapesLeaveFacts(t *testing.T) {
	s := NewShapes()
	for _, text := range []string{
		`msg="service started" service=api pid=4711 took=1.5s`, `level=WARN msg="a claim holds in part" claim=sandbox-worker evidence="this kernel has no Landlock"`,
		`msg="the box cannot start" err="open /data/store/coffer.db: permission denied"`, "exit status 137 (killed by SIGKILL)", "2026-11-28T06:00:00.123456Z INFO it is ready",
		"runtime.gopark coffer/services/api.(*server).verify services/api/request.go:110", "goroutine 17 [select, 3 minutes]:", `"version": "v1.26.4", "kernel": "6.8.0-45-generic"`,
		"github.com/blevesearch/bleve/v2/index/scorch.(*Scorch).introducerLoop", "NewConstMetricWithCreatedTimestamp", "/usr/share/coffer/templates/settings",
		`connect() to unix:/run/coffer/api.sock failed (111: Connection refused) while connecting to upstream`, "coffer_http_request_duration_seconds_bucket{le=\"0.25\"} 17",
		`"COFFER_SECRET_KEY": "configured"`, `{"jobs_waiting": 4, "sources_ready": 100000}`, "the setup code is wrong", "token expired", "worker exited before it was ready",
		"no space left on device", "10001 10002 1234567890123456789", "keys=3 sessions=12", `coffer_posture_check{id="api-keys",status="degraded"} 0`, "coffer_volume_size_bytes 2.52760256512e+11", `"read session-key: EACCES, tcp: EPERM"`, "sha256 mismatch", "the secrets: new ones are made", "Name or password is wrong.", "auth: it failed", "key (optional) is empty", "token (scope) missing",
		`msg="sign-in refused" token_id=7`, "source failed code=encrypted attempts=3", "exit code 137", "status code 502", "coffer/services/auth.(*Keeper).checkPassword(0xc000123)", "a secret (see docs) is there",
		"COFFER_TLS_KEY: /certs/box.pem cannot be read: permission denied", `msg="it does not hold a key:" took=3s`, "kein Wiederherstellungscode übrig", "Das Passwort ist falsch.", "cannot set token expiry", "storage --endpoint URL --access-key KEY [--test]", "state-of-the-art interpolation-of-something",
	} {
		if clean, counts, err := s.Clean(text); err != nil || clean != text {
			t.Errorf("%q becomes %q, %v, %v", text, clean, counts, err)
		}
	}
}

// FuzzShapes: cleaning ends, keeps lines, and leaves nothing to be found.
func FuzzShapes(f *testing.F) {
	for _, row := range planted() {
		f.Add(row[0])
	}
	s, n := NewShapes(), NewNames(Known{})
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		ids, _ := n.IDs(text)
		clean, _, err := s.Clean(ids)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		clean, _ = n.Clean(clean)
		if strings.Count(clean, "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q becomes %q", text, clean)
		}
		if again, _, err := s.Clean(clean); err != nil || len(s.Look(again)) > 0 {
			t.Fatalf("%q is not clean: %v", again, err)
		}
	})
}

// A rule that says what it needs looks at no line without, and must be right.
func TestRulesNeedWhatTheySay(t *testing.T) {
	for _, rule := range shapes() {
		all := rule
		all.needs = nil
		for name, row := range planted() {
			text := row[0]
			if got, want := rule.find(text, smallLetters(text)), all.find(text, smallLetters(text)); !slices.Equal(got, want) {
				t.Errorf("%s: %s finds %v, and without what it needs %v", name, rule.match, got, want)
			}
		}
	}
}

// No rule is there that nothing planted needs.
func TestEveryRuleIsNeeded(t *testing.T) {
	all := shapes()
	for i, rule := range all {
		if rule.name == "provider-key" {
			continue // the test of their table tells
		}
		s := NewShapes()
		s.rules = slices.Delete(shapes(), i, i+1)
		left := 0
		for _, row := range planted() {
			if clean, _, err := s.Clean(row[0]); err != nil || (Canary{gone: row[1]}).In(clean) {
				left++
			}
		}
		if left == 0 {
			t.Errorf("nothing is left without %s %s", rule.name, rule.match)
		}
	}
}
