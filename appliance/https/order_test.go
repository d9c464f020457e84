package https

import (
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/orders"
)

const directory = "https://ca.example.org/directory"

// ordering is a box that may order, and was told nothing.
func ordering(t *testing.T, change func(*Options)) Setup {
	t.Helper()
	s := setup(t)
	o := s.Options
	o.Order = Ordering{Directory: directory, Roots: func() ([]byte, error) { return nil, nil }}
	if change != nil {
		change(&o)
	}
	return Load(o)
}

// makes has an authority make a certificate for what s wishes, and notes it.
func (s Setup) makes(t *testing.T) *certs.Pair {
	t.Helper()
	w, _ := s.Wish()
	r, err := certs.NewRequest(w.Names)
	must(t, err)
	asked, err := x509.ParseCertificateRequest(r.DER)
	must(t, err)
	_, key := pair(t, "authority")
	block, _ := pem.Decode(key)
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: asked.DNSNames, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 3, 0)}
	der, err := x509.CreateCertificate(nil, c, c, asked.PublicKey, signer)
	must(t, err)
	p, err := r.Pair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), now)
	must(t, err)
	b := s.Book()
	b.Begin(w, now)
	b.Succeed(p, orders.Result{}, "account", now)
	must(t, s.Store.PutOrdered(p), s.SaveBook(b))
	return p
}

// What is ordered takes over once it is there, and not before.
func TestAnOrderTakesOver(t *testing.T) {
	s := ordering(t, nil)
	s, p := s.with(t, Change{Mode: ACME, Order: &Order{Names: []string{"Box.example.org."}}, Agree: true})
	w, wanted := s.Wish()
	if p != nil || s.Mode() != Off || !wanted || w.Directory != directory || !slices.Equal(w.Names, []string{"configured.example.org", "box.example.org"}) {
		t.Fatalf("%s, %+v", s.Mode(), w)
	}
	made := s.makes(t)
	next, err := s.Adopt(made)
	must(t, err, next.Save())
	s = Load(s.Options)
	if p, err = s.Pair(now); err != nil || s.Mode() != ACME || !p.Covers("box.example.org") || s.StandsIn(p) {
		t.Fatalf("%s %v", s.Mode(), err)
	}
	if o := s.Ordered(s.Book(), now); o.Wanted || !o.Next.After(now) || o.Problem != nil || len(o.Past) != 1 {
		t.Errorf("%+v", o)
	}
	// It is presented on when it has ended, and when other names are wished.
	if p, err := s.Pair(now.AddDate(1, 0, 0)); err != nil || p == nil || s.StandsIn(p) {
		t.Errorf("ended: %v", err)
	}
	s, p = s.with(t, Change{Order: &Order{Names: []string{"box.example.org", "two.example.org"}}})
	if w, _ := s.Wish(); len(w.Names) != 3 || p.Covers("two.example.org") || !p.Covers("box.example.org") {
		t.Errorf("other names: %q", w.Names)
	}
	// Another way and back again needs no other order.
	s, _ = s.with(t, Change{Order: &Order{Names: []string{"box.example.org"}}})
	s, _ = s.with(t, Change{Mode: SelfSigned})
	if _, wanted := s.Wish(); wanted {
		t.Error("it is wanted although another way is chosen")
	}
	if s, p = s.with(t, Change{Mode: ACME}); s.Mode() != ACME || !p.Covers("box.example.org") || s.Choice.Wanted {
		t.Errorf("back again: %s", s.Mode())
	}
}

// A wish is withdrawn by any other choice, that of what there is included.
func TestAnOrderIsWithdrawn(t *testing.T) {
	s := ordering(t, nil)
	s, _ = s.with(t, Change{Mode: SelfSigned})
	s, p := s.with(t, Change{Mode: ACME, Order: &Order{Names: []string{"box.example.org"}}, Agree: true})
	if s.Mode() != SelfSigned || p == nil || !s.Choice.Wanted {
		t.Fatalf("%s", s.Mode())
	}
	if s, _ = s.with(t, Change{Mode: SelfSigned}); s.Choice.Wanted {
		t.Error("it is wanted on")
	}
}

func TestOrdersThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		change Change
		code   certs.Code
	}{
		"an address":         {Change{Order: &Order{Names: []string{"10.0.0.1"}}, Agree: true}, orders.BadOrder},
		"no name":            {Change{Order: &Order{Names: []string{"a b"}}, Agree: true}, orders.BadOrder},
		"a pattern":          {Change{Order: &Order{Names: []string{"*.example.org"}}, Agree: true}, orders.BadOrder},
		"plain http":         {Change{Order: &Order{Directory: "http://ca.example.org/"}, Agree: true}, orders.BadOrder},
		"a directory's user": {Change{Order: &Order{Directory: "https://me:secret@ca.example.org/"}, Agree: true}, orders.BadOrder},
		"no mail":            {Change{Order: &Order{Email: "Ada <ada@example.org>"}, Agree: true}, orders.BadOrder},
		"no terms":           {Change{Order: &Order{}}, orders.Terms},
		"nothing agreed yet": {Change{}, orders.Terms},
	} {
		row.change.Mode = ACME
		if _, _, err := ordering(t, nil).With(row.change, now); code(err) != row.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	lone := ordering(t, func(o *Options) {
		o.Names = func() []string { return []string{"nas.lan", "192.168.1.5"} }
		o.Order.Directory = orders.LetsEncrypt
	})
	if _, _, err := lone.With(Change{Mode: ACME, Order: &Order{}, Agree: true}, now); code(err) != orders.NoNames {
		t.Errorf("no name that counts: %v", err)
	}
	if _, _, err := lone.With(Change{Mode: ACME, Order: &Order{Names: []string{"nas.lan"}}, Agree: true}, now); code(err) != orders.BadOrder {
		t.Errorf("a local name: %v", err)
	}
	var many []string
	for n := range orders.MaxNames + 1 {
		many = append(many, string(rune('a'+n/26))+string(rune('a'+n%26))+".example.org")
	}
	if _, _, err := ordering(t, nil).With(Change{Mode: ACME, Order: &Order{Names: many}, Agree: true}, now); code(err) != orders.BadOrder {
		t.Errorf("too many: %v", err)
	}
}

