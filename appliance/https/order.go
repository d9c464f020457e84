package https

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/orders"
)

// Ordering is what the configuration says of orders.
type Ordering struct {
	Directory      string
	Email          string
	FixedDirectory bool // the configuration decides, and not the owner
	FixedEmail     bool
	// Roots reads what alone vouches for the authority, in PEM; empty: the usual
	// ones.
	Roots func() ([]byte, error)
}

// Order is what the owner orders at run time.
type Order struct {
	Directory string   `json:"directory,omitempty"` // empty: that of the configuration
	Email     string   `json:"email,omitempty"`
	Names     []string `json:"names,omitempty"`  // besides the configured ones
	Agreed    string   `json:"agreed,omitempty"` // the directory whose terms are agreed to
}

// Wish is what is to be ordered; false: no order is wanted.
func (s Setup) Wish() (orders.Wish, bool) {
	w := orders.Wish{Directory: s.Options.Order.Directory, Email: s.Options.Order.Email}
	var names []string
	if o := s.Choice.Order; o != nil {
		if o.Directory != "" && !s.Options.Order.FixedDirectory {
			w.Directory = o.Directory
		}
		if !s.Options.Order.FixedEmail {
			w.Email = o.Email
		}
		names = o.Names
	}
	w.Names = orders.Fitting(w.Directory, slices.Concat(s.Options.Names(), names))
	return w, s.Mode() == ACME || s.Choice.Wanted
}

// order takes up what is to be ordered, and judges what would be.
func (s *Setup) order(c Change, now time.Time) error {
	if c.Order != nil {
		o := *c.Order
		o.Directory, o.Email = strings.TrimSpace(o.Directory), strings.TrimSpace(o.Email)
		if o.Directory == "" || s.Options.Order.FixedDirectory {
			o.Directory = s.Options.Order.Directory
		}
		if err := o.judge(); err != nil {
			return err
		}
		o.Names, o.Agreed = orders.Fitting(o.Directory, o.Names), ""
		if before := s.Choice.Order; c.Agree {
			o.Agreed = o.Directory
		} else if before != nil && before.Agreed == o.Directory {
			o.Agreed = before.Agreed
		}
		s.Choice.Order = &o
	}
	w, wanted := s.Wish()
	switch {
	case !wanted || c.Mode == "" && c.Order == nil:
		return nil
	case len(w.Names) == 0:
		return orders.Faultf(orders.NoNames, "there is no name that an authority could vouch for")
	case len(w.Names) > orders.MaxNames:
		return orders.Faultf(orders.BadOrder, "more than %d names are given", orders.MaxNames)
	case !s.Fixed && (s.Choice.Order == nil || s.Choice.Order.Agreed != w.Directory):
		return orders.Faultf(orders.Terms, "the terms of the authority at %s are not agreed to", w.Host())
	}
	if s.Choice.Wanted && s.Arrived(now) != nil {
		s.Choice.Mode, s.Choice.Wanted = ACME, false // it is there from before
	}
	return nil
}

func (o Order) judge() error {
	u, err := url.Parse(o.Directory)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(o.Directory) > 500 || strings.ContainsFunc(o.Directory, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return orders.Faultf(orders.BadOrder, "%.100q is no https address of an authority's directory", o.Directory)
	}
	if o.Email != "" {
		if a, err := mail.ParseAddress(o.Email); err != nil || a.Address != o.Email || len(o.Email) > 250 {
			return orders.Faultf(orders.BadOrder, "%.100q is no e-mail address", o.Email)
		}
	}
	for _, name := range o.Names {
		if !orders.Fit(o.Directory, name) {
			return orders.Faultf(orders.BadOrder, "%.100q is no name that an authority could vouch for", name)
		}
	}
	return nil
}

// Arrived is the certificate that an authority made for what is wished now, and
// that has not ended; nil: there is none.
func (s Setup) Arrived(now time.Time) *certs.Pair {
	w, _ := s.Wish()
	p := s.Store.Ordered(now)
	if p == nil || !s.Book().Fits(w, p) || !now.Before(p.Expires()) {
		return nil
	}
	return p
}

// ordered is what is presented for ACME: what an authority made, even when it
// has ended or is for other names, and until there is one a certificate of the
// box's own that stands in.
func (s Setup) ordered(now time.Time) (*certs.Pair, error) {
	if p := s.Store.Ordered(now); p != nil {
		return p, nil
	}
	w, _ := s.Wish()
	return s.Store.SelfSigned(slices.Concat(s.All(), w.Names), s.Passing(), now)
}

