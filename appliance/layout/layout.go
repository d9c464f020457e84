// Package layout makes and mends the folders of the volume and of the run
// directory: a declared table of paths, owners and modes.
//
// It owns that table, the numeric users, and the one migration of stored files
// from one API user to another. It refuses to follow a link, to touch what is
// not in the table, and to walk the volume on an ordinary start.
package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/weaken"
)

// Owner is a numeric user and group.
type Owner struct{ UID, GID int }

func (o Owner) String() string { return fmt.Sprintf("%d:%d", o.UID, o.GID) }

// Roles are the users that files belong to. Without root they are all the one
// user there is.
type Roles struct{ Root, Edge, API, Worker, Parser, Egress, Sweeper Owner }

// RolesFor returns the roles for the user that runs this process, with api as
// the API's when that user is root.
func RolesFor(api Owner) Roles {
	if os.Geteuid() != 0 {
		me := Owner{os.Geteuid(), os.Getegid()}
		return Roles{Root: me, Edge: me, API: me, Worker: me, Parser: me, Egress: me, Sweeper: me}
	}
	return Roles{
		Edge: Owner{10001, 10001}, API: api, Worker: Owner{10003, 10003},
		Parser: Owner{10004, 10004}, Egress: Owner{10005, 10005}, Sweeper: Owner{10006, 10006},
	}
}

// Options say what to lay out.
type Options struct {
	Data  string
	Run   string
	Roles Roles
	Log   *slog.Logger
	// ProgressEvery is how often a migration says how far it is; 0: 2 seconds.
	ProgressEvery time.Duration

	statfs func(path string, st *unix.Statfs_t) error // nil: the kernel's
}

// Report counts what was done.
type Report struct {
	Checked  int      // rows of the table
	Made     []string // paths that were missing
	Repaired []string // paths whose owner or mode was wrong
	Moved    int      // files handed to a new API user
}

// Problem is a row that could not be made right, with the remedy.
type Problem struct {
	Path   string
	What   string
	Remedy string
	cause  error
}

func (p *Problem) Error() string { return p.Path + " " + p.What + ". " + p.Remedy }

func (p *Problem) Unwrap() error { return p.cause }

// Problems are all that stand in the way of a start.
type Problems []*Problem

