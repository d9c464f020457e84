package native

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// secret is one that is planted. Of one that the box knows nothing surrounds it
// when it is planted; other secrets stand in the text that gives them away.
type secret struct {
	name, value string
	around      string // with @ in its place; empty: the box knows it
	env         string // the option that holds it
}

// secrets are of as many shapes as people and programs have; put together here,
// so that no scanner takes this file for a leak.
func secrets() []secret {
	w := func(n int) string { return "Zx8Kq2Lm9Pv4Rt6Yw1Bn3Cd5Fg7Hj0SaQe"[n : n+20] }
	word := w(3) + w(9)
	all := []secret{
		{"secret key", "a-secret-key-of-the-owner-0123456789-abcdef", "", "COFFER_SECRET_KEY"},
		{"setup code", "OWNERS-CODE-17", "", "COFFER_SETUP_CODE"},
		{"api key in the environment", "plainlowercaseword", "", "FOO_API_KEY"},
		{"password with signs", `p@ss "w\rd" & more/100%`, "", "DB_PASSWORD"},
		{"passphrase", "correct horse battery staple", "", "BACKUP_PASSPHRASE"},
		{"access key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", "", "AWS_SECRET_ACCESS_KEY"},
		{"token in the environment", "ghp_" + word[:36], "", "GITHUB_TOKEN"},
		{"not English", "Geheimnis-äöü-ß", "", "SMTP_PASSWORD"},
		{"digits", "90210555123", "", "SIM_PIN"},
		{"short", "hunter2", "", "ROOT_PASSWD"},
		{"hex in the environment", "deadbeef00112233445566778899aabb", "", "SIGNING_KEY"},
		{"password of an address", "urlpassword", "", "DATABASE_URL=postgres://owner:@@db.internal/x"},
		{"session key", "", "", "file"}, {"edge token", "", "", "file"},
	}
	for _, s := range [][3]string{
		{"json", "quietvalue", `{"user":"x","password":"@"}`}, {"json in json", "seconditem", `body="{\"client_secret\":\"@\"}"`}, {"assignment", "thirdvalue", "export FOO_API_KEY=@"},
		{"cookie", "fourthvalue", "Cookie: theme=dark; coffer_ab12=@"}, {"set-cookie", "fifthvalue", "Set-Cookie: sid=@; HttpOnly"},
		{"basic", base64.StdEncoding.EncodeToString([]byte("owner:sixthvalue")), "Authorization: Basic @"}, {"bearer", w(1), `header="Bearer @"`},
		{"header", "seventhval", "X-Api-Key: @"}, {"user of a url", "eighthvalue", "GET https://owner:@@box.example/path"}, {"query", "ninthvalue", `request: "GET /x?token=@&a=b HTTP/1.1"`},
		{"words that were looked for", "private+divorce+papers", `request: "GET /search?q=@ HTTP/1.1"`}, {"flag", "tenthvalue", "run --password @ now"}, {"error", "eleventhval", `wrong password "@" given`},
		{"panic", "twelfthval", `panic: connect: password="@" refused`}, {"yaml", "thirteenth", "password: '@'"}, {"element", "fourteenth", "<password>@</password>"},
		{"jwt", "eyJhbGciOiJIUzI1NiJ9." + word + "." + word, "token @ refused"}, {"age", "AGE-SECRET-" + "KEY-1" + strings.ToUpper(word), "key @ given"}, {"github", "ghp_" + w(2) + w(11), "@"},
		{"gitlab", "glpat-" + w(5), "@"}, {"stripe", "sk_" + "live_" + w(4), "@"}, {"openai", "sk-" + "proj-" + word, "@"}, {"aws", "AKIA" + "IOSFODNN7EXAMPLE", "@"}, {"google", "AIza" + word[:35], "@"},
		{"slack", "xoxb-" + "123456789012-" + w(6), "@"}, {"own key", "cfr_" + word, "@"}, {"fernet", "gAAAAA" + word + word, "@"}, {"totp", "JBSWY3DPEHPK3PXP", "secret @"}, {"random", w(7), "value @ seen"},
		{"German", "siebzehntes", "Passwort: @"}, {"German in a sentence", "achtzehntes", `das Kennwort "@" ist falsch`}, {"list", "neunzehntes", `["password", "@"]`}, {"value with a name", "zwanzigstes", `{"name":"API_TOKEN","value":"@"}`},
		{"html", "twentyfirst", "&quot;password&quot;:&quot;@&quot;"}, {"attribute", "twentysecond", `<input type="password" value="@">`}, {"call", "twentythird", `panic: WithPassword("@")`}, {"backwards", "twentyfourth", `could not sign in with "@" as password`},
		{"form", "twentyfifth", "grant_type=x&code=@"}, {"directory", "twentysixth", "admin:{SHA}@"}, {"sql", "twentyseventh", "CREATE USER a IDENTIFIED BY '@'"}, {"docker", "twentyeighth", "ENV DB_PASSWORD @"}, {"columns", "twenty9nine", "| password | @ |"},
		{"setup code", "QWMNZKFH", "setup code @"}, {"recovery code", "qwmn-zkfh-trab-cdef", "used @"}, {"hash", "$2a$12$" + word + word, "stored @"},
		{"digital ocean", "dop_v1_" + hex.EncodeToString([]byte(word))[:64], "@"}, {"vault", "hvs." + word, "@"}, {"npm", "npm_" + word[:36], "@"}, {"sendgrid", "SG." + word[:22] + "." + word, "@"}, {"telegram", "123456789:A" + word, "@"},
		{"webhook", "whsec_" + word[:32], "@"}, {"linear", "lin_api_" + word, "@"}, {"docker hub", "dckr_pat_" + word[:27], "@"},
		{"pem in a line", base64.StdEncoding.EncodeToString([]byte(word)), "key=\"-----BEGIN PRIVATE " + `KEY-----\n@\n-----END PRIVATE ` + "KEY-----\""},
		{"pem in lines", base64.StdEncoding.EncodeToString([]byte(w(5) + w(2))), "-----BEGIN RSA PRIVATE " + "KEY-----\n@\n-----END RSA PRIVATE " + "KEY-----"},
	} {
		all = append(all, secret{name: s[0], value: s[1], around: s[2]})
	}
	return all
}