// StandsIn reports that p stands in for one that an authority has not made yet.
func (s Setup) StandsIn(p *certs.Pair) bool { return s.Mode() == ACME && s.Store.Ours(p) }

// Adopt is s once p, which an authority made, is presented.
func (s Setup) Adopt(p *certs.Pair) (Setup, error) {
	for _, pin := range s.Choice.Pins {
		if pin.Held() && !p.Covers(pin.Name) {
			return s, faultf(Uncovered, "browsers were told that %s is opened over HTTPS only, and the certificate is not for that name", pin.Name)
		}
	}
	if s.Choice.Wanted {
		s.Choice.Mode, s.Choice.Wanted = ACME, false
	}
	return s, nil
}

// keepsPromises judges whether what is ordered will be for each name that
// browsers were told is opened over HTTPS only.
func (s Setup) keepsPromises() error {
	w, wanted := s.Wish()
	for _, pin := range s.Choice.Pins {
		if wanted && pin.Held() && !slices.Contains(w.Names, pin.Name) {
			return faultf(Uncovered, "browsers were told that %s is opened over HTTPS only, and no certificate is ordered for that name", pin.Name)
		}
	}
	return nil
}

const bookFile = "orders.json"

// Book is what is known of earlier orders. One that cannot be read is told, and
// begun anew.
func (s Setup) Book() orders.Book {
	var b orders.Book
	text, err := s.Store.Note(bookFile)
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Log.Warn("what is known of earlier orders cannot be read", slog.Any("error", err))
		return orders.Book{}
	}
	return b
}

// SaveBook keeps it for the next run.
func (s Setup) SaveBook(b orders.Book) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return s.Store.PutNote(bookFile, text)
}

// Ordered is how an order is, for those who show it.
type Ordered struct {
	Wanted bool `json:"wanted,omitempty"` // it takes over once there is a certificate
	// Serves says that what an authority made is presented; else a certificate of
	// the box's own stands in, or another way of serving goes on.
	Serves bool `json:"serves,omitempty"`

	Directory      string   `json:"directory"`
	FixedDirectory bool     `json:"fixed_directory,omitempty"`
	Email          string   `json:"email,omitempty"`
	FixedEmail     bool     `json:"fixed_email,omitempty"`
	Names          []string `json:"names,omitempty"`        // all that are ordered
	Chosen         []string `json:"chosen_names,omitempty"` // those that were chosen
	Agreed         bool     `json:"agreed,omitempty"`       // to the terms of the authority
	Terms          string   `json:"terms,omitempty"`        // where they are; empty: not known yet

	Step    orders.Step      `json:"step,omitempty"`    // empty: no order runs
	Next    time.Time        `json:"next,omitzero"`     // when the box orders by itself
	Free    time.Time        `json:"free,omitzero"`     // when it may be asked to
	Past    []orders.Outcome `json:"past,omitempty"`    // of all orders, the latest last
	Problem *Problem         `json:"problem,omitempty"` // of the last order
}

// Ordered is what is known without asking who orders.
func (s Setup) Ordered(b orders.Book, now time.Time) Ordered {
	w, wanted := s.Wish()
	o := Ordered{
		Wanted: s.Choice.Wanted, Past: b.Past, Directory: w.Directory, Email: w.Email, Names: w.Names,
		FixedDirectory: s.Options.Order.FixedDirectory, FixedEmail: s.Options.Order.FixedEmail,
		Agreed: s.Fixed && s.Options.Mode == ACME,
	}
	if c := s.Choice.Order; c != nil {
		o.Chosen, o.Agreed = c.Names, o.Agreed || c.Agreed == w.Directory
	}
	if b.Made != nil && b.Made.Directory == w.Directory {
		o.Terms = b.Made.Terms
	}
	if !wanted {
		return o
	}
	o.Problem = s.trouble(b)
	if len(w.Names) > 0 {
		o.Next, o.Free = b.Due(w, s.Store.Ordered(now), now), b.Free(w, now)
	}
	return o
}

// trouble is what stands in the way of a certificate.
func (s Setup) trouble(b orders.Book) *Problem {
	w, _ := s.Wish()
	switch {
	case len(w.Names) == 0:
		return Told(orders.Faultf(orders.NoNames, "there is no name that an authority could vouch for"))
	case b.Problem == nil || !b.Wish.Same(w):
		return nil
	}
	p := Told(b.Problem.Fault())
	p.Detail, p.Until = b.Problem.Detail, b.Problem.Until
	return p
}
