package image

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// byEdge are words by which the edge's refusals are told from the API's.
const byEdge = "Too many requests. Nothing was changed. Wait"

// limit is one that was tripped, and what shows that it is over.
type limit struct {
	what  string
	after answer
	since time.Time // of after
	again func() answer
	free  int // the status then
}

func tripped(what string, after answer, again func() answer, free int) limit {
	return limit{what, after, time.Now(), again, free}
}

// over waits as long as the refusal said, and looks.
func (l limit) over(t *testing.T) {
	t.Helper()
	if l.after.status != http.StatusTooManyRequests || l.after.retry() < 1 || l.after.retry() > 61 {
		t.Errorf("%s: %d, to be tried again in %d s", l.what, l.after.status, l.after.retry())
	}
	if err := box.Pause(t.Context(), time.Until(l.since.Add(time.Duration(l.after.retry()+1)*time.Second))); err != nil {
		t.Fatal(err)
	}
	l.again().wants(t, l.what+", after the wait", l.free)
}

// TestDoorLimits trips each limit through nginx, waits as long as the answers
// say, and finds each over. Of the waits of strangers after ten wrong passwords,
// 1, 5 and then 15 minutes, the first is waited for, the second is told, outlives
// a restart and ends with the owner; TestGlobalBackoff has all three. So has
// TestBudgets what 15,000 requests take a minute for.
func TestDoorLimits(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	fresh := openDoor(t)
	all := []limit{fresh.codes()}

	d := openDoor(t)
	o := d.owner(0)
	all = append(all, d.passwords(o)...) // the longest wait; the others are tripped meanwhile
	people, _ := d.people(o)
	all = append(all, d.anonymous(o), d.changes(people[adder], o), d.uploads(people[script], o), d.edgeOfKeys(people[reader], o))
	d.hanging(people[adder], o)
	for _, l := range all {
		l.over(t)
	}
	d.secondWait(o)
	d.cleanLog("a wrong one", "ZZZZ-")
}

// codes: three wrong setup codes a minute from one address, and others go on.
func (d *door) codes() limit {
	d.t.Helper()
	try := func(v *visitor, code string) answer {
		return v.post("/api/v1/setup", fmt.Sprintf(`{"code": %q, "username": %q, "password": %q}`, code, box.Owner, box.Password))
	}
	v := d.visitor(d.next())
	for n := range 3 {
		try(v, fmt.Sprintf("ZZZZ-000%d", n)).wants(d.t, "setup-code: a wrong code", 403)
	}
	after := try(v, d.setupCode(d.t))
	after.wants(d.t, "setup-code: the fourth try, with the right one", 429, "Too many wrong setup codes")
	d.refusedByEdge(func() answer { return try(v, "ZZZZ-0009") }, 15, "setup-code")
	try(d.visitor(d.next()), "ZZZZ-0004").wants(d.t, "setup-code: from another address", 403)
	return tripped("setup-code", after, func() answer { return try(v, d.code) }, 201)
}

// refusedByEdge asks until nginx itself refuses, within so many tries.
func (d *door) refusedByEdge(try func() answer, within int, what string) answer {
	d.t.Helper()
	for range within {
		if a := try(); byTheEdge(a) {
			return a
		}
	}
	d.t.Errorf("%s: after %d more tries the edge refuses none", what, within)
	return answer{}
}

// anonymous: 120 requests a minute from one address that is not signed in; who is
// signed in there, and others, go on.
func (d *door) anonymous(o *visitor) limit {
	d.t.Helper()
	at := d.next()
	v := d.visitor(at)
	ask := func() answer { return v.get("/api/v1/health") }
	var after answer
	asked := 0
	for after.status != http.StatusTooManyRequests && asked < 400 {
		if after = ask(); after.status == http.StatusOK {
			asked++
		}
	}
	if asked < 120 {
		d.t.Errorf("anonymous: refused after %d", asked)
	}
	d.refusedByEdge(ask, 400, "anonymous")
	for end := time.Now().Add(time.Minute); !byTheAPI(after); after = ask() {
		if time.Now().After(end) { // what the edge lets through is counted by the API
			d.t.Error("anonymous: the API refuses none")
			break
		}
	}
	d.visitor(d.next()).get("/api/v1/health").wants(d.t, "anonymous: from another address", 200)
	here := d.visitor(at)
	here.web.Jar, here.known = o.web.Jar, true
	here.get("/api/v1/auth/me").wants(d.t, "anonymous: the owner at that address", 200)
	v.get("/livez").wants(d.t, "anonymous: a probe", 200)
	v.get("/static/edge.css").wants(d.t, "anonymous: a file", 200)
	return tripped("anonymous", after, ask, 200)
}