// Error has a line for each problem. A remedy that serves several stands once,
// after the last of them.
func (p Problems) Error() string {
	var lines []string
	for n, each := range p {
		line := each.Path + " " + each.What + "."
		if n == len(p)-1 || p[n+1].Remedy != each.Remedy {
			line += " " + each.Remedy
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// place is one row of the table.
type place struct {
	name  string // below its base; "." is the base
	owner Owner
	mode  uint32
	file  bool // a file, left alone when missing; else a folder
	// fleeting is a folder that each start may find empty, so that a link, a
	// FIFO, a socket or a device in its place is removed.
	fleeting bool
}

func dataPlaces(r Roles) []place {
	return []place{
		{name: ".", owner: r.Root, mode: 0o755},
		{name: "config", owner: r.Root, mode: 0o755},
		{name: "secrets", owner: r.Root, mode: 0o711},
		{name: "secrets/tls", owner: r.Root, mode: 0o711},
		{name: "secrets/tls/edge", owner: Owner{r.Root.UID, r.Edge.GID}, mode: 0o750},
		{name: "store", owner: r.API, mode: 0o700},
		{name: "blobs", owner: r.API, mode: 0o700},
		{name: "backups", owner: r.API, mode: 0o700},
		{name: "restore", owner: r.Root, mode: 0o755},
		{name: "restore/staged", owner: r.API, mode: 0o700},
		{name: "witness", owner: r.API, mode: 0o700},
		{name: "logs", owner: r.Root, mode: 0o755},
		{name: "outgoing.json", owner: r.Root, mode: 0o600, file: true},
		{name: "service-token", owner: r.API, mode: 0o600, file: true},
	}
}

func runPlaces(r Roles) []place {
	return []place{
		{name: ".", owner: r.Root, mode: 0o755},
		{name: "nginx", owner: r.Edge, mode: 0o700, fleeting: true},
		{name: "edge", owner: Owner{r.Root.UID, r.Edge.GID}, mode: 0o750, fleeting: true},
		{name: "acme", owner: Owner{r.Root.UID, r.Edge.GID}, mode: 0o750, fleeting: true},
		{name: "parser", owner: r.Parser, mode: 0o700, fleeting: true},
		{name: "box", owner: r.Root, mode: 0o755, fleeting: true},
	}
}

// Enforce makes the table true. Its error is Problems when the volume is at
// fault, and then nothing may start.
func Enforce(ctx context.Context, o Options) (Report, error) {
	l := &layer{Options: o, root: os.Geteuid() == 0}
	if data := l.base(o.Data); data != nil {
		defer data.Close()
		rows := dataPlaces(o.Roles)
		l.survey(data, append(rows, place{name: recordName, file: true}))
		// Before the table: the migration ends with the folders themselves, so
		// that their owner says whether it is complete.
		if len(l.problems) == 0 && l.root {
			if err := l.migrate(ctx, data); err != nil {
				l.problem(o.Data, err)
			}
		}
		if len(l.problems) == 0 {
			l.table(data, rows)
		}
	}
	if run := l.base(o.Run); run != nil {
		defer run.Close()
		l.table(run, runPlaces(o.Roles))
	}
	if len(l.problems) > 0 {
		return l.report, l.problems
	}
	if p := Remote(o); p != nil {
		o.Log.Warn("the volume", slog.String("problem", p.Error()))
	}
	return l.report, ctx.Err()
}

type layer struct {
	Options
	root     bool
	report   Report
	problems Problems
}

// base opens DATA or RUN, making it when there is nothing.
func (l *layer) base(path string) *beneath.Dir {
	err := os.MkdirAll(path, 0o755)
	if err == nil {
		var d *beneath.Dir
		if d, err = beneath.Base(path); err == nil {
			return d
		}
	}
	l.problem(path, err)
	return nil
}

// survey tells of all rows at once that something else lies in their place.
func (l *layer) survey(base *beneath.Dir, rows []place) {
	for _, row := range rows {
		info, err := base.Look(row.name)
		if err != nil || !row.strange(info) {
			continue // what cannot be looked at is told by whoever opens it
		}
		l.problem(base.Path(), &beneath.Refused{Path: path.Join(base.Path(), row.name), What: info.What(), File: row.file})
	}
}

// strange reports that something else than the row's lies in its place.
func (p place) strange(info beneath.Info) bool {
	if p.file {
		return !info.IsFile() || info.Links > 1
	}
	return !info.IsDir()
}

func (l *layer) table(base *beneath.Dir, rows []place) {
	failed := map[string]bool{}
	for _, row := range rows {
		l.report.Checked++
		if failed[path.Dir(row.name)] {
			failed[row.name] = true // for the same reason, which is told once
			continue
		}
		if err := l.row(base, row); err != nil {
			failed[row.name] = row.name != "." // its rows say whether it lets us in
			l.problem(base.Path()+"/"+row.name, err)
		}
	}
}

func (l *layer) row(base *beneath.Dir, row place) error {
	if row.fleeting {
		if err := l.clear(base, row); err != nil {
			return err
		}
	}
	open := base.Hold
	if row.file {
		open = base.File
	}
	n, err := open(row.name)
	if errors.Is(err, fs.ErrNotExist) {
		if row.file {
			return nil
		}
		if err := base.Mkdir(row.name, l.attributes(row)); err != nil {
			return err
		}
		l.report.Made = append(l.report.Made, base.Path()+"/"+row.name)
		return nil
	}
	if err != nil {
		return err
	}
	defer n.Close()
	if n.IsFile() && !row.file {
		return &beneath.Refused{Path: base.Path() + "/" + row.name, What: n.What()}
	}
	if n.UID == row.owner.UID && n.GID == row.owner.GID && n.Mode == row.mode {
		return nil
	}
	if !l.root {
		return l.asUser(base, row, n)
	}
	if n.UID != row.owner.UID || n.GID != row.owner.GID {
		if err := n.Own(row.owner.UID, row.owner.GID); err != nil {
			return err
		}
	}
	if err := n.Chmod(row.mode); err != nil {
		return err
	}
	l.report.Repaired = append(l.report.Repaired, base.Path()+"/"+row.name)
	return nil
}

// clear removes what holds no bytes from the place of a fleeting folder. A file
// is somebody's, and is refused like anywhere else.
func (l *layer) clear(base *beneath.Dir, row place) error {
	info, err := base.Look(row.name)
	if err != nil || info.IsDir() || info.IsFile() {
		return nil // Hold says what is wrong
	}
	if err := base.Unlink(row.name); err != nil {
		return err
	}
	at := base.Path() + "/" + row.name
	l.Log.Warn("something else was in the place of a folder of the box and is removed", slog.String("path", at), slog.String("was", info.What()))
	l.report.Repaired = append(l.report.Repaired, at)
	return nil
}

func (l *layer) attributes(row place) beneath.Attributes {
	a := beneath.Attributes{UID: row.owner.UID, GID: row.owner.GID, Mode: row.mode}
	if weaken.Without(weaken.FolderMode) {
		a.Mode |= 0o055
	}
	if !l.root {
		a.UID, a.GID = beneath.Keep, beneath.Keep
	}
	return a
}

// asUser settles for a folder that works: what is ours gets its mode, what is
// another's must let us write.
func (l *layer) asUser(base *beneath.Dir, row place, n *beneath.Node) error {
	if n.UID == os.Geteuid() {
		if n.Mode == row.mode {
			return nil
		}
		l.report.Repaired = append(l.report.Repaired, base.Path()+"/"+row.name)
		return n.Chmod(row.mode)
	}
	if row.name == "." {
		return nil // its rows say whether it lets us in
	}
	return unix.Access(base.Path()+"/"+row.name, unix.R_OK|unix.W_OK|unix.X_OK)
}
