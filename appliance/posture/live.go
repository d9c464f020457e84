package posture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// answer is what a request of the box to itself came to.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// maxAnswer bounds what is read of one, in bytes.
const maxAnswer = 64 << 10

// client goes the way of a visitor: over TCP to the edge. No proxy of the
// environment stands between the box and itself.
func client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, IdleConnTimeout: 5 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// request asks the edge. Headers are names and values in turn; Host is one.
func (w *Watch) request(ctx context.Context, method, path string, headers ...string) (answer, error) {
	// The token makes the edge count none of this as a stranger's.
	headers = append([]string{"X-Edge-Token", w.EdgeToken}, headers...)
	return send(ctx, w.web, method, w.Front+w.BasePath+path, headers...)
}

// direct asks the API at its socket, as a process inside the box could try.
func (w *Watch) direct(ctx context.Context, method, path string, headers ...string) (answer, error) {
	c := client()
	defer c.CloseIdleConnections()
	c.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", w.API)
	}
	return send(ctx, c, method, "http://localhost"+w.BasePath+path, headers...)
}

func send(ctx context.Context, c *http.Client, method, url string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "coffer-posture")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return answer{res.StatusCode, res.Header, body}, err
}

// forged is what a client would send to be taken for somebody.
func forged() []string {
	return []string{
		"X-Auth-User", "owner", "X-Auth-Kind", "session", "X-Auth-Scopes", "read add admin", "X-Auth-Session", "forged",
		"X-Edge-Token", strings.Repeat("0", 64), "X-Client-Addr", "127.0.0.1",
	}
}

