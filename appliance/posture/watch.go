package posture

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/confine"
	"coffer/appliance/layout"
	"coffer/appliance/ledger"
	"coffer/appliance/manifest"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/supervise"
)

// Role is a service as posture expects it.
type Role struct {
	Name     string
	UID, GID int
	Files    confine.Files
	Profile  confine.Profile
	Env      []string // names of all that its environment has
}

// Options are what a Watch looks at.
type Options struct {
	Root, RunFolder, Data string
	Self                  string // this program, as services can execute it
	Share                 string // a protected folder that every user can read
	Other                 string // a program that no service may start
	Manifest              *manifest.Manifest
	Layout                layout.Options
	Secrets               secrets.Options
	ServiceToken          servicetoken.File
	Certificates          certs.Store
	// Values are the secrets that init knows, by name, to be looked for where
	// they must not be.
	Values map[string]string
	Roles  []Role

	// Front is where the edge answers, such as http://127.0.0.1:8080, without
	// the base path. API is the API's own socket.
	Front, BasePath, API string
	ListenPort           uint16
	SecurePort           uint16 // of HTTPS, were it on
	EdgeToken            string
	// TrustedProxies are those listed by configuration.
	TrustedProxies []netip.Prefix

	PlainSecrets       []string // given by plain environment
	SetupOpen, DevMode bool
	DevAcknowledged    bool // dev mode was acknowledged by name

	// Outgoing is what may go out and what did; Public judges an address that a
	// page would be fetched from.
	Outgoing func() ledger.Report
	Public   func(netip.Addr) error

	// Sweep has secrets planted in every form that they may take, and swept as
	// before a diagnostic export.
	Sweep func(context.Context) (Swept, error)

	// Certificate is what the edge is to present now.
	Certificate func() Certificate

	// Status asks the supervisor, Facts the API. Start starts a child whose
	// exit status is the caller's.
	Status func(context.Context) ([]supervise.Status, error)
	Facts  func(context.Context) (Facts, error)
	Start  func(*exec.Cmd) (done func(), err error)

	Log *slog.Logger

	proc     fs.FS            // nil: /proc
	now      func() time.Time // nil: time.Now
	root     *bool            // nil: as it is
	landlock int              // 0: asked of the kernel
	patience time.Duration    // 0: youth
	inside   func(context.Context, Role, []process) (map[string]Inside, error)
}

// Bounds of a round.
const (
	every       = 5 * time.Minute
	everyLive   = time.Hour        // of requests to itself, which fill the log
	recent      = 30 * time.Second // who asks again sooner gets the last report
	freshWithin = 2 * time.Second  // how long a page waits for a new one
	settle      = 2 * time.Second  // after the start, for the work of the start
	checkWithin = 10 * time.Second
	youth       = 3 * time.Second // in which a process becomes what it will be
	roundWithin = 20 * time.Second
)

// Watch runs the rounds. It is safe for concurrent use.
type Watch struct {
	Options
	begin chan struct{}
	asks  chan chan Report // for a fresh one
	once  sync.Once
	round sync.Mutex // one at a time
	base  int        // system call filters that the box was started with
	web   *http.Client

	mu      sync.Mutex
	last    Report
	lived   time.Time           // the last whole round
	damage  []damage            // of protected files, since the start
	members map[string]lastSeen // of services that come and go
	asked   lastSeen            // whether init commands for another user
}

// lastSeen is how a service's processes were when there were any.
type lastSeen struct {
	at time.Time
	Finding
}

// New returns a Watch that has not looked yet.
func New(o Options) *Watch {
	if o.proc == nil {
		o.proc = os.DirFS("/proc")
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.root == nil {
		root := confine.Switches()
		o.root = &root
	}
	if o.landlock == 0 {
		o.landlock = confine.Probe().Landlock
	}
	if o.patience == 0 {
		o.patience = youth
	}
	w := &Watch{Options: o, begin: make(chan struct{}), asks: make(chan chan Report), members: map[string]lastSeen{}, web: client()}
	if self, err := readProcess(o.proc, "self"); err == nil {
		w.base = max(0, self.number("Seccomp_filters"))
	}
	return w
}

// Begin says that the box is up, and the first round due.
func (w *Watch) Begin() { w.once.Do(func() { close(w.begin) }) }

// Run looks once the box is up and then every few minutes until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-w.begin:
	}
	next := time.NewTimer(settle)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			w.look(ctx, w.now().Sub(w.wholeAt()) >= everyLive, false)
			next.Reset(every)
		case reply := <-w.asks:
			if r := w.Last(); w.now().Sub(r.CheckedAt) < recent {
				reply <- r
				continue
			}
			reply <- w.look(ctx, true, false)
			next.Reset(every)
		}
	}
}