// flood sends requests over several connections until an answer is the one that
// is waited for; the others are counted by status.
func (v *visitor) flood(ask func() answer, until func(answer) bool) (counts map[int]int, last answer) {
	v.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts = map[int]int{}
	end := time.Now().Add(time.Minute)
	for range 16 {
		wg.Go(func() {
			for time.Now().Before(end) {
				a := ask()
				mu.Lock()
				switch {
				case !until(a):
					counts[a.status]++
				case last.status == 0:
					last = a
				}
				done := last.status != 0
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
	return counts, last
}

func byTheEdge(a answer) bool {
	return a.status == http.StatusTooManyRequests && strings.Contains(a.body, byEdge)
}

func byTheAPI(a answer) bool { return a.status == http.StatusTooManyRequests && !byTheEdge(a) }

// edgeOfKeys: the edge's own limit of one key, 250 a second and 2,000 at once. A
// probe is asked, which is the least work for both sides.
func (d *door) edgeOfKeys(v, o *visitor) limit {
	d.t.Helper()
	counts, last := v.flood(func() answer { return v.get("/livez") }, byTheEdge)
	if counts[200] < 2000 || len(counts) != 1 || last.status == 0 {
		d.t.Errorf("requests of a key: %v, then %d %.200s", counts, last.status, last.body)
	}
	o.get("/api/v1/auth/me").wants(d.t, "requests of a key: the owner meanwhile", 200)
	return tripped("requests of a key", last, func() answer { return v.get("/api/v1/auth/me") }, 200)
}

// changes: 1,200 a minute of one caller.
func (d *door) changes(v, o *visitor) limit {
	d.t.Helper()
	ask := func() answer { return v.post("/api/v1/sources/nothing/retry", "") }
	counts, last := v.flood(ask, byTheAPI)
	if counts[404] < 1200 || len(counts) != 1 || !strings.Contains(last.body, "Too many requests in a minute") {
		d.t.Errorf("changes: %v, then %d %.200s", counts, last.status, last.body)
	}
	o.ask("PATCH /api/v1/settings", `{}`).wants(d.t, "changes: the owner meanwhile", 200)
	return tripped("changes", last, ask, 404)
}

// uploads: 3,000 a minute of one caller.
func (d *door) uploads(v, o *visitor) limit {
	d.t.Helper()
	ask := func() answer {
		const form = "--x\r\nContent-Disposition: form-data; name=\"nothing\"\r\n\r\n\r\n--x--\r\n"
		for {
			a := v.post("/api/v1/sources", form, "Content-Type", "multipart/form-data; boundary=x")
			if !byTheEdge(a) {
				return a
			}
			time.Sleep(20 * time.Millisecond) // the edge's own limit can come first
		}
	}
	counts, last := v.flood(ask, byTheAPI)
	if counts[422] < 3000 || len(counts) != 1 || !strings.Contains(last.body, "Too many requests in a minute") {
		d.t.Errorf("uploads: %v, then %d %.200s", counts, last.status, last.body)
	}
	o.post("/api/v1/sources/text", `{"title": "meanwhile", "text": "of the owner"}`).wants(d.t, "uploads: the owner meanwhile", 202)
	return tripped("uploads", last, ask, 422)
}

// hanging: a key with 256 uploads that never end gets no further one, and leaves
// the owner's browser at the same address its place.
func (d *door) hanging(v, o *visitor) {
	d.t.Helper()
	host := strings.TrimPrefix(d.at, "http://")
	dial := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(v.address, 0)), Timeout: time.Minute}
	var all []net.Conn
	for range 256 {
		conn, err := dial.DialContext(d.t.Context(), "tcp", host)
		if err != nil {
			d.t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		all = append(all, conn)
		// A multipart body that is announced, and of which half a line comes.
		if _, err := fmt.Fprintf(conn, "POST /api/v1/sources HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\nContent-Dis", host, v.key); err != nil {
			d.t.Fatal(err)
		}
	}
	// 403 until nginx has read the last of them; asked rarely, so that it is no flood.
	asks := func(until func(answer) bool) (a answer) {
		for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			if a = v.get("/api/v1/sources"); until(a) || time.Now().After(end) {
				return a
			}
		}
	}
	asks(byTheEdge).wants(d.t, "connections of a key", 429, byEdge)
	here := d.visitor(d.next())
	here.address, here.web.Transport = v.address, v.web.Transport
	here.web.Jar, here.known = o.web.Jar, true
	here.get("/api/v1/auth/me").wants(d.t, "connections: the owner at the same address", 200)
	for _, c := range all {
		_ = c.Close()
	}
	asks(func(a answer) bool { return a.status == http.StatusForbidden }).wants(d.t, "connections of a key, after they ended", 403)
}

// passwords: five wrong ones a minute from one address, ten from all, and the
// owner's browser goes on.
func (d *door) passwords(o *visitor) []limit {
	d.t.Helper()
	at := d.next()
	one, other, third := d.visitor(at), d.visitor(d.next()), d.visitor(d.next())
	for range 5 {
		one.signIn("a wrong one").wants(d.t, "brute-force: a wrong password", 401)
	}
	after := one.signIn(box.Password)
	after.wants(d.t, "brute-force: the sixth try, with the right one", 429, "Too many wrong passwords")
	for range 5 {
		other.signIn("a wrong one").wants(d.t, "brute-force: from another address", 401)
	}
	together := third.signIn(box.Password)
	together.wants(d.t, "brute-force: the first from a third, with the right one", 429, "Too many wrong passwords")
	if together.retry() < 30 {
		d.t.Errorf("brute-force: strangers wait for %d s", together.retry())
	}
	d.refusedByEdge(func() answer { return one.signIn("a wrong one") }, 20, "brute-force")

	// The owner's browser has a count of its own, wrong or right, wherever it is.
	o.signIn("a wrong one").wants(d.t, "brute-force: the owner's browser, mistaken", 401)
	there := d.visitor(at)
	there.web.Jar = o.web.Jar
	there.signIn("a wrong one").wants(d.t, "brute-force: the same at the guesser's address", 401)
	now := time.Now()
	return []limit{
		{"brute-force: all strangers", together, now, func() answer { return third.signIn("a wrong one") }, 401},
		{"brute-force: one address", after, now, func() answer { return one.signIn("a wrong one") }, 401},
	}
}

// secondWait: two failures more were counted; eight more, and strangers wait for
// five minutes, across a restart, until the owner signs in.
func (d *door) secondWait(o *visitor) {
	d.t.Helper()
	for range 2 {
		v := d.visitor(d.next())
		for range 4 {
			v.signIn("a wrong one").wants(d.t, "brute-force: a wrong password after the wait", 401)
		}
	}
	waits := func(when string) {
		d.t.Helper()
		a := d.visitor(d.next()).signIn(box.Password)
		a.wants(d.t, "brute-force: a stranger "+when, 429)
		if a.retry() <= 120 || a.retry() > 300 {
			d.t.Errorf("brute-force: %s strangers wait for %d s", when, a.retry())
		}
	}
	waits("the second time")
	docker(d.t, "restart", d.id)
	d.await(d.t)
	d.find()
	jar := o.web.Jar
	waits("after a restart")
	o = d.visitor(0)
	o.web.Jar, o.known = jar, true
	o.signIn(box.Password).wants(d.t, "brute-force: the owner's browser", 200)
	d.visitor(d.next()).signIn(box.Password).wants(d.t, "brute-force: strangers after the owner", 200)
}