// Whoever agreed to one authority's terms did not to another's.
func TestTermsAreAnAuthoritys(t *testing.T) {
	s := ordering(t, nil)
	s, _ = s.with(t, Change{Mode: ACME, Order: &Order{}, Agree: true})
	s, _ = s.with(t, Change{Order: &Order{Names: []string{"two.example.org"}}})
	if _, _, err := s.With(Change{Order: &Order{Directory: "https://other.example.org/directory"}}, now); code(err) != orders.Terms {
		t.Errorf("%v", err)
	}
}

// The configuration orders without being asked, and what stands in until then
// does not lock anybody out.
func TestOrderedByConfiguration(t *testing.T) {
	s := ordering(t, func(o *Options) {
		o.Mode, o.Fixed = ACME, true
		o.Order.FixedDirectory, o.Order.FixedEmail, o.Order.Email = true, true, "ada@example.org"
	})
	p, err := s.Pair(now)
	if err != nil || !p.Covers("configured.example.org") || !s.StandsIn(p) {
		t.Fatalf("%v", err)
	}
	s, _ = s.with(t, Change{Order: &Order{Directory: "https://other.example.org/", Email: "eve@example.org", Names: []string{"two.example.org"}}})
	if w, wanted := s.Wish(); !wanted || w.Directory != directory || w.Email != "ada@example.org" || !slices.Equal(w.Names, []string{"configured.example.org", "two.example.org"}) {
		t.Errorf("%+v", w)
	}
	if _, _, err := s.With(Change{Mode: Off}, now); code(err) != Decided {
		t.Errorf("%v", err)
	}
	nameless := ordering(t, func(o *Options) {
		o.Mode, o.Fixed, o.Names = ACME, true, func() []string { return nil }
	})
	if p, err := nameless.Pair(now); err != nil || p == nil {
		t.Errorf("a box without a name: %v", err)
	}
	if o := nameless.Ordered(nameless.Book(), now); o.Problem == nil || o.Problem.Code != orders.NoNames || !o.Next.IsZero() {
		t.Errorf("a box without a name: %+v", o)
	}
}

// What browsers were told is kept to by what is ordered.
func TestOrdersKeepPromises(t *testing.T) {
	s := ordering(t, nil)
	s, _ = s.with(t, Change{Mode: SelfSigned, Names: &[]string{"box.example.org"}})
	s, _ = s.with(t, Change{Pin: &Pin{Name: "box.example.org"}})
	if _, _, err := s.With(Change{Mode: ACME, Order: &Order{}, Agree: true}, now); code(err) != Uncovered {
		t.Errorf("%v", err)
	}
	s, _ = s.with(t, Change{Mode: ACME, Order: &Order{Names: []string{"box.example.org"}}, Agree: true})
	if _, err := s.Adopt(s.makes(t)); err != nil {
		t.Error(err)
	}
	chain, key := pair(t, "other.example.org")
	other, err := certs.Parse(chain, key, now)
	must(t, err)
	if _, err := s.Adopt(other); code(err) != Uncovered {
		t.Errorf("%v", err)
	}
}

// What went wrong is told with what the authority said, until the wish is
// another one.
func TestTroubleIsTold(t *testing.T) {
	s := ordering(t, nil)
	s, _ = s.with(t, Change{Mode: ACME, Order: &Order{}, Agree: true})
	w, _ := s.Wish()
	var b orders.Book
	b.Begin(w, now)
	b.Fail(&orders.Failure{Code: orders.Elsewhere, What: "another answer", Detail: "404", Name: "box.example.org"}, now)
	must(t, s.SaveBook(b))
	p := s.State(now).Order.Problem
	if p == nil || p.Code != orders.Elsewhere || p.Detail != "404" || p.Remedy == "" || p.String() != "another answer (box.example.org): 404. "+p.Remedy {
		t.Errorf("%+v", p)
	}
	s, _ = s.with(t, Change{Order: &Order{Names: []string{"two.example.org"}}})
	if p := s.State(now).Order.Problem; p != nil {
		t.Errorf("%+v", p)
	}
	must(t, s.Store.PutNote(bookFile, []byte("{cut")))
	if b := s.Book(); len(b.Past) > 0 || b.Problem != nil {
		t.Errorf("%+v", b)
	}
}