// Last is the newest report; its CheckedAt is zero before the first.
func (w *Watch) Last() Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *Watch) wholeAt() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lived
}

// Fresh returns a report of the last half minute, from a new round where it
// must; when that takes long, the last one there is.
func (w *Watch) Fresh(ctx context.Context) Report {
	select {
	case <-w.begin:
	default:
		return w.Last()
	}
	ctx, cancel := context.WithTimeout(ctx, freshWithin)
	defer cancel()
	reply := make(chan Report, 1) // whoever left does not hold up the round
	select {
	case w.asks <- reply:
	case <-ctx.Done():
		return w.Last()
	}
	select {
	case r := <-reply:
		return r
	case <-ctx.Done():
		return w.Last()
	}
}

// Now makes a whole round for the owner and returns its report. What was
// changed and mended since the owner last asked counts as a failure in it, and
// after that no more.
func (w *Watch) Now(ctx context.Context) Report { return w.look(ctx, true, true) }

// look makes a round; rounds do not overlap. Without live, what was answered
// to requests of the box to itself stands as it was.
func (w *Watch) look(ctx context.Context, live, forOwner bool) Report {
	w.round.Lock()
	defer w.round.Unlock()
	ctx, cancel := context.WithTimeout(ctx, roundWithin)
	defer cancel()
	defer w.web.CloseIdleConnections()
	l := &look{Watch: w, forOwner: forOwner, probes: map[string]*probed{}}
	l.facts = sync.OnceValues(func() (Facts, error) { return w.Facts(ctx) })
	l.procs = func() (*processes, error) {
		services, err := w.Status(ctx)
		if err != nil {
			return nil, err
		}
		return gather(w.proc, services)
	}
	var items []Item
	before := w.Last().Items
	for n, c := range Claims() {
		if c.live && !live && len(before) > n {
			items = append(items, before[n])
			continue
		}
		i := Item{ID: c.ID, Group: c.Group, Title: c.Title, Claim: c.Claim, Against: c.Against, Status: NotApplicable}
		if c.check == nil {
			i.Evidence, i.Later = c.Later+c.None, c.Later != ""
		} else {
			f := within(ctx, checkWithin, func(ctx context.Context) Finding { return c.check(l, ctx) })
			i.Status, i.Evidence = f.Status, f.Evidence
			if f.Status != Pass {
				i.Remedy = c.Remedy
			}
		}
		items = append(items, i)
	}
	r := Report{Items: items, CheckedAt: w.now().UTC().Truncate(time.Second), Summary: summarise(items)}
	if ctx.Err() == context.Canceled {
		return r // the box stops: what failed now says nothing
	}
	w.tell(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = r
	if live {
		w.lived = r.CheckedAt
	}
	return r
}

// tell logs what does not hold, once per change.
func (w *Watch) tell(r Report) {
	before := map[string]Status{}
	for _, i := range w.Last().Items {
		before[i.ID] = i.Status
	}
	for _, i := range r.Items {
		was, known := before[i.ID]
		switch {
		case i.Status == was:
		case i.Status == Fail:
			w.Log.Error("a claim does not hold", slog.String("claim", i.ID), slog.String("evidence", i.Evidence))
		case i.Status == Degraded:
			w.Log.Warn("a claim holds in part", slog.String("claim", i.ID), slog.String("evidence", i.Evidence))
		case known && i.Status == Pass:
			w.Log.Info("a claim holds again", slog.String("claim", i.ID))
		}
	}
}

// within runs c with a deadline. A check that the kernel holds up is left
// behind; the round goes on without it.
func within(ctx context.Context, limit time.Duration, c check) Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := make(chan Finding, 1)
	go func() { found <- c(ctx) }()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
		return fail(fmt.Sprintf("the check did not end within %v", limit))
	}
}

// look is one round: what several checks need is found out once.
type look struct {
	*Watch
	forOwner bool // the owner asked for it
	facts    func() (Facts, error)
	procs    func() (*processes, error)
	probes   map[string]*probed
	mu       sync.Mutex
}
