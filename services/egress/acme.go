package egress

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
)

// Bounds of an order.
const (
	orderWithin = 3 * time.Minute
	pollWithin  = 2 * time.Minute
	maxOrder    = 8 << 20 // bytes from the authority
	maxNames    = 32
)

// authority serves what init asks an authority for.
func (t *talk) authority() error {
	if t.request.Issued != nil {
		return t.renewal(t.request.Issued)
	}
	return t.order()
}

// order gets a certificate. The challenge's answers are the caller's to serve.
func (t *talk) order() error {
	o := t.request.Order
	p, f := o.prepare()
	if f != nil {
		return f
	}
	return t.with(o.Directory, o.Roots, func(ctx context.Context, c acmez.Client) error {
		made, err := obtain(ctx, c, o, p)
		if err != nil {
			return err
		}
		return t.write(answer{Issued: &made})
	})
}

// renewal asks when a certificate is to be renewed.
func (t *talk) renewal(i *Issued) error {
	leaf, err := x509.ParseCertificate(i.Certificate)
	if err != nil {
		return failure(CodeInvalid, "The certificate to be renewed is damaged.")
	}
	return t.with(i.Directory, i.Roots, func(ctx context.Context, c acmez.Client) error {
		info, err := c.GetRenewalInfo(ctx, leaf)
		if errors.Is(err, acme.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.write(answer{Window: window(&info)})
	})
}

// with opens the way to an authority for use, and to nowhere else.
func (t *talk) with(at, roots string, use func(context.Context, acmez.Client) error) error {
	ctx, cancel := context.WithTimeout(t.ctx, orderWithin)
	defer cancel()
	hosts := &authority{}
	d := t.server.door(ACME, maxOrder)
	d.admit, d.roots = hosts.admit, t.server.roots(roots)
	if d.roots == nil {
		return failure(CodeInvalid, "The roots for the authority hold no certificate.")
	}
	if f := hosts.add(at); f != nil {
		t.refuse(hostOf(at), f)
		return f
	}
	client := d.client(func(*http.Request, []*http.Request) error {
		return failure(CodeRefused, "The authority leads elsewhere, which is not followed.")
	})
	defer client.CloseIdleConnections()
	polite := &patient{next: client.Transport}
	client.Transport = polite
	c := acmez.Client{
		Client: &acme.Client{
			Directory: at, HTTPClient: client, UserAgent: agent,
			PollInterval: time.Second, PollTimeout: pollWithin,
		},
		ChallengeSolvers: map[string]acmez.Solver{acme.ChallengeTypeHTTP01: solver{t}},
	}
	err := hosts.learn(ctx, c)
	if err == nil {
		err = use(ctx, c)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && t.ctx.Err() == nil:
		return failure(CodeTimeout, "The authority took longer than %v.", orderWithin)
	}
	return polite.judge(err)
}

// prepared is an order that makes sense.
type prepared struct {
	csr      *x509.CertificateRequest
	key      crypto.Signer
	replaces *x509.Certificate // nil: none
}

func (o *Order) prepare() (prepared, *Failure) {
	if o == nil {
		return prepared{}, failure(CodeInvalid, "There is no order.")
	}
	csr, err := x509.ParseCertificateRequest(o.CSR)
	if err != nil || csr.CheckSignature() != nil {
		return prepared{}, failure(CodeInvalid, "The request for signature is damaged.")
	}
	key, err := accountKey(o.Account)
	if err != nil {
		return prepared{}, failure(CodeInvalid, "The account's key is damaged.")
	}
	asked := csr.DNSNames
	for _, ip := range csr.IPAddresses {
		asked = append(asked, ip.String())
	}
	names := slices.Sorted(slices.Values(o.Names))
	slices.Sort(asked)
	switch {
	case len(names) == 0 || len(names) > maxNames:
		return prepared{}, failure(CodeInvalid, "An order has 1 to %d names.", maxNames)
	case !slices.Equal(names, asked):
		return prepared{}, failure(CodeInvalid, "The request for signature is for other names.")
	case !o.Agreed:
		return prepared{}, failure(CodeInvalid, "The authority's terms are not agreed to.")
	}
	p := prepared{csr: csr, key: key}
	if len(o.Replaces) > 0 {
		if p.replaces, err = x509.ParseCertificate(o.Replaces); err != nil {
			return prepared{}, failure(CodeInvalid, "The certificate to be replaced is damaged.")
		}
	}
	return p, nil
}

func accountKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		return key, err
	case *rsa.PrivateKey:
		return key, err
	}
	return nil, errors.Join(errors.New("neither ECDSA nor RSA"), err)
}

