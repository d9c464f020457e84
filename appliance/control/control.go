// Package control is how a running init is talked to, through two doors. The
// owner's is a socket that only root, or the user that runs the box, can open.
// The API's own lets it ask how the box is, and change how HTTPS is served, who
// is told of alarms and which key lies in the file for the owner's scripts. At both the kernel's word
// on who connected decides; there is no password.
//
// It owns the requests and their form: one JSON object and a newline each way
// per connection. What they do is the supervisor's, the watch's and the front
// door's. It refuses requests that would carry a path or a command.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"coffer/appliance/https"
	"coffer/appliance/journal"
	"coffer/appliance/ledger"
	"coffer/appliance/places"
	"coffer/appliance/posture"
	"coffer/appliance/servicetoken"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
	"coffer/weaken"
)

// Names of the sockets among those of the box.
const (
	Name    = "control"
	BoxName = "box"
)

const (
	patience   = 5 * time.Second  // for a request, and most answers
	looking    = 30 * time.Second // for the answer of a doctor
	maxRequest = 256 << 10        // a certificate with its chain and key, in JSON
	maxSweep   = 5 << 20          // texts to be swept, in JSON
	maxAtOnce  = 8
)

// Socket is where init listens.
func Socket(run string) sockets.Spec {
	return sockets.Spec{Name: Name, Path: filepath.Join(run, "control.sock"), UID: -1, GID: -1, Mode: 0o600}
}

// BoxSocket is where the API asks how the box is. Its group is the API's, -1
// without root.
func BoxSocket(run string, gid int) sockets.Spec {
	return sockets.Spec{Name: BoxName, Path: filepath.Join(run, "box.sock"), UID: -1, GID: gid, Mode: 0o660}
}

// Door says who may come through a socket besides root and the user that runs
// the box, and what may be asked there.
type Door struct {
	UID  int // 0: nobody else
	Asks []string
	// Longest is the largest request in bytes; 0: that of the owner's door.
	Longest int64
}

// OwnerDoor is that of the control socket.
func OwnerDoor() Door {
	return Door{Asks: []string{AskStatus, AskRestart, AskDoctor, AskPosture, AskLogs, AskOutgoing, AskHTTPS, AskChangeHTTPS}}
}

// APIDoor is that of the box socket. All that can be changed there is how HTTPS
// is served, who is told of alarms and where copies of backups go. Only the API asks for what init keeps, sealed, for a restore of
// what it has staged, for texts to be swept of secrets that it must not know, and
// for its key to be put into the file for scripts.
func APIDoor(uid int) Door {
	return Door{UID: uid, Longest: maxSweep, Asks: []string{AskStatus, AskPosture, AskLogs, AskOutgoing, AskHTTPS, AskChangeHTTPS, AskSeal, AskRestore, AskFormer, AskSweep, AskServiceToken, AskNotices, AskChangeNotices, AskStorage, AskChangeStorage}}
}

// Box is what can be asked for.
type Box interface {
	Status(context.Context) ([]supervise.Status, error)
	Restart(ctx context.Context, service string) error
	Doctor(context.Context) (posture.Report, error)  // looks now
	Posture(context.Context) (posture.Report, error) // what was seen last
	Fresh(context.Context) (posture.Report, error)   // or looks, when that is long ago
	// Logs answers with lines; with wait, once there are some, or none came for
	// a while.
	Logs(ctx context.Context, q journal.Query, wait bool) (journal.Page, error)
	Outgoing(context.Context) (ledger.Report, error)
	// Seal returns the secrets and the configuration in a form that only the
	// recipient can read.
	Seal(ctx context.Context, recipient string) ([]byte, error)
	// Restore decides to put what is staged in place, and starts the box again.
	// key opens what a backup holds of init's; it is kept nowhere.
	Restore(ctx context.Context, key string) error
	// Former says when what lies in DATA/before was laid aside, zero where nothing
	// is, after the act: PutBack decides to put it back and starts the box again,
	// Forget removes it.
	Former(ctx context.Context, act string) (time.Time, error)
	// Sweep has a child that knows all secrets look through texts. Request and
	// answer are JSON between the child and who asks; nothing here reads them.
	Sweep(ctx context.Context, request []byte) ([]byte, error)
	HTTPS(context.Context) (https.State, error)
	// ChangeHTTPS returns once the change is served. Its error holds a
	// *certs.Fault where the owner can mend it.
	ChangeHTTPS(context.Context, https.Change) error
	// ServiceToken says what is in the file for the owner's scripts, after the
	// change where there is one.
	ServiceToken(ctx context.Context, c *servicetoken.Change) (servicetoken.Seen, error)
	Notices(context.Context) (places.State, error)
	// ChangeNotices returns once it counts. Its error holds a *places.Fault where
	// the owner can mend it.
	ChangeNotices(context.Context, places.Change) error
	Storage(context.Context) (places.StorageState, error)
	// ChangeStorage returns once it counts. Its error holds a *places.Fault where
	// the owner can mend it.
	ChangeStorage(context.Context, places.Storage) error
}

