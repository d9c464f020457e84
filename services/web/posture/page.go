// Package posture is the page on which the box shows how it keeps its claims.
package posture

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Sentence string
	Tone     string
	Checked  *shell.Moment // nil: the box has not looked yet
	Groups   []Group
	// Diagnostics says that a file can be made to give away.
	Diagnostics bool
}

// Group is the claims about one part of the box.
type Group struct {
	ID, Name, Tally string
	Rows            []Row
}

// Row is one claim.
type Row struct {
	ID, Title, Claim string
	Status           shell.Status
	Open             bool // without being asked
	Facts            []Fact
}

// Fact is a line of what a row opens to. The box speaks English of what it
// saw.
type Fact struct {
	Label, Text string
	English     bool
}

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	view  *shell.View
	helps bool
}

// New parses the page. It leads to diagnostics where they can be made.
func New(s *shell.Shell, helps bool) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "posture", Style: "posture"})
	return &Site{shell: s, view: v, helps: helps}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page.
func (s *Site) Register(r gin.IRouter) { r.GET("/posture", s.get) }

func (s *Site) get(c *gin.Context) {
	if s.shell.Watch == nil {
		s.shell.Fail(c, &library.Error{Kind: library.NotFound, Message: "Nothing here looks at the box."})
		return
	}
	posture, err := s.shell.Watch.Posture(c.Request.Context())
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	w := s.shell.WordsFor(c)
	p := &Page{Frame: s.shell.Frame(c, s.view, "posture", w.Box.Title), Diagnostics: s.helps}
	p.fill(posture)
	s.view.Render(c, http.StatusOK, p)
}

func (p *Page) fill(posture library.Posture) {
	w := p.W
	p.Sentence, p.Tone = w.Box.NotYet, "idle"
	if posture.CheckedAt.IsZero() {
		return
	}
	at := p.Moment(posture.CheckedAt)
	p.Checked, p.Sentence, p.Tone = &at, sentence(w, posture.Tally()), shell.Tone(posture.Standing())
	for _, g := range groups(w) {
		hold, shown := 0, 0
		for _, claim := range posture.Claims {
			if claim.Group != g.ID {
				continue
			}
			g.Rows = append(g.Rows, row(w, claim))
			if !claim.Later && claim.Standing != library.Unseen {
				shown++
			}
			if claim.Standing == library.Holds {
				hold++
			}
		}
		if shown > 0 {
			g.Tally = w.Number(hold) + " / " + w.Number(shown)
		}
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
}

// sentence says how the claims stand: how many hold, and of each other standing
// that there is.
func sentence(w *words.Words, t library.Tally) string {
	parts := []string{w.For(w.Box.Hold, t.Hold)}
	for _, more := range []struct {
		text words.Plural
		n    int
	}{{w.Box.Partly, t.Partly}, {w.Box.NeedYou, t.Broken}, {w.Box.Later, t.Later}, {w.Box.Unseen, t.Unseen}} {
		if more.n > 0 {
			parts = append(parts, w.For(more.text, more.n))
		}
	}
	return w.For(w.Box.Claims, t.Claims) + ": " + strings.Join(parts, ", ") + "."
}

// groups are those of init, in its order.
func groups(w *words.Words) []Group {
	return []Group{
		{ID: "files", Name: w.Box.Files}, {ID: "processes", Name: w.Box.Processes}, {ID: "sign-in", Name: w.Box.SignIn},
		{ID: "web", Name: w.Box.Browser}, {ID: "documents", Name: w.Box.Documents}, {ID: "network", Name: w.Box.Network},
		{ID: "backups", Name: w.Box.Backups},
	}
}

func row(w *words.Words, c library.Claim) Row {
	said := w.Claim(c.ID, words.Claim{Title: c.Title, Text: c.Text, Against: c.Against, Remedy: c.Remedy})
	r := Row{ID: c.ID, Title: said.Title, Claim: said.Text, Open: c.Standing == library.Broken}
	r.Status = shell.Status{Text: w.Box.StateUnseen, Tone: shell.Tone(c.Standing)}
	switch {
	case c.Standing == library.Holds:
		r.Status.Text = w.Box.StateHolds
	case c.Standing == library.Partly:
		r.Status.Text = w.Box.StatePartly
	case c.Standing == library.Broken:
		r.Status.Text = w.Box.StateBroken
	case c.Later:
		r.Status.Text = w.Box.StateLater
	}
	r.Facts = append(r.Facts, Fact{w.Box.Evidence, sentenceCase(c.Evidence), true}, Fact{Label: w.Box.Against, Text: sentenceCase(said.Against)})
	if c.Remedy != "" && c.Standing != library.Unseen {
		r.Facts = append(r.Facts, Fact{Label: w.Box.Remedy, Text: said.Remedy})
	}
	return r
}

// sentenceCase makes a clause stand alone.
func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	first := strings.ToUpper(s[:1])
	if s[0] >= 0x80 || strings.HasPrefix(s, "pid ") || strings.HasPrefix(s, "control.sock") || strings.HasPrefix(s, "session-key") {
		first = s[:1]
	}
	return strings.TrimSuffix(first+s[1:], ".") + "."
}
