package boot

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/confine"
	"coffer/appliance/control"
	"coffer/appliance/edge"
	"coffer/appliance/journal"
	"coffer/appliance/layout"
	"coffer/appliance/ledger"
	"coffer/appliance/manifest"
	"coffer/appliance/places"
	"coffer/appliance/posture"
	"coffer/appliance/reap"
	"coffer/appliance/restore"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/signals"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
)

// Options are what a box is started with.
type Options struct {
	Self      string // this program, as services can execute it
	Root      string // prefix of the protected files
	Run       string // folder of sockets
	Manifest  *manifest.Manifest
	Layout    layout.Options
	Secrets   secrets.Options
	Edge      edge.Options // TLS comes from HTTPS
	HTTPS     HTTPS
	Sockets   []sockets.Spec
	Services  []Service
	Authority Authority
	// Ledger holds what went out, and Purposes says what may.
	Ledger   *ledger.Ledger
	Purposes func() []ledger.Purpose
	// Seal packs what init keeps so that only the recipient can read it.
	Seal func(recipient string) ([]byte, error)
	// Unseal opens what Seal packed; the names are below DATA.
	Unseal func(ctx context.Context, sealed []byte, key string) (map[string][]byte, error)
	// Sweeper looks through texts for the secrets that it is handed, once, from its
	// input to its output.
	Sweeper Service
	// Prove is what the Sweeper is asked to see whether it finds what is planted.
	Prove []byte
	// ServiceToken is the file with the key for the owner's scripts.
	ServiceToken servicetoken.File
	// Places are where the owner has the box go by itself.
	Places places.Store
	// WayOut is the service that goes there; it is handed what it needs when it
	// starts.
	WayOut string
	// BoxReader is the service user that may ask init how the box is.
	BoxReader layout.Owner
	// Posture is what only the configuration and the services know of how the
	// box looks at itself; the rest is filled in here.
	Posture posture.Options

	// SetupService reports SetupNeeded when nobody owns the box yet; FrontDoor
	// is the service that visitors reach. When both are ready, SetupLink makes
	// the address to print from the code.
	SetupService, FrontDoor string
	SetupLink               func(code string) string

	Signals  *signals.Caught
	Output   *journal.Journal
	Log      *slog.Logger
	Warnings []string // about the configuration
}

// What SetupService says: it waits for an owner, or has one.
const (
	SetupNeeded = "setup-needed"
	SetUp       = "set-up"
)

// Again is what Run returns when the box is to be started anew, by executing
// init again.
const Again = -1

// Exit codes of init, besides those of services.
const (
	exitOK      = 0
	exitRefused = 78 // EX_CONFIG: the box cannot start as it is
)

type box struct {
	Options
	life    context.Context // until everything has stopped
	reaper  *reap.Reaper
	sockets *sockets.Set
	secrets secrets.Secrets
	posture *posture.Watch
	front   *front
	told    bool // the link was printed
	restart restart
	handed  handed

	sweeping sync.Mutex // one child at a time
}

// Run runs a box until it is told to stop, by ctx or a signal, and returns the
// exit code. It must be called from the main goroutine of a process.
func Run(ctx context.Context, o Options) int {
	// Services end with the thread that started them (see confine), so all are
	// started by this one, which lives as long as init.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b := &box{Options: o, life: context.WithoutCancel(ctx), reaper: reap.New()}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b.restart.stop = stop
	defer o.Signals.Release()

	var helpers sync.WaitGroup
	defer helpers.Wait()
	life, end := context.WithCancel(b.life)
	defer end()
	b.life = life
	var supervisor *supervise.Supervisor
	ready := make(chan struct{}) // closed when supervisor is set
	// what is asked of a supervisor that is not there yet is forgotten
	there := func(ask func()) {
		select {
		case <-ready:
			ask()
		default:
		}
	}
	helpers.Go(func() {
		o.Signals.Serve(life, signals.Asked{
			Stop:  stop,
			Hurry: func() { there(func() { supervisor.Hurry() }) },
			Forward: func(sig syscall.Signal) {
				if sig == syscall.SIGUSR1 {
					b.Output.Reopen()
				}
				there(func() {
					if sig == syscall.SIGHUP {
						b.front.Reload()
						return
					}
					supervisor.Forward(sig)
				})
			},
		})
	})

	err := b.prepare(ctx)
	if b.sockets != nil {
		defer b.sockets.Close()
	}
	if err == nil {
		supervisor, err = b.supervisor()
	}
	if ctx.Err() != nil {
		return exitOK // told to stop meanwhile
	}
	if err != nil {
		b.refuse(err)
		return exitRefused
	}
	close(ready)
	if err := reap.Adopt(); err != nil {
		o.Log.Warn("orphans cannot be adopted", slog.Any("error", err))
	}
	helpers.Go(func() { _ = b.reaper.Run(life) })
	b.posture = b.watch(supervisor)
	if err := b.control(life, &helpers, supervisor); err != nil {
		b.refuse(err)
		return exitRefused
	}
	looking, enough := context.WithCancel(life)
	context.AfterFunc(ctx, enough) // a box that stops does not look at itself
	helpers.Go(func() { b.posture.Run(looking) })
	helpers.Go(func() {
		b.front.run(looking, deeds{
			look: b.tend(supervisor), change: b.change(supervisor), errands: func(ctx context.Context) time.Duration { return b.errands(ctx, supervisor) },
			settle: func(ctx context.Context, back returned) { b.settle(ctx, supervisor, back) },
		})
	})
	code := supervisor.Run(ctx)
	b.sweep()
	o.Log.Info("box stopped", slog.Int("code", code))
	if code == exitOK && b.restart.wanted.Load() {
		return Again
	}
	return code
}