// The things that can be asked for.
const (
	AskStatus  = "status"
	AskRestart = "restart"
	AskDoctor  = "doctor"
	AskPosture = "posture"
	AskLogs    = "logs"
	// AskOutgoing asks what may go out, and what went where.
	AskOutgoing = "outgoing"
	// AskSeal asks for the secrets and the configuration, sealed.
	AskSeal = "seal"
	// AskRestore asks for what is staged to take the place of what there is.
	AskRestore = "restore"
	// AskFormer asks for what was there before the last restore.
	AskFormer = "former"
	// AskSweep asks for texts without the secrets that init knows.
	AskSweep = "sweep"
	// AskHTTPS asks how HTTPS is served, AskChangeHTTPS for a change of that.
	AskHTTPS       = "https"
	AskChangeHTTPS = "change-https"
	// AskServiceToken asks what is in the file for the owner's scripts, or for
	// another content.
	AskServiceToken = "service-token"
	// AskNotices asks who is told of alarms, as far as may be told, and
	// AskChangeNotices for another.
	AskNotices       = "notices"
	AskChangeNotices = "change-notices"
	// AskStorage asks where copies of backups go, without what opens it, and
	// AskChangeStorage for another.
	AskStorage       = "storage"
	AskChangeStorage = "change-storage"
)

// Request asks for one thing.
type Request struct {
	Ask     string `json:"ask"`
	Service string `json:"service,omitempty"` // of AskRestart
	Fresh   bool   `json:"fresh,omitempty"`   // of AskPosture: not older than half a minute

	Lines journal.Query `json:"lines,omitzero"` // of AskLogs
	Wait  bool          `json:"wait,omitempty"` // of AskLogs: for lines

	Change *https.Change `json:"change,omitempty"` // of AskChangeHTTPS

	Texts json.RawMessage      `json:"texts,omitempty"` // of AskSweep
	Token *servicetoken.Change `json:"token,omitempty"` // of AskServiceToken: what is to change

	Act     string          `json:"act,omitempty"`     // of AskFormer: PutBack, Forget or nothing
	Notices *places.Change  `json:"notices,omitempty"` // of AskChangeNotices
	Storage *places.Storage `json:"storage,omitempty"` // of AskChangeStorage

	Recipient string `json:"recipient,omitempty"` // of AskSeal: an age recipient
	Key       string `json:"key,omitempty"`       // of AskRestore: an age identity
}

// What is done with what was there before the last restore.
const (
	PutBack = "put-back"
	Forget  = "forget"
)

// Answer has an Error or what was asked for.
type Answer struct {
	Error    string               `json:"error,omitempty"`
	Code     string               `json:"code,omitempty"` // of an Error that callers tell from others
	Services []supervise.Status   `json:"services,omitempty"`
	Posture  *posture.Report      `json:"posture,omitempty"`
	Logs     *journal.Page        `json:"logs,omitempty"`
	Outgoing *ledger.Report       `json:"outgoing,omitempty"`
	HTTPS    *https.State         `json:"https,omitempty"`
	Sealed   []byte               `json:"sealed,omitempty"`
	Swept    json.RawMessage      `json:"swept,omitempty"`
	Token    *servicetoken.Seen   `json:"token,omitempty"`
	Former   time.Time            `json:"former,omitzero"`
	Notices  *places.State        `json:"notices,omitempty"`
	Storage  *places.StorageState `json:"storage,omitempty"`
	Misplace *places.Fault        `json:"misplace,omitempty"` // what Error says of a place
	Fault    *https.Problem       `json:"fault,omitempty"`    // what Error says, for those with words of their own
}

// The codes of errors.
const (
	codeUnknown = "unknown" // journal.ErrUnknown
	codeQuery   = "query"   // journal.ErrQuery
)

