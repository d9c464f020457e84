// Package activity is the page of jobs: running, waiting, failed, and what was
// finished today.
package activity

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Notice  string
	Failed  Group
	Running Group
	Waiting Group
	Done    Group
	Quiet   bool
}

// Group is the jobs of one state.
type Group struct {
	ID, Heading, Count, More string
	Again, Stop              string // what the buttons say
	Rows                     []Row

	all int // those not shown too
}

// Row is one job.
type Row struct {
	ID       library.SourceID
	Link     string
	Title    string
	State    string
	Tone     string
	Why      string
	Updated  shell.Moment
	Bar      bool
	BarValue int
	BarMax   int
	Retry    string // where the form goes; empty: no such button
	Stop     string
}

// State is the fragment that keeps the rail up to date.
type State struct{ shell.Frame }

// most is how many jobs of one state are shown.
const most = 50

// mostParts is how many parts of the list of jobs are read; failed ones stand
// behind what waits.
const mostParts = 10

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	view  *shell.View
	state *shell.View
}

// New parses the page.
func New(s *shell.Shell) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "activity"})
	if err != nil {
		return nil, err
	}
	st, err := s.View(shell.Sheets{Page: "state", Entry: "state"})
	return &Site{shell: s, view: v, state: st}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// StateView is the fragment's template.
func (s *Site) StateView() *shell.View { return s.state }

// Register adds the page and its fragment.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/activity", s.get)
	r.GET("/activity/state", func(c *gin.Context) {
		s.state.Render(c, http.StatusOK, &State{s.shell.Frame(c, s.state, "", "")})
	})
}

func (s *Site) get(c *gin.Context) {
	jobs, err := s.all(c)
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	w := s.shell.WordsFor(c)
	p := &Page{Frame: s.shell.Frame(c, s.view, "activity", w.Activity.Title)}
	switch c.Query("done") {
	case "retried":
		p.Notice = w.Reader.Retried
	case "stopped":
		p.Notice = w.Reader.Stopped
	case "added":
		p.Notice = w.Sources.Added
	}
	p.Failed = Group{ID: "failed", Heading: w.Activity.Failed}
	p.Running = Group{ID: "running", Heading: w.Activity.Running}
	p.Waiting = Group{ID: "waiting", Heading: w.Activity.Waiting}
	p.Done = Group{ID: "done", Heading: w.Activity.Done}

	for _, j := range jobs {
		switch j.State {
		case library.JobRunning:
			p.add(&p.Running, j)
		case library.JobWaiting:
			p.add(&p.Waiting, j)
		case library.JobFailed:
			p.add(&p.Failed, j)
		case library.JobDone:
			if sameDay(j.UpdatedAt, p.Now) {
				p.add(&p.Done, j)
			}
		}
	}
	counts := s.shell.Library.JobCounts()
	p.count(&p.Failed, counts[library.JobFailed])
	p.count(&p.Running, counts[library.JobRunning])
	p.count(&p.Waiting, counts[library.JobWaiting])
	p.count(&p.Done, 0)
	p.Quiet = len(p.Failed.Rows)+len(p.Running.Rows)+len(p.Waiting.Rows) == 0
	s.view.Render(c, http.StatusOK, p)
}

// all reads the list of jobs, as far as a page can show it.
func (s *Site) all(c *gin.Context) ([]library.Job, error) {
	var jobs []library.Job
	cursor := ""
	for range mostParts {
		l, err := s.shell.Library.Jobs(c.Request.Context(), library.Page{Limit: 200, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, l.Items...)
		if cursor = l.Next; cursor == "" {
			break
		}
	}
	return jobs, nil
}

func (p *Page) add(g *Group, j library.Job) {
	g.all++
	if len(g.Rows) < most {
		g.Rows = append(g.Rows, p.row(j))
	}
}

func (p *Page) row(j library.Job) Row {
	w := p.W
	at := p.Base + "/library/" + string(j.Source)
	r := Row{ID: j.Source, Link: at, Title: j.Title, Updated: p.Moment(j.UpdatedAt)}
	switch j.State {
	case library.JobRunning:
		r.State, r.Tone, r.Bar = shell.Progress(w, j.Progress), "busy", true
		r.BarValue, r.BarMax = j.Progress.Page, j.Progress.Total
		r.Stop = at + "/cancel?back=activity"
	case library.JobWaiting:
		r.State, r.Tone = w.States.Queued, "idle"
		if wait := j.NotBefore.Sub(p.Now); wait > 0 {
			again := fmt.Sprintf(w.Activity.NextTry, w.Wait(int(wait/time.Second)))
			r.State = fmt.Sprintf(w.States.WaitingAgain, again)
		}
		r.Stop = at + "/cancel?back=activity"
	case library.JobFailed:
		r.State, r.Tone, r.Why = w.States.Failed, "bad", shell.Why(w, j.Reason)
		r.Retry = at + "/retry?back=activity"
	case library.JobDone:
		r.State, r.Tone = w.Activity.DoneState, "ok"
	}
	return r
}

// count writes how many there are; known counts also those not listed.
func (p *Page) count(g *Group, known int) {
	g.Again, g.Stop = p.W.Activity.Retry, p.W.Activity.Stop
	all := max(known, g.all)
	g.Count = p.W.Number(all)
	if shown := len(g.Rows); shown < all {
		g.More = p.W.For(p.W.Activity.More, all-shown)
	}
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Local().Date()
	by, bm, bd := b.Local().Date()
	return ay == by && am == bm && ad == bd
}
