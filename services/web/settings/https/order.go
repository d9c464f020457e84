package https

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Order is how an order is.
type Order struct {
	Running bool // it does, or begins in a moment
	Text    string
	Steps   []Step
	Problem *shell.Problem // why the last one came to nothing; nil while one runs
	Quote   string         // the authority's words about it
	Again   *shell.Moment  // when the box tries again
	Paused  *shell.Moment  // when the authority wants to be asked again
	Free    bool           // it can be asked now
	Serves  bool           // the one before is presented meanwhile
	Fault   string         // why it is not asked now
}

// Step is a part of an order.
type Step struct{ Name, Text, State string } // done, now or later

// order is nil when there is nothing to say.
func (p *Page) order(h library.HTTPS) *Order {
	o := h.Order
	if !o.Wanted && h.Mode != library.HTTPSACME {
		return nil
	}
	w := p.W.Order
	due := o.Problem == nil && !o.Next.IsZero() && !o.Next.After(p.Now)
	out := &Order{Running: o.Step != "" || due, Serves: o.Serves}
	if !out.Running && o.Problem == nil {
		return nil // it is there, and renewed in time
	}
	host, names := hostOf(o.Directory), strings.Join(o.Names, ", ")
	out.Text = fmt.Sprintf(w.Wanted, names, host)
	if out.Running {
		out.Steps = steps(w, o.Step, host, names)
		return out
	}
	out.Problem = &shell.Problem{Message: w.Failed, Hint: p.W.HTTPSFault(o.Problem.Code, o.Problem.Message, o.Problem.Hint)}
	out.Quote = o.Problem.Quote
	out.Free = len(o.Names) > 0 && !o.Free.After(p.Now)
	out.Again = p.later(o.Next)
	out.Paused = p.later(o.Problem.Until)
	return out
}

func (p *Page) later(t time.Time) *shell.Moment {
	if !t.After(p.Now) {
		return nil
	}
	m := p.Exactly(t)
	return &m
}

func steps(w words.Order, at library.HTTPSStep, host, names string) []Step {
	all := []Step{
		{Name: string(library.HTTPSAsking), Text: fmt.Sprintf(w.Asking, host)},
		{Name: string(library.HTTPSChallenge), Text: fmt.Sprintf(w.Challenge, names)},
		{Name: string(library.HTTPSMaking), Text: w.Making},
		{Name: string(library.HTTPSSwitching), Text: w.Switching},
	}
	now := max(0, slices.IndexFunc(all, func(s Step) bool { return s.Name == string(at) }))
	for n := range all {
		switch {
		case n < now:
			all[n].State = "done"
		case n == now:
			all[n].State = "now"
		default:
			all[n].State = "later"
		}
	}
	return all
}

// hostOf is the authority as the owner knows it.
func hostOf(directory string) string {
	u, err := url.Parse(directory)
	if err != nil {
		return directory
	}
	return u.Host
}

// OrderForm is what can be ordered.
type OrderForm struct {
	Names           string // one on each line
	Fixed           string // those of the configuration
	Email           string
	EmailLocked     bool
	Directory       string
	DirectoryLocked bool
	Host            string // of the authority
	Terms           string // where its terms are; empty: it did not say yet
	Agree           bool   // it has to be agreed to them, here
	Agreed          bool
}

// termsOfLetsEncrypt is where they stand, whichever is in force.
const termsOfLetsEncrypt = "https://letsencrypt.org/repository/"

func orderForm(h library.HTTPS, reached []string) OrderForm {
	o := h.Order
	f := OrderForm{
		Email: o.Email, EmailLocked: o.EmailLocked, Directory: o.Directory, DirectoryLocked: o.DirectoryLocked,
		Host: hostOf(o.Directory), Terms: o.Terms, Agree: !h.Locked, Agreed: o.Agreed,
	}
	if f.Terms == "" && strings.HasSuffix(strings.TrimSuffix(f.Host, ":443"), ".letsencrypt.org") {
		f.Terms = termsOfLetsEncrypt
	}
	names := slices.Clone(o.Chosen)
	if len(names) == 0 && !o.Wanted && h.Mode != library.HTTPSACME {
		for _, name := range reached {
			if full(name) && !slices.Contains(o.Names, name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	f.Names = strings.Join(names, "\n")
	var fixed []string
	for _, name := range o.Names {
		if slices.Contains(h.FixedNames, name) {
			fixed = append(fixed, name)
		}
	}
	f.Fixed = strings.Join(fixed, ", ")
	return f
}

// full reports a name that could lead here from the internet.
func full(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") {
		return false
	}
	return !slices.ContainsFunc([]string{".localhost", ".local", ".lan", ".home.arpa", ".internal", ".fritz.box"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// again has a certificate ordered now.
func (s *site) again(c *gin.Context) {
	was, err := s.now(c)
	if err == nil {
		_, err = s.door.ChangeHTTPS(c.Request.Context(), library.HTTPSChange{Again: true})
	}
	s.answer(c, was, err, "order", func(p *Page, fault string) {
		if p.Order == nil {
			p.Order = &Order{}
		}
		p.Order.Fault = fault
	})
}
