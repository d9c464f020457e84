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

// order gets a certificate. The challenge's answers are the caller's to serve.
func (t *talk) order() error {
	o := t.request.Order
	p, f := o.prepare()
	if f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(t.ctx, orderWithin)
	defer cancel()
	hosts := &authority{}
	d := t.server.door(ACME, maxOrder)
	d.admit, d.roots = hosts.admit, t.server.roots(o.Roots)
	if d.roots == nil {
		return failure(CodeInvalid, "The roots for the authority hold no certificate.")
	}
	if f := hosts.add(o.Directory); f != nil {
		t.refuse(hostOf(o.Directory), f)
		return f
	}
	client := d.client(func(*http.Request, []*http.Request) error {
		return failure(CodeRefused, "The authority leads elsewhere, which is not followed.")
	})
	defer client.CloseIdleConnections()
	c := acmez.Client{
		Client: &acme.Client{
			Directory: o.Directory, HTTPClient: client, UserAgent: agent,
			PollInterval: time.Second, PollTimeout: pollWithin,
		},
		ChallengeSolvers: map[string]acmez.Solver{acme.ChallengeTypeHTTP01: solver{t}},
	}
	chain, err := obtain(ctx, c, hosts, o, p)
	if err != nil {
		if ctx.Err() != nil && t.ctx.Err() == nil {
			return failure(CodeTimeout, "The authority took longer than %v.", orderWithin)
		}
		return judge(err)
	}
	return t.write(answer{Chain: chain})
}

// prepared is an order that makes sense.
type prepared struct {
	csr *x509.CertificateRequest
	key crypto.Signer
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
	return prepared{csr, key}, nil
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

func obtain(ctx context.Context, c acmez.Client, hosts *authority, o *Order, p prepared) (string, error) {
	directory, err := c.GetDirectory(ctx)
	if err != nil {
		return "", err
	}
	for _, at := range []string{
		directory.NewNonce, directory.NewAccount, directory.NewOrder, directory.NewAuthz,
		directory.RevokeCert, directory.KeyChange, directory.RenewalInfo,
	} {
		if at == "" {
			continue
		}
		if f := hosts.add(at); f != nil {
			return "", f
		}
	}
	account := acme.Account{TermsOfServiceAgreed: true, PrivateKey: p.key}
	if o.Contact != "" {
		account.Contact = []string{"mailto:" + o.Contact}
	}
	if account, err = c.NewAccount(ctx, account); err != nil {
		return "", err
	}
	params, err := acmez.OrderParametersFromCSR(account, p.csr)
	if err != nil {
		return "", err
	}
	chains, err := c.ObtainCertificate(ctx, params)
	if err != nil {
		return "", err
	}
	if len(chains) == 0 {
		return "", failure(CodeAuthority, "The authority gave no certificate.")
	}
	return string(chains[0].ChainPEM), nil
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

// CleanUp leaves it to the caller, who clears every answer once the order ends.
func (s solver) CleanUp(context.Context, acme.Challenge) error { return nil }

// judge makes a Failure of what an order came to.
func judge(err error) *Failure {
	var problem acme.Problem
	if !errors.As(err, &problem) {
		return explain(err)
	}
	detail := problem.Detail
	for _, sub := range problem.Subproblems {
		detail += "; " + sub.Detail
	}
	f := &Failure{Code: CodeAuthority, Message: "The authority refused.", Detail: detail}
	switch problem.Type {
	case acme.ProblemTypeConnection, acme.ProblemTypeDNS, acme.ProblemTypeUnauthorized,
		acme.ProblemTypeIncorrectResponse, acme.ProblemTypeTLS:
		f.Code, f.Message = CodeChallenge, "The authority could not confirm that the name leads to this box."
	case acme.ProblemTypeRejectedIdentifier, acme.ProblemTypeCAA, acme.ProblemTypeUnsupportedIdentifier:
		f.Code, f.Message = CodeRejected, "The authority does not vouch for this name."
	case acme.ProblemTypeRateLimited:
		f.Code, f.Message = CodeLimited, "The authority was asked too often and wants a pause."
	}
	return f
}
