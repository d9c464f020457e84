package image

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// onEvery is the table of headers: each once, with this value, whatever is
// asked and whatever is answered. Empty: whatever it says.
func onEvery() map[string]string {
	return map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "same-origin",
		"Permissions-Policy":           "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy":      "",
		"Cache-Control":                "",
		"Server":                       "nginx",
		"X-Request-Id":                 "",
	}
}

// policies are what a browser may do with an answer, by what it is.
const (
	policyOfPages = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
	policyOfOthers = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

// onNone are headers that stand on no answer: they tell of what is behind the
// edge, or are its own to the API.
func onNone() []string {
	return []string{
		"X-Powered-By", "Via", "X-Edge-Token", "X-Auth-User", "X-Auth-Kind", "X-Auth-Scopes", "X-Auth-Session", "X-Client-Addr", "X-Edge-Own",
		"X-Accel-Redirect", "Access-Control-Allow-Origin", "Strict-Transport-Security", "X-Xss-Protection",
	}
}

// leaks is what only the inside of a program says.
func leaks() *regexp.Regexp {
	return regexp.MustCompile(`goroutine \d|\.go:\d|/data/|/run/coffer|/usr/s?(bin|hare)|bbolt|bcrypt|\bpanic\b|nginx/\d|golang|coffer/(services|appliance)`)
}

// look holds an answer against what holds for every one.
func (v *visitor) look(request string, a answer) {
	v.t.Helper()
	secure := v.secure || strings.HasPrefix(v.base, "https:")
	for _, fault := range faults(a, secure) {
		v.t.Errorf("%s (%d): %s", request, a.status, fault)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	shown := a.header.Clone()
	shown.Del("Set-Cookie") // that is where a browser gets its own
	text := a.body
	for name, values := range shown {
		text += "\n" + name + ": " + strings.Join(values, ", ")
	}
	for name, value := range v.secrets {
		if strings.Contains(text, value) {
			v.t.Errorf("%s (%d) tells %s", request, a.status, name)
		}
	}
	if v.known {
		return
	}
	for name, value := range v.private {
		if strings.Contains(text, value) {
			v.t.Errorf("%s (%d) tells a stranger %s", request, a.status, name)
		}
	}
}

// faults are what is wrong with an answer, whoever asked.
func faults(a answer, secure bool) (all []string) {
	for name, want := range onEvery() {
		values := a.header.Values(name)
		if len(values) != 1 || want != "" && values[0] != want || values[0] == "" {
			all = append(all, "has "+name+" "+strings.Join(values, " | "))
		}
	}
	for _, name := range onNone() {
		if values := a.header.Values(name); len(values) > 0 {
			all = append(all, "has "+name+" "+strings.Join(values, " | "))
		}
	}
	if got := a.header.Values("Cross-Origin-Opener-Policy"); secure != slices.Equal(got, []string{"same-origin"}) {
		all = append(all, "has Cross-Origin-Opener-Policy "+strings.Join(got, " | "))
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	policy := policyOfOthers
	if kind == "text/html" {
		policy = policyOfPages
	}
	if got := a.header.Get("Content-Security-Policy"); got != policy && !strings.HasPrefix(got, "sandbox") {
		all = append(all, "of type "+kind+" has the policy "+got)
	}
	if id := a.header.Get("X-Request-Id"); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
		all = append(all, "has the request id "+id)
	}
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if limited := a.status == http.StatusTooManyRequests; limited && (err != nil || wait < 1) {
		all = append(all, "says nothing of when to come again")
	}
	if a.status >= 400 {
		all = append(all, errorFaults(a, kind)...)
	}
	return all
}

// errorFaults are what is wrong with a refusal.
func errorFaults(a answer, kind string) (all []string) {
	if said := leaks().FindString(a.body); said != "" {
		all = append(all, "tells of the inside: "+said)
	}
	switch kind {
	case "text/html", "text/plain":
	case "application/problem+json":
		var p struct {
			Type, Title, Detail, Code string
			Status                    int
			RequestID                 string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Status != a.status || p.Code == "" || p.Title == "" || p.RequestID != a.header.Get("X-Request-Id") {
			all = append(all, "is the problem "+a.body)
		}
	default:
		all = append(all, "is of type "+kind)
	}
	return all
}

// wants says what is wrong with an answer that should have this status.
func (a answer) wants(t *testing.T, what string, status int, says ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: %d, want %d: %.300s", what, a.status, status, a.body)
	}
	for _, s := range says {
		if no, ok := strings.CutPrefix(s, "!"); ok {
			if strings.Contains(a.body, no) {
				t.Errorf("%s says %q: %.300s", what, no, a.body)
			}
		} else if !strings.Contains(a.body, s) {
			t.Errorf("%s does not say %q: %.300s", what, s, a.body)
		}
	}
}

// retry is when to come again, in seconds.
func (a answer) retry() int {
	n, _ := strconv.Atoi(a.header.Get("Retry-After"))
	return n
}

// cleanLog looks whether the container's log tells what it must not: secrets,
// and what visitors typed.
func (d *door) cleanLog(typed ...string) {
	d.t.Helper()
	logs, err := exec.Command("docker", "logs", d.id).CombinedOutput()
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, value := range d.secrets {
		if strings.Contains(string(logs), value) {
			d.t.Errorf("the log tells %s", name)
		}
	}
	for _, text := range typed {
		if strings.Contains(string(logs), text) {
			d.t.Errorf("the log tells what a visitor typed: %q", text)
		}
	}
	if said := regexp.MustCompile(`goroutine \d|\bpanic\b|http: panic`).FindString(string(logs)); said != "" {
		d.t.Errorf("the log has %q", said)
	}
}