func (l *look) edgeOnly(ctx context.Context) Finding {
	bare, err := l.direct(ctx, "GET", "/api/v1/health")
	if err != nil {
		return unseen(err)
	}
	if bare.status != http.StatusUnauthorized {
		return fail(fmt.Sprintf("the API's socket answered %d to a request without the edge token", bare.status))
	}
	lied, err := l.direct(ctx, "GET", "/api/v1/sources", forged()...)
	if err != nil {
		return unseen(err)
	}
	if lied.status != http.StatusUnauthorized {
		return fail(fmt.Sprintf("the API's socket answered %d to a forged edge token", lied.status))
	}
	claimed, err := l.request(ctx, "GET", "/api/v1/sources", forged()...)
	if err != nil {
		return unseen(err)
	}
	if claimed.status != http.StatusUnauthorized {
		return fail(fmt.Sprintf("the edge answered %d to forged identity headers", claimed.status))
	}
	listens := 0
	tables := map[string]bool{}
	for _, table := range networks() {
		for _, s := range netSockets(l.proc, "net/"+table) {
			tables[s.inode] = true
		}
	}
	looked, err := l.eachRole(ctx, func(role Role, _ process, in Inside) error {
		if role.Name != "api" {
			return nil
		}
		for _, inode := range in.Sockets {
			if tables[inode] {
				listens++
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return unseen(err)
	case listens > 0:
		return fail(fmt.Sprintf("the API holds %d internet sockets", listens))
	case looked == 0:
		return fail("no process of the services was found")
	}
	return pass("the API holds no internet socket; its own socket answered 401 without the token and 401 to a wrong one, the edge 401 to forged identity headers")
}

func (l *look) supervisorControl(ctx context.Context) Finding {
	for _, path := range l.commandSockets() {
		st, err := os.Lstat(path)
		if err != nil {
			return unseen(err)
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok || st.Mode().Type() != fs.ModeSocket {
			return fail(path + " is no socket")
		}
		if int(sys.Uid) != os.Geteuid() || st.Mode().Perm() != 0o600 {
			return fail(fmt.Sprintf("%s is owned by %d with mode %04o", path, sys.Uid, st.Mode().Perm()))
		}
	}
	evidence := fmt.Sprintf("control.sock and owner.sock are %d's, mode 0600, and the kernel is asked who connects", os.Geteuid())
	if !*l.root {
		return degraded("the box runs without root, so its services are the user that may command it; " + evidence)
	}
	for _, role := range []string{"api", "worker"} {
		p := l.probe(ctx, role, asRunning)
		if p.err != nil {
			return unseen(p.err)
		}
		if open, _ := p.refusals(l.commands()...); len(open) > 0 {
			return fail("a probe as the " + role + " reached a socket for commands: " + strings.Join(open, ", "))
		}
	}
	said, err := l.askAsAnother(ctx)
	switch {
	case err != nil:
		return unseen(err)
	case said != refusedToCommand:
		return fail(fmt.Sprintf("the worker's user asked past the socket's mode and was not refused (%s)", said))
	}
	return pass(evidence + "; probes as the API and the worker were refused, and so was the worker's user that came past the mode")
}

// askAsAnother asks as the worker's user that the mode of a socket does not
// stop, so that only the kernel's word on who asks is left. It returns what
// came of it where it was not refused. Each time is a line in
// the log, so that it is done as often as other requests.
func (l *look) askAsAnother(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Watch.mu.Lock()
	last := l.asked
	l.Watch.mu.Unlock()
	if !l.forOwner && last.Evidence == refusedToCommand && l.now().Sub(last.at) < everyLive {
		return last.Evidence, nil
	}
	said := map[string]string{}
	if p := l.probes["worker/"+asAsker]; p != nil {
		said = p.said
	} else {
		at := slices.IndexFunc(l.Roles, func(r Role) bool { return r.Name == "worker" })
		if at < 0 {
			return "", errors.New("there is no service worker")
		}
		role := l.Roles[at]
		c := &exec.Cmd{Path: l.Self, Args: append([]string{"coffer", "probe", asAsker}, l.commandSockets()...), Env: []string{"GOMAXPROCS=1"}, Dir: "/"}
		c.SysProcAttr = &syscall.SysProcAttr{
			Setpgid: true, Credential: &syscall.Credential{Uid: uint32(role.UID), Gid: uint32(role.GID)},
			AmbientCaps: []uintptr{unix.CAP_DAC_OVERRIDE},
		}
		if err := l.child(ctx, c, &said); err != nil {
			return "", err
		}
	}
	var came []string
	for _, path := range l.commandSockets() {
		if said[path] != refusedToCommand {
			came = append(came, filepath.Base(path)+": "+said[path])
		}
	}
	if came == nil {
		came = []string{refusedToCommand}
	}
	last = lastSeen{l.now(), pass(strings.Join(came, ", "))}
	l.Watch.mu.Lock()
	l.asked = last
	l.Watch.mu.Unlock()
	return last.Evidence, nil
}

func (l *look) setupCode(context.Context) Finding {
	facts, err := l.facts()
	switch {
	case err != nil:
		return unseen(err)
	case facts.Owner:
		return pass("the box has its owner; nobody can create another")
	case facts.AnyCode && !l.SetupOpen:
		return fail("no owner yet, and the API takes any code for the right one")
	case l.SetupOpen:
		return degraded("COFFER_SETUP_OPEN waives the code, and the box has no owner yet: whoever comes first has it")
	}
	return pass("no owner yet; creating one asks for the code that the container's log shows")
}

func (l *look) passwordStorage(context.Context) Finding {
	const least = 12
	facts, err := l.facts()
	switch {
	case err != nil:
		return unseen(err)
	case !facts.Owner:
		return Finding{NotApplicable, "no password is stored yet; the first will be hashed by bcrypt with cost 12 or more"}
	case facts.PasswordHash != "bcrypt" || facts.PasswordCost < least:
		return fail(fmt.Sprintf("the stored hash is %s with cost %d", facts.PasswordHash, facts.PasswordCost))
	}
	return pass(fmt.Sprintf("the stored hash is %s with cost %d", facts.PasswordHash, facts.PasswordCost))
}

func (l *look) bruteForce(ctx context.Context) Finding {
	facts, err := l.facts()
	if err != nil {
		return unseen(err)
	}
	a, err := l.request(ctx, "GET", "/api/v1/health/auth")
	if err != nil {
		return unseen(err)
	}
	var lately struct {
		N int `json:"recent_failed_attempts"`
	}
	if err := json.Unmarshal(a.body, &lately); err != nil {
		return unseen(err)
	}
	evidence := fmt.Sprintf("%d failed sign-ins a minute from one client, a pause for strangers after %d; %d failed in the last 15 minutes",
		facts.LoginsPerMinute, facts.BackoffAfter, lately.N)
	switch {
	case facts.LoginsPerMinute < 1 || facts.LoginsPerMinute > 5 || facts.BackoffAfter < 1 || facts.BackoffAfter > 10:
		return fail(evidence)
	case !facts.LimitsLast:
		return fail("what was counted is not in the store, so that a restart of the API forgets it; " + evidence)
	}
	return pass(evidence + "; kept across a restart")
}

func (l *look) sessionCookies(ctx context.Context) Finding {
	facts, err := l.facts()
	if err != nil {
		return unseen(err)
	}
	// A token that says it needs no signature, under each name a session has.
	const unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJvd25lciIsImV4cCI6NDEwMjQ0NDgwMH0."
	out, err := l.request(ctx, "POST", "/api/v1/auth/logout", "Sec-Fetch-Site", "same-origin")
	if err != nil {
		return unseen(err)
	}
	cookies := (&http.Response{Header: out.header}).Cookies()
	if out.status != http.StatusNoContent || len(cookies) == 0 {
		return fail(fmt.Sprintf("signing out answered %d with %d cookies", out.status, len(cookies)))
	}
	var names []string
	for _, c := range cookies {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			return fail("the cookie " + c.Name + " is not HttpOnly and SameSite=Lax")
		}
		names = append(names, c.Name+"="+unsigned)
	}
	in, err := l.request(ctx, "GET", "/api/v1/auth/me", "Cookie", strings.Join(names, "; "))
	if err != nil {
		return unseen(err)
	}
	if in.status != http.StatusUnauthorized {
		return fail(fmt.Sprintf("an unsigned token was answered %d", in.status))
	}
	switch {
	case facts.SessionDays < 1 || facts.SessionDays > 30 || facts.SessionDaysMost > 90:
		return fail(fmt.Sprintf("sessions end after %d days without use and after %d at the latest", facts.SessionDays, facts.SessionDaysMost))
	case facts.Owner && facts.OldStoreOpens:
		return fail("an older copy of the store, put back, would open sessions that have ended")
	}
	return pass(fmt.Sprintf("an unsigned token was answered 401; %d cookies are HttpOnly and SameSite=Lax; sessions end after %d days without use and %d at the latest, %d are open; an older copy of the store would be recognised",
		len(cookies), facts.SessionDays, facts.SessionDaysMost, facts.Sessions))
}

func (l *look) crossSite(ctx context.Context) Finding {
	rows := []struct {
		path    string
		headers []string
	}{
		{"/logout", []string{"Sec-Fetch-Site", "cross-site"}},
		{"/api/v1/auth/logout", []string{"Sec-Fetch-Site", "cross-site"}},
		{"/api/v1/auth/logout", []string{"Origin", "http://posture.invalid"}},
		{"/api/v1/auth/logout", []string{"Origin", "null"}},
	}
	for _, r := range rows {
		a, err := l.request(ctx, "POST", r.path, r.headers...)
		if err != nil {
			return unseen(err)
		}
		if a.status != http.StatusForbidden {
			return fail(fmt.Sprintf("a cross-site POST to %s (%s) was answered %d", r.path, strings.Join(r.headers, ": "), a.status))
		}
	}
	return pass(fmt.Sprintf("%d cross-site requests to sign out were answered 403", len(rows)))
}

func (l *look) hostHeader(ctx context.Context) Finding {
	names := []string{"posture.invalid", "rebind.posture.example"}
	for _, name := range names {
		a, err := l.request(ctx, "GET", "/api/v1/health", "Host", name)
		if err != nil {
			return unseen(err)
		}
		if a.status != http.StatusMisdirectedRequest {
			return fail(fmt.Sprintf("the name %s was answered %d", name, a.status))
		}
	}
	return pass(fmt.Sprintf("%d names that are not the box's were answered 421", len(names)))
}

func (l *look) headersEverywhere(ctx context.Context) Finding {
	rows := []struct{ method, path string }{
		{"GET", "/login"}, {"GET", "/"}, {"GET", "/static/nothing.css"}, {"GET", "/api/v1/sources"},
		{"GET", "/api/v1/health"}, {"POST", "/api/v1/auth/me"}, {"GET", "/_edge/verify"},
	}
	for _, r := range rows {
		a, err := l.request(ctx, r.method, r.path)
		if err != nil {
			return unseen(err)
		}
		if what := lacks(a.header); what != "" {
			return fail(fmt.Sprintf("%s %s (%d) %s", r.method, r.path, a.status, what))
		}
	}
	return pass(fmt.Sprintf("%d answers (pages, files, errors, the API) carry a content policy without unsafe-inline or foreign origins, nosniff, frame, referrer, permissions and resource policies", len(rows)))
}

// lacks says what is wrong with the headers of an answer.
func lacks(h http.Header) string {
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "",
	} {
		values := h.Values(name)
		if len(values) != 1 || values[0] == "" || want != "" && values[0] != want {
			return fmt.Sprintf("has %s %q", name, values)
		}
	}
	policies := h.Values("Content-Security-Policy")
	if len(policies) != 1 {
		return fmt.Sprintf("has %d content policies", len(policies))
	}
	for word := range strings.FieldsSeq(strings.ReplaceAll(policies[0], ";", " ")) {
		if word == "'unsafe-inline'" || word == "'unsafe-eval'" || word == "*" || strings.Contains(word, "//") || strings.Contains(word, "http:") || strings.Contains(word, "https:") {
			return "allows " + word + " in its content policy"
		}
	}
	if !strings.Contains(policies[0], "default-src 'none'") {
		return "has a content policy that does not begin with nothing"
	}
	return ""
}
