package boot

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"coffer/appliance/confine"
	"coffer/appliance/control"
	"coffer/appliance/https"
	"coffer/appliance/journal"
	"coffer/appliance/ledger"
	"coffer/appliance/places"
	"coffer/appliance/posture"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
)

// watch completes what posture is told with what this start knows.
func (b *box) watch(s *supervise.Supervisor) *posture.Watch {
	o := b.Posture
	o.Root, o.RunFolder, o.Data, o.Self = b.Root, b.Run, b.Layout.Data, b.Self
	o.Manifest, o.Layout, o.Secrets, o.ServiceToken = b.Manifest, b.Layout, b.Secrets, b.ServiceToken
	o.Values = map[string]string{
		secrets.SessionKey: fmt.Sprintf("%x", b.secrets.SessionKey),
		secrets.SetupCode:  b.secrets.SetupCode, secrets.SetupCode + " as shown": secrets.Show(b.secrets.SetupCode),
		"edge token": b.Edge.Token, "COFFER_SECRET_KEY": b.Secrets.SecretKey,
	}
	for _, service := range b.Services {
		o.Roles = append(o.Roles, posture.Role{
			Name: service.Name, UID: service.As.UID, GID: service.As.GID, Files: service.Files, Profile: service.Profile,
			Env: append(names(service.Env), sockets.Variable),
		})
	}
	o.ListenPort, o.SecurePort, o.BasePath = b.Edge.Port, b.HTTPS.Port, b.Edge.BasePath
	o.Status, o.Log = s.Status, b.Log
	o.Outgoing = b.outgoing
	o.Certificates, o.Certificate = b.HTTPS.Store, b.front.presented
	o.Start, o.Sweep = b.start, b.proveSweep
	return posture.New(o)
}

// outgoing is what may go out, and what did.
func (b *box) outgoing() ledger.Report {
	return ledger.Report{Purposes: b.Purposes(), Lines: b.Ledger.Lines()}
}

// names are those of an environment.
func names(env []string) []string {
	var all []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		all = append(all, name)
	}
	return all
}

// desk answers what comes through the doors.
type desk struct {
	supervisor *supervise.Supervisor
	watch      *posture.Watch
	journal    *journal.Journal
	outgoing   func() ledger.Report
	front      *front
	seal       func(recipient string) ([]byte, error)
	restore    func(ctx context.Context, key string) error
	former     func(act string) (time.Time, error)
	sweep      func(ctx context.Context, request []byte) ([]byte, error)
	token      servicetoken.File
	places     places.Store
	outward    func(context.Context) error
}

func (d desk) Status(ctx context.Context) ([]supervise.Status, error) {
	return d.supervisor.Status(ctx)
}

func (d desk) Restart(ctx context.Context, service string) error {
	return d.supervisor.Restart(ctx, service)
}

func (d desk) Doctor(ctx context.Context) (posture.Report, error) { return d.watch.Now(ctx), nil }

func (d desk) Posture(context.Context) (posture.Report, error) { return d.watch.Last(), nil }

func (d desk) Fresh(ctx context.Context) (posture.Report, error) { return d.watch.Fresh(ctx), nil }

func (d desk) Logs(ctx context.Context, q journal.Query, wait bool) (journal.Page, error) {
	if wait {
		return d.journal.Await(ctx, q)
	}
	return d.journal.Read(q)
}

func (d desk) Seal(_ context.Context, recipient string) ([]byte, error) { return d.seal(recipient) }

func (d desk) Restore(ctx context.Context, key string) error { return d.restore(ctx, key) }

func (d desk) Former(_ context.Context, act string) (time.Time, error) { return d.former(act) }

func (d desk) Sweep(ctx context.Context, request []byte) ([]byte, error) {
	return d.sweep(ctx, request)
}

// ServiceToken has what it is asked to write blotted out of logs.
func (d desk) ServiceToken(_ context.Context, c *servicetoken.Change) (servicetoken.Seen, error) {
	if c == nil {
		return d.token.Look()
	}
	d.journal.Conceal(c.Key)
	return d.token.Apply(*c)
}

func (d desk) Notices(context.Context) (places.State, error) { return d.places.State(), nil }

// ChangeNotices has the address blotted out of logs before it is kept.
func (d desk) ChangeNotices(ctx context.Context, c places.Change) error {
	d.journal.Conceal(places.Notices(c).Secrets()...)
	if err := d.places.Apply(c); err != nil {
		return err
	}
	return d.outward(ctx)
}

func (d desk) Storage(context.Context) (places.StorageState, error) {
	return d.places.StorageState(), nil
}

// ChangeStorage has the keys blotted out of logs before they are kept.
func (d desk) ChangeStorage(ctx context.Context, s places.Storage) error {
	d.journal.Conceal(s.Secrets()...)
	if err := d.places.ApplyStorage(s); err != nil {
		return err
	}
	return d.outward(ctx)
}

func (d desk) Outgoing(context.Context) (ledger.Report, error) {
	return d.outgoing(), nil
}

func (d desk) HTTPS(context.Context) (https.State, error) { return d.front.State(), nil }

func (d desk) ChangeHTTPS(ctx context.Context, c https.Change) error { return d.front.Change(ctx, c) }

// doors are the sockets that init itself answers at.
func (b *box) doors() map[string]control.Door {
	return map[string]control.Door{control.Name: control.OwnerDoor(), control.BoxName: control.APIDoor(b.BoxReader.UID)}
}

// control answers at every door until ctx ends.
func (b *box) control(ctx context.Context, helpers *sync.WaitGroup, s *supervise.Supervisor) error {
	for name, door := range b.doors() {
		f, err := b.sockets.File(name)
		if err != nil {
			return err
		}
		listener, err := net.FileListener(f)
		if err != nil {
			return fmt.Errorf("%s socket: %w", name, err)
		}
		helpers.Go(func() {
			if err := control.Serve(ctx, listener.(*net.UnixListener), door, desk{s, b.posture, b.Output, b.outgoing, b.front, b.Seal, b.restored, b.former, b.sweepTexts, b.ServiceToken, b.Places, func(ctx context.Context) error { return b.outward(ctx, s) }}, b.Log); err != nil {
				b.Log.Error("control socket ended", slog.String("socket", name), slog.Any("error", err))
			}
		})
	}
	return nil
}

// boxGroup is the group of that socket; without root it is nobody else's.
func (b *box) boxGroup() int {
	if !confine.Switches() {
		return -1
	}
	return b.BoxReader.GID
}

// BoxSocket is where the API asks how the box is.
func BoxSocket(run string) string { return control.BoxSocket(run, -1).Path }