// prepare does everything that comes before the first process.
func (b *box) prepare(ctx context.Context) error {
	if err := confine.Trim(); err != nil {
		return err
	}
	for _, w := range b.Warnings {
		b.Log.Warn("configuration", slog.String("warning", w))
	}
	if !confine.Switches() {
		b.Log.Warn("not root: all services run as one user, kept apart by Landlock and seccomp only", slog.Int("uid", os.Geteuid()))
	}
	for _, m := range confine.Probe().Missing {
		b.Log.Warn("this kernel confines less", slog.String("missing", m))
	}
	if report, err := b.Manifest.Enforce(b.Root, b.Log); err != nil {
		return err
	} else if n := report.Standing(); n > 0 {
		b.Log.Warn("protected files differ and cannot be repaired", slog.Int("files", n))
	}
	if _, err := restore.Finish(b.Layout.Data, b.Log); err != nil {
		return fmt.Errorf("a restore that had begun: %w", err)
	}
	if _, err := layout.Enforce(ctx, b.Layout); err != nil {
		return err
	}
	var err error
	if b.secrets, err = secrets.Ensure(b.Secrets); err != nil {
		return err
	}
	token, err := b.ServiceToken.Key()
	if err != nil {
		return err
	}
	b.Output.Conceal(b.Places.Notices().Secrets()...)
	b.Output.Conceal(b.Places.Storage().Secrets()...)
	b.Output.Conceal(
		b.secrets.SetupCode, secrets.Show(b.secrets.SetupCode), hex.EncodeToString(b.secrets.SessionKey), b.Edge.Token, b.Secrets.SecretKey, token,
	)
	if err := sockets.RunFolder(b.Run); err != nil {
		return err
	}
	// The sockets also prove that no other box runs here, before anything of
	// its run is overwritten.
	if b.sockets, err = sockets.Bind(append([]sockets.Spec{control.Socket(b.Run), control.BoxSocket(b.Run, b.boxGroup())}, b.Sockets...)...); err != nil {
		return err
	}
	b.Output.Keep(filepath.Join(b.Layout.Data, "logs"), b.names()...)
	if err := portFree("COFFER_LISTEN", b.Edge.Host, b.Edge.Port); err != nil {
		return err
	}
	challenges := edge.Challenges{Run: b.Run, UID: b.Edge.UID, GID: b.Edge.GID}
	if err := challenges.Sweep(); err != nil {
		return err
	}
	return b.open(ctx, time.Now())
}

func (b *box) supervisor() (*supervise.Supervisor, error) {
	l := &launcher{box: b, services: map[string]Service{}, output: map[string]*os.File{}}
	var programs []supervise.Program
	for _, s := range b.Services {
		programs = append(programs, s.Program)
		l.services[s.Name] = s
		pipe, err := b.Output.Pipe(s.Name)
		if err != nil {
			return nil, err
		}
		l.output[s.Name] = pipe
	}
	return supervise.New(supervise.Options{Programs: programs, Launcher: l, Log: b.Log, Changed: b.changed})
}

// names are those of the services.
func (b *box) names() []string {
	var all []string
	for _, s := range b.Services {
		all = append(all, s.Name)
	}
	return all
}

// changed is called after every event in the box.
func (b *box) changed(all []supervise.Status) {
	if err := b.writeState(all); err != nil {
		b.Log.Warn("the state of the services cannot be published", slog.Any("error", err))
	}
	needed, open := false, false
	for _, s := range all {
		if s.State != supervise.Running {
			continue
		}
		needed = needed || s.Name == b.SetupService && s.Detail == SetupNeeded
		open = open || s.Name == b.FrontDoor
	}
	if open {
		b.posture.Begin()
	}
	if needed && open && !b.told && b.SetupLink != nil {
		b.told = true
		b.Output.Print("\n  Open " + b.SetupLink(b.secrets.SetupCode) + " to set the box up\n")
	}
}

// refuse says why the box does not start.
func (b *box) refuse(err error) {
	b.Log.Error("the box cannot start")
	text := err.Error()
	var problems layout.Problems // these name their remedies
	var plant *beneath.Refused
	switch {
	case errors.As(err, &problems):
	case errors.As(err, &plant):
		text += ".\n" + b.Layout.Remedy(plant)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		text += "\nThe disk is full. Make room on it and start again; nothing stored has been changed."
	}
	b.Output.Print(text)
}

// sweep ends what services left behind, so that nothing outlives the box.
func (b *box) sweep() {
	ctx, cancel := context.WithTimeout(b.life, 500*time.Millisecond)
	defer cancel()
	n, err := b.reaper.Sweep(ctx)
	if n > 0 || err != nil {
		b.Log.Warn("stray processes ended", slog.Int("processes", n), slog.Any("error", err))
	}
}

// Self returns a path under which every role can execute this program.
func Self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	path, err = filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the program file %s was replaced; start again", path)
	}
	return path, err
}
