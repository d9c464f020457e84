package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/https"
	"coffer/appliance/journal"
	"coffer/appliance/ledger"
	"coffer/appliance/places"
	"coffer/appliance/posture"
	"coffer/appliance/servicetoken"
	"coffer/appliance/supervise"
)

// Ask sends r to the init that listens below run and returns the services.
func Ask(ctx context.Context, run string, r Request) ([]supervise.Status, error) {
	a, err := Exchange(ctx, Socket(run).Path, r)
	return a.Services, err
}

// Report asks at the socket at path for a report, by AskDoctor or AskPosture.
func Report(ctx context.Context, path string, r Request) (posture.Report, error) {
	a, err := Exchange(ctx, path, r)
	if err == nil && a.Posture == nil {
		err = errors.New("the box gave no report")
	}
	if err != nil {
		return posture.Report{}, err
	}
	return *a.Posture, nil
}

// Outgoing asks at the socket at path what may go out, and what went where.
func Outgoing(ctx context.Context, path string) (ledger.Report, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskOutgoing})
	if err == nil && a.Outgoing == nil {
		err = errors.New("the box gave no report")
	}
	if err != nil {
		return ledger.Report{}, err
	}
	return *a.Outgoing, nil
}

// Seal asks at the socket at path for the secrets and the configuration, sealed
// to an age recipient.
func Seal(ctx context.Context, path, recipient string) ([]byte, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskSeal, Recipient: recipient})
	if err == nil && len(a.Sealed) == 0 {
		err = errors.New("the box gave nothing")
	}
	return a.Sealed, err
}

// Sweep asks at the socket at path for texts to be swept.
func Sweep(ctx context.Context, path string, request []byte) ([]byte, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskSweep, Texts: request})
	if err == nil && len(a.Swept) == 0 {
		err = errors.New("the box gave nothing")
	}
	return a.Swept, err
}

// Restore asks at the socket at path for what is staged to be put in place. The
// box starts again then.
func Restore(ctx context.Context, path, key string) error {
	_, err := Exchange(ctx, path, Request{Ask: AskRestore, Key: key})
	return err
}

// Former asks at the socket at path when what was there before the last restore
// was laid aside, after the act.
func Former(ctx context.Context, path, act string) (time.Time, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskFormer, Act: act})
	return a.Former, err
}

// ServiceToken asks at the socket at path what is in the file for the owner's
// scripts; with a change, for that first.
func ServiceToken(ctx context.Context, path string, c *servicetoken.Change) (servicetoken.Seen, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskServiceToken, Token: c})
	if err == nil && a.Token == nil {
		err = errors.New("the box does not say what is in the file for scripts")
	}
	if err != nil {
		return servicetoken.Seen{}, err
	}
	return *a.Token, nil
}

// HTTPS asks at the socket at path how HTTPS is served; with a change, for that
// first. Its error is a *certs.Fault where the owner can mend it.
func HTTPS(ctx context.Context, path string, change *https.Change) (https.State, error) {
	r := Request{Ask: AskHTTPS}
	if change != nil {
		r = Request{Ask: AskChangeHTTPS, Change: change}
	}
	a, err := Exchange(ctx, path, r)
	if err == nil && a.HTTPS == nil {
		err = errors.New("the box does not say how HTTPS is served")
	}
	if err != nil {
		return https.State{}, err
	}
	return *a.HTTPS, nil
}

// Notices asks at the socket at path who is told of alarms; with a change, for
// that first. Its error is a *places.Fault where the owner can mend it.
func Notices(ctx context.Context, path string, change *places.Change) (places.State, error) {
	r := Request{Ask: AskNotices}
	if change != nil {
		r = Request{Ask: AskChangeNotices, Notices: change}
	}
	a, err := Exchange(ctx, path, r)
	if err == nil && a.Notices == nil {
		err = errors.New("the box does not say who is told of alarms")
	}
	if err != nil {
		return places.State{}, err
	}
	return *a.Notices, nil
}

// Storage asks at the socket at path where copies of backups go; with a change,
// for that first. Its error is a *places.Fault where the owner can mend it.
func Storage(ctx context.Context, path string, change *places.Storage) (places.StorageState, error) {
	r := Request{Ask: AskStorage}
	if change != nil {
		r = Request{Ask: AskChangeStorage, Storage: change}
	}
	a, err := Exchange(ctx, path, r)
	if err == nil && a.Storage == nil {
		err = errors.New("the box does not say where copies of backups go")
	}
	if err != nil {
		return places.StorageState{}, err
	}
	return *a.Storage, nil
}

// Exchange sends r to the socket at path.
func Exchange(ctx context.Context, path string, r Request) (Answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Answer{}, errors.New("only root, or the user who runs the box, may ask")
	case err != nil:
		return Answer{}, fmt.Errorf("no box answers at %s; is it running?", path)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(looking + 2*patience)); err != nil {
		return Answer{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	// Who may not ask is told so before the request is read: the answer counts,
	// also when the request could not be written.
	unsent := json.NewEncoder(conn).Encode(r)
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return Answer{}, fmt.Errorf("the box did not answer: %w", errors.Join(unsent, err))
	}
	switch {
	case a.Code == codeUnknown:
		return Answer{}, &refusal{a.Error, journal.ErrUnknown}
	case a.Code == codeQuery:
		return Answer{}, &refusal{a.Error, journal.ErrQuery}
	case a.Misplace != nil:
		return Answer{}, a.Misplace
	case a.Fault != nil:
		return Answer{}, &certs.Fault{Code: a.Fault.Code, Part: a.Fault.Part, What: a.Fault.What, Remedy: a.Fault.Remedy}
	case a.Error != "":
		return Answer{}, errors.New(a.Error)
	}
	return a, nil
}

// refusal is an error that init told, in its words.
type refusal struct {
	text string
	is   error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.is }

// Logs asks at the socket at path for lines; with wait init answers when there
// are some, or after a few seconds.
func Logs(ctx context.Context, path string, q journal.Query, wait bool) (journal.Page, error) {
	a, err := Exchange(ctx, path, Request{Ask: AskLogs, Lines: q, Wait: wait})
	if err == nil && a.Logs == nil {
		err = errors.New("the box gave no lines")
	}
	if err != nil {
		return journal.Page{}, err
	}
	return *a.Logs, nil
}