func obtain(ctx context.Context, c acmez.Client, o *Order, p prepared) (Certificate, error) {
	account, err := register(ctx, c, o.Contact, p.key)
	if err != nil {
		return Certificate{}, err
	}
	params, err := acmez.OrderParametersFromCSR(account, p.csr)
	if err != nil {
		return Certificate{}, err
	}
	params.Replaces = p.replaces
	chains, err := c.ObtainCertificate(ctx, params)
	if params.Replaces != nil && unreplaced(err) {
		params.Replaces = nil
		chains, err = c.ObtainCertificate(ctx, params)
	}
	if err != nil {
		return Certificate{}, err
	}
	if len(chains) == 0 {
		return Certificate{}, failure(CodeAuthority, "The authority gave no certificate.")
	}
	made := Certificate{Chain: string(chains[0].ChainPEM), Renewal: window(chains[0].RenewalInfo)}
	if directory, err := c.GetDirectory(ctx); err == nil && directory.Meta != nil {
		made.Terms = directory.Meta.TermsOfService
	}
	return made, nil
}

// unreplaced reports that an order was refused as such, maybe because the
// authority no longer knows the certificate that it is to replace.
func unreplaced(err error) bool {
	problem, ok := problemOf(err)
	if !ok || problem.Resource != nil {
		return false
	}
	return slices.Contains([]string{acme.ProblemTypeMalformed, acme.ProblemTypeUnauthorized, acme.ProblemTypeAlreadyReplaced}, problem.Type) ||
		problem.Status == http.StatusNotFound || problem.Status == http.StatusConflict
}

// register finds the account of a key, or makes it, and has the authority know
// the address for mail.
func register(ctx context.Context, c acmez.Client, contact string, key crypto.Signer) (acme.Account, error) {
	wish := acme.Account{TermsOfServiceAgreed: true, PrivateKey: key}
	if contact != "" {
		wish.Contact = []string{"mailto:" + contact}
	}
	account, err := c.NewAccount(ctx, wish)
	if err != nil || slices.Equal(account.Contact, wish.Contact) || contact == "" {
		return account, err
	}
	wish.Location = account.Location
	_, err = c.UpdateAccount(ctx, wish) // whose answer need not say where the account is
	return account, err
}

// window is what an authority says of a renewal; nil: nothing.
func window(info *acme.RenewalInfo) *Window {
	if info == nil || !info.HasWindow() {
		return nil
	}
	w := &Window{Start: info.SuggestedWindow.Start.UTC(), End: info.SuggestedWindow.End.UTC(), Why: words(info.ExplanationURL)}
	if info.RetryAfter != nil {
		w.Again = info.RetryAfter.UTC()
	}
	return w
}

// authority is the hosts that an order may reach: that of the directory, then
// those that the directory names.
type authority struct{ hosts []string }

func (a *authority) add(at string) *Failure {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return failure(CodeRefused, "%.200q is no https address of an authority.", at)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	a.hosts = append(a.hosts, net.JoinHostPort(u.Hostname(), port))
	return nil
}

// learn takes up the hosts that the directory names.
func (a *authority) learn(ctx context.Context, c acmez.Client) error {
	directory, err := c.GetDirectory(ctx)
	if err != nil {
		return err
	}
	for _, at := range []string{
		directory.NewNonce, directory.NewAccount, directory.NewOrder, directory.NewAuthz,
		directory.RevokeCert, directory.KeyChange, directory.RenewalInfo,
	} {
		if at == "" {
			continue
		}
		if f := a.add(at); f != nil {
			return f
		}
	}
	return nil
}

func (a *authority) admit(host string, port uint16) error {
	if slices.Contains(a.hosts, net.JoinHostPort(host, strconv.Itoa(int(port)))) {
		return nil
	}
	return failure(CodeRefused, "%s is not where the authority's directory is.", host)
}

// solver has the caller serve what the authority asks for.
type solver struct{ t *talk }

func (s solver) Present(_ context.Context, c acme.Challenge) error {
	err := s.t.write(answer{Present: &challenge{Token: c.Token, Answer: c.KeyAuthorization}})
	if err != nil {
		return err
	}
	var done served
	if err := s.t.read(&done); err != nil {
		return err
	}
	if done.Error != "" {
		return failure(CodeInvalid, "The challenge's answer could not be served: %s.", done.Error)
	}
	return nil
}

// CleanUp tells that the authority has asked. What is served the caller clears
// once the order ends.
func (s solver) CleanUp(context.Context, acme.Challenge) error {
	return s.t.write(answer{Step: StepIssue})
}