// lines are what is planted of one, each a line of a log or two.
func (s secret) lines() (all []string) {
	v := []byte(s.value)
	var percent, octal strings.Builder
	for _, b := range v {
		fmt.Fprintf(&percent, "%%%02X", b)
		fmt.Fprintf(&octal, `\%03o`, b)
	}
	forms := []string{s.value, base64.StdEncoding.EncodeToString(v), base64.RawURLEncoding.EncodeToString(append([]byte("x:"), v...)), url.QueryEscape(s.value), percent.String(), hex.EncodeToString(v), strings.ToUpper(hex.EncodeToString(v))}
	if s.around == "" {
		forms = append(forms, html.EscapeString(s.value), octal.String(), fmt.Sprint(v), fmt.Sprintf("%#v", v), base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(v))))
	}
	if s.around == "@" {
		all = append(all, "first "+s.value[:len(v)/2], "  "+s.value[len(v)/2:]+" last")
	}
	for i, f := range forms {
		switch {
		case s.around == "":
			all = append(all, "got "+f+" there", "split "+f[:len(f)/2], f[len(f)/2:]+" again")
		case i == 0 || i == 3:
			all = append(all, strings.Split(strings.Replace(s.around, "@", f, 1), "\n")...)
		default:
			all = append(all, "token="+f, "Authorization: Basic "+f)
			if len(v) >= 20 {
				all = append(all, "got "+f+" there")
			}
		}
	}
	return all
}

// traces are what must not be in a text: each form, and the halves of the plain
// one.
func (s secret) traces() []string {
	v := []byte(s.value)
	all := []string{s.value, fmt.Sprint(v)[1:], base64.RawStdEncoding.EncodeToString(v[:len(v)/3*3]), hex.EncodeToString(v), strings.ToUpper(hex.EncodeToString(v)), url.QueryEscape(s.value)}
	if len(v) >= 14 {
		all = append(all, s.value[:len(v)/2], s.value[len(v)/2:])
	}
	return all
}