// Serve answers at the door on l until ctx ends, and closes it.
func Serve(ctx context.Context, l *net.UnixListener, d Door, b Box, log *slog.Logger) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var g errgroup.Group
	g.SetLimit(maxAtOnce)
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			_ = g.Wait() // conversations have no error of their own
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		g.Go(func() error {
			defer conn.Close()
			answer := d.converse(ctx, conn, b)
			if answer.Error != "" {
				log.Warn("control request refused", slog.String("error", answer.Error))
			}
			_ = json.NewEncoder(conn).Encode(answer) // whoever left needs no answer
			return nil
		})
	}
}

func (d Door) converse(ctx context.Context, conn *net.UnixConn, b Box) Answer {
	_ = conn.SetDeadline(time.Now().Add(patience)) // the socket has deadlines
	if err := d.trusted(conn); err != nil {
		return Answer{Error: err.Error()}
	}
	line, err := bufio.NewReader(io.LimitReader(conn, max(maxRequest, d.Longest))).ReadBytes('\n')
	if err != nil {
		return Answer{Error: "a request is one line of JSON"}
	}
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return Answer{Error: "a request is one line of JSON"}
	}
	if !slices.Contains(d.Asks, r.Ask) {
		return Answer{Error: fmt.Sprintf("nothing answers to %q", r.Ask)}
	}
	limit := patience
	if r.Ask == AskDoctor || r.Ask == AskChangeHTTPS || r.Ask == AskSweep || r.Ask == AskFormer {
		limit = looking
	}
	_ = conn.SetDeadline(time.Now().Add(limit + patience))
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var answer Answer
	switch r.Ask {
	case AskStatus:
		answer.Services, err = b.Status(ctx)
	case AskRestart:
		if err = b.Restart(ctx, r.Service); err == nil {
			answer.Services, err = b.Status(ctx)
		}
	case AskDoctor, AskPosture:
		look := b.Posture
		switch {
		case r.Ask == AskDoctor:
			look = b.Doctor
		case r.Fresh:
			look = b.Fresh
		}
		var report posture.Report
		report, err = look(ctx)
		answer.Posture = &report
	case AskLogs:
		var page journal.Page
		page, err = b.Logs(ctx, r.Lines, r.Wait)
		answer.Logs = &page
	case AskOutgoing:
		var report ledger.Report
		report, err = b.Outgoing(ctx)
		answer.Outgoing = &report
	case AskSeal:
		answer.Sealed, err = b.Seal(ctx, r.Recipient)
	case AskSweep:
		answer.Swept, err = b.Sweep(ctx, r.Texts)
	case AskRestore:
		err = b.Restore(ctx, r.Key)
	case AskFormer:
		answer.Former, err = b.Former(ctx, r.Act)
	case AskServiceToken:
		var seen servicetoken.Seen
		seen, err = b.ServiceToken(ctx, r.Token)
		answer.Token = &seen
	case AskNotices, AskChangeNotices:
		if r.Ask == AskChangeNotices && r.Notices != nil {
			err = b.ChangeNotices(ctx, *r.Notices)
		}
		if err == nil {
			var state places.State
			state, err = b.Notices(ctx)
			answer.Notices = &state
		}
	case AskStorage, AskChangeStorage:
		if r.Ask == AskChangeStorage && r.Storage != nil {
			err = b.ChangeStorage(ctx, *r.Storage)
		}
		if err == nil {
			var state places.StorageState
			state, err = b.Storage(ctx)
			answer.Storage = &state
		}
	case AskHTTPS, AskChangeHTTPS:
		if r.Ask == AskChangeHTTPS && r.Change != nil {
			err = b.ChangeHTTPS(ctx, *r.Change)
		}
		if err == nil {
			var state https.State
			state, err = b.HTTPS(ctx)
			answer.HTTPS = &state
		}
	default:
		err = fmt.Errorf("nothing answers to %q", r.Ask)
	}
	switch {
	case errors.Is(err, journal.ErrUnknown):
		return Answer{Error: err.Error(), Code: codeUnknown}
	case errors.Is(err, journal.ErrQuery):
		return Answer{Error: err.Error(), Code: codeQuery}
	case err != nil:
		answer = Answer{Error: err.Error()}
		if told := https.Told(err); told.Code != "" {
			answer.Fault = told
		}
		answer.Misplace, _ = errors.AsType[*places.Fault](err)
	}
	return answer
}

// trusted asks the kernel who connected.
func (d Door) trusted(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var who *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return d.judge(who.Uid, os.Geteuid())
}

func (d Door) judge(peer uint32, me int) error {
	if weaken.Without(weaken.Peer) || peer == 0 || int(peer) == me || d.UID != 0 && int(peer) == d.UID {
		return nil
	}
	return fmt.Errorf("user %d may not command the box", peer)
}
