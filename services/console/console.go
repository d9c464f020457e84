// Package console is how the owner's commands reach the API while it runs: a
// socket on which only root, or the user that runs the box, is heard. The
// kernel says who that is; there is no password to it.
//
// It owns the requests and their form: one JSON object and a newline each way
// per connection. What they do is the keeper's. It refuses to say anything to
// whoever may not ask, and passes nothing on but the words of package library.
package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/services/library"
	"coffer/services/peer"
	"coffer/weaken"
)

const (
	// patience is for a request, and for its answer: the API may be starting.
	patience = time.Minute
	// maxRequest is in bytes. JSON spends up to six on a character of a
	// password, of which there are at most 12,288 bytes.
	maxRequest = 80 << 10
	maxAtOnce  = 4
)

// What can be asked for: a new password of the owner, and that no second factor
// is needed any more.
const (
	ResetPassword = "reset-password"
	RemoveFactors = "remove-factors"
)

// Request asks for one thing.
type Request struct {
	Ask      string           `json:"ask"`
	Password string           `json:"password,omitempty"`
	ID       string           `json:"id,omitempty"`
	Key      string           `json:"key,omitempty"`
	Preview  bool             `json:"preview,omitempty"` // of Diagnose: nothing leaves the box
	Storage  library.CopyWish `json:"storage,omitzero"`  // of SetStorage
}

// Answer has an Error, or what was asked for.
type Answer struct {
	Error string       `json:"error,omitempty"`
	Hint  string       `json:"hint,omitempty"`
	Kind  library.Kind `json:"kind,omitempty"`

	Backups  []library.Backup `json:"backups,omitempty"`
	Restored library.Restored `json:"restored,omitzero"`

	Copies library.CopiesState `json:"copies,omitzero"`
	Stored []library.Copy      `json:"stored,omitempty"`

	Diagnosis library.Diagnosis `json:"diagnosis,omitzero"`
	File      []byte            `json:"file,omitempty"` // of Diagnose
}

// Keeper is what is asked.
type Keeper interface {
	ResetPassword(ctx context.Context, password string) error
	RemoveFactors(ctx context.Context) error
	RecordByConsole(ctx context.Context, kind library.AuditKind, detail string)
}

// Options are who may ask whom.
type Options struct {
	UID     int // besides root
	Keeper  Keeper
	Backups Backups        // nil: none are made
	Copies  library.Copies // nil: none are made
	// Diagnostics makes the file to give away; nil: nothing does.
	Diagnostics library.Diagnostics
	Log         *slog.Logger
}

// Serve answers on l until ctx ends. It leaves l to whoever made it.
func Serve(ctx context.Context, l *net.UnixListener, o Options) error {
	stop := context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var g errgroup.Group
	g.SetLimit(maxAtOnce)
	defer func() { _ = g.Wait() }() // conversations have no error of their own
	for {
		conn, err := l.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case err != nil:
			return err
		}
		g.Go(func() error {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
			a, err := o.converse(ctx, conn)
			if err != nil {
				o.Log.Warn("console request refused", slog.Any("error", err))
				a = say(err)
			}
			_ = json.NewEncoder(conn).Encode(a) // whoever left needs no answer
			return nil
		})
	}
}

func say(err error) Answer {
	if e, ok := errors.AsType[*library.Error](err); ok {
		return Answer{Error: e.Message, Hint: e.Hint, Kind: e.Kind}
	}
	return Answer{Error: err.Error(), Kind: library.Internal}
}

func (o Options) converse(ctx context.Context, conn *net.UnixConn) (a Answer, err error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return a, err
	}
	uid, err := peer.UID(conn)
	if err != nil {
		return a, err
	}
	if err := o.judge(uid); err != nil {
		return a, err
	}
	malformed := &library.Error{Kind: library.Invalid, Message: "A request is one line of JSON."}
	bound := &io.LimitedReader{R: conn, N: maxRequest}
	from := bufio.NewReader(bound)
	line, err := from.ReadBytes('\n')
	if err != nil {
		return a, malformed
	}
	var r Request
	if json.Unmarshal(line, &r) != nil { // its error may quote the line
		return a, malformed
	}
	if r.Ask == RestoreBackup { // a file follows, of any size
		bound.N = math.MaxInt64
		if err := conn.SetDeadline(time.Time{}); err != nil {
			return a, err
		}
	}
	if a, asked, err := o.aboutBackups(ctx, r, from); asked {
		return a, err
	}
	if a, asked, err := o.aboutCopies(ctx, r); asked {
		return a, err
	}
	if r.Ask == Diagnose {
		return o.diagnose(ctx, r.Preview)
	}
	return a, Do(ctx, o.Keeper, r)
}

// Do has k do what r asks for.
func Do(ctx context.Context, k Keeper, r Request) error {
	switch r.Ask {
	case ResetPassword:
		return k.ResetPassword(ctx, r.Password)
	case RemoveFactors:
		return k.RemoveFactors(ctx)
	}
	return &library.Error{Kind: library.NotFound, Message: fmt.Sprintf("Nothing answers to %q.", r.Ask)}
}

func (o Options) judge(uid int) error {
	if uid == 0 || uid == o.UID || weaken.Without(weaken.ConsolePeer) {
		return nil
	}
	return &library.Error{Kind: library.Forbidden, Message: fmt.Sprintf("user %d may not command the box", uid)}
}

// ErrNobody says that no box runs there.
var ErrNobody = errors.New("no box answers")

// Ask sends r to the box that listens at path. Its error is a *library.Error
// where the box refuses, and ErrNobody where none runs.
func Ask(ctx context.Context, path string, r Request) error {
	_, err := Exchange(ctx, path, r, nil)
	return err
}

// Exchange is Ask with an answer. file follows the request, where it is not
// nil, and may take as long as it takes.
func Exchange(ctx context.Context, path string, r Request, file io.Reader) (a Answer, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, os.ErrPermission):
		return a, errors.New("only root, or the user who runs the box, may ask")
	case err != nil:
		return a, fmt.Errorf("%w at %s", ErrNobody, path)
	}
	defer conn.Close()
	if file == nil {
		if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
			return a, err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	// Who may not ask is told so before the request is read, and a file that is
	// refused is not read to its end.
	unsent := json.NewEncoder(conn).Encode(r)
	if file != nil && unsent == nil {
		_, unsent = io.Copy(conn, file)
		if unsent == nil {
			unsent = conn.(*net.UnixConn).CloseWrite()
		}
	}
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return a, fmt.Errorf("the box did not answer, and nothing may have changed; try again: %w", errors.Join(unsent, err))
	}
	if a.Error != "" {
		return a, &library.Error{Kind: a.Kind, Message: a.Error, Hint: a.Hint}
	}
	return a, nil
}
