package auth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"coffer/services/library"
)

// MaxPasskeys is how many passkeys the owner has at most: each is tried and
// listed, and the owner's record is read with every sign-in.
const MaxPasskeys = 10

// maxAnswer bounds what an authenticator answers, in bytes; without attestation
// it is about 1,000.
const maxAnswer = 16 << 10

// Passkey is one that is on, as it is shown.
type Passkey struct {
	ID    string // a name for the credential; 32 hex characters
	Name  string
	Host  string // the name that it belongs to
	Added time.Time
	Used  time.Time // zero: never
}

// Asked is what a browser hands to its authenticators: Options as JSON for
// navigator.credentials, and the ticket that comes back with the answer. The
// challenge in it is made of the ticket, and good as often as that: once.
type Asked struct {
	Ticket  string
	Options []byte
	Expires time.Time
}

func passkeysOf(f library.Factors) (out []Passkey) {
	for _, p := range f.Passkeys {
		out = append(out, Passkey{ID: passkeyID(p), Name: p.Name, Host: p.Host, Added: p.Added, Used: p.Used})
	}
	return out
}

func passkeyID(p library.Passkey) string {
	h := sha256.Sum256(p.ID)
	return hex.EncodeToString(h[:16])
}

// usable are the passkeys that work at a site, all of one name.
func usable(f library.Factors, at Site) []library.Passkey {
	var names []string
	for _, p := range f.Passkeys {
		names = append(names, p.Host)
	}
	return of(f, at.works(names))
}

// of are the passkeys of a name.
func of(f library.Factors, name string) (out []library.Passkey) {
	for _, p := range f.Passkeys {
		if p.Host == name {
			out = append(out, p)
		}
	}
	return out
}

// account is the owner as the vendor sees them.
type account struct {
	owner library.Owner
	keys  []library.Passkey
}

func (a account) WebAuthnID() []byte          { return []byte(a.owner.ID) }
func (a account) WebAuthnName() string        { return a.owner.Name }
func (a account) WebAuthnDisplayName() string { return a.owner.Name }

func (a account) WebAuthnCredentials() (out []webauthn.Credential) {
	for _, p := range a.keys {
		c := webauthn.Credential{
			ID: p.ID, PublicKey: p.Key, Flags: webauthn.CredentialFlags{BackupEligible: p.Syncs},
			Authenticator: webauthn.Authenticator{SignCount: p.Count},
		}
		for _, t := range p.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		out = append(out, c)
	}
	return out
}

// relying is the box at a site, in the vendor's terms, for passkeys of a name.
// Who is present is enough: the password was given, too. What made the passkey is
// not asked.
func relying(at Site, name string) (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: name, RPDisplayName: "Coffer", RPOrigins: []string{at.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			UserVerification: protocol.VerificationPreferred, ResidentKey: protocol.ResidentKeyRequirementDiscouraged,
		},
		// Password managers report extensions that nobody asked for.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// challenge is that of a ticket at a site.
func (k *Keeper) challenge(ticket string, at Site) protocol.URLEncodedBase64 {
	mac := hmac.New(sha256.New, k.challenges)
	mac.Write([]byte(at.Origin + "\x00" + ticket))
	return mac.Sum(nil)
}

// askPasskey are the options for the ticket; none where no passkey works.
func (k *Keeper) askPasskey(owner library.Owner, at Site, ticket string) ([]byte, error) {
	keys := usable(owner.Factors, at)
	if len(keys) == 0 {
		return nil, nil
	}
	options, _, err := k.login(account{owner, keys}, at, ticket)
	if err != nil {
		return nil, notAsked(err)
	}
	out, err := json.Marshal(options.Response)
	return out, err
}

// login asks for one of the account's passkeys, which are all of one name.
func (k *Keeper) login(a account, at Site, ticket string) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	w, err := relying(at, a.keys[0].Host)
	if err != nil {
		return nil, nil, err
	}
	return w.BeginLogin(a, webauthn.WithChallenge(k.challenge(ticket, at)))
}

func notAsked(err error) error {
	return &library.Error{Kind: library.Internal, Message: "The passkey could not be asked for.", Cause: err}
}

func wrongPasskey(cause error) error {
	return &library.Error{
		Kind: library.Unauthorized, Field: "passkey", Message: "That passkey is not one of this box, or its answer does not fit.",
		Hint: "Try again. A passkey works only under the name that it was made for.", Cause: cause,
	}
}

var errCopied = errors.New("the count of the passkey went back: a copy of it may exist")

// copied reports that a proof was refused because its passkey may have a copy.
func copied(err error) bool { return errors.Is(err, errCopied) }

// byPasskey is the proof of an authenticator's answer to the challenge of a
// ticket. Its caller has read the ticket and spends it.
func (k *Keeper) byPasskey(answer []byte, ticket string, at Site) proof {
	return func(o *library.Owner) (string, error) {
		keys := usable(o.Factors, at)
		if len(keys) == 0 || len(answer) > maxAnswer {
			return "", wrongPasskey(nil)
		}
		parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
		if err != nil {
			return "", wrongPasskey(err)
		}
		a := account{*o, keys}
		_, session, err := k.login(a, at, ticket)
		if err != nil {
			return "", notAsked(err)
		}
		w, err := relying(at, keys[0].Host)
		if err != nil {
			return "", notAsked(err)
		}
		c, err := w.ValidateLogin(a, *session, parsed)
		switch {
		case err != nil:
			return "", wrongPasskey(err)
		case c.Authenticator.CloneWarning:
			k.o.Log.Warn("passkey refused: its count went back, so that a copy of it may exist")
			return "", wrongPasskey(errCopied)
		}
		o.Factors.Passkeys = slices.Clone(o.Factors.Passkeys)
		for i := range o.Factors.Passkeys {
			if p := &o.Factors.Passkeys[i]; bytes.Equal(p.ID, c.ID) {
				p.Count, p.Used = c.Authenticator.SignCount, k.o.Now().UTC()
			}
		}
		return MethodPasskey, nil
	}
}

// AskPasskey begins a proof of the signed-in owner by a passkey. Conflict where
// none works.
func (k *Keeper) AskPasskey(ctx context.Context, by Identity, at Site) (Asked, error) {
	owner, a, err := k.ask(ctx, k.proofs, by)
	if err != nil {
		return Asked{}, err
	}
	a.Options, err = k.askPasskey(*owner, at, a.Ticket)
	if err == nil && a.Options == nil {
		err = &library.Error{Kind: library.Conflict, Message: "No passkey works here.", Hint: "Give a code in its place."}
	}
	return a, err
}

func (k *Keeper) ask(ctx context.Context, s signer, by Identity) (owner *library.Owner, a Asked, err error) {
	if err := onlyOwner(by); err != nil {
		return nil, a, err
	}
	if owner, err = k.ownerNow(ctx); err != nil {
		return nil, a, err
	}
	a.Expires = k.o.Now().Add(stepTTL)
	a.Ticket, err = s.signed(claims{Epoch: owner.Epoch, Nonce: nonceHash(by.SessionID)}, owner.ID, newID(), a.Expires)
	if err != nil {
		return nil, a, notAsked(err)
	}
	return owner, a, nil
}

// readAsked is what a ticket of ask says that this session may use.
func (k *Keeper) readAsked(s signer, owner *library.Owner, by Identity, ticket string) (claims, error) {
	c, err := s.read(ticket)
	if err != nil || c.Subject != owner.ID || c.Epoch != owner.Epoch || spent(owner.Factors, c) ||
		subtle.ConstantTimeCompare(c.Nonce, nonceHash(by.SessionID)) != 1 {
		return claims{}, &library.Error{Kind: library.Conflict, Field: "ticket", Message: "That took too long, or was done already.", Hint: "Begin anew."}
	}
	return c, nil
}

// BeginPasskey asks the authenticators of an owner who has proved lately who
// they are for a new passkey. Conflict where there can be none, and when there
// are MaxPasskeys.
func (k *Keeper) BeginPasskey(ctx context.Context, by Identity, at Site) (Asked, error) {
	if err := k.proved(ctx, by); err != nil {
		return Asked{}, err
	}
	owner, a, err := k.ask(ctx, k.newcomers, by)
	if err != nil {
		return Asked{}, err
	}
	if err := roomFor(owner.Factors, at); err != nil {
		return Asked{}, err
	}
	creation, _, err := k.registration(*owner, at, a.Ticket)
	if err != nil {
		return Asked{}, notAsked(err)
	}
	a.Options, err = json.Marshal(creation.Response)
	return a, err
}

func roomFor(f library.Factors, at Site) error {
	switch {
	case at.NoPasskeys() != "":
		return &library.Error{
			Kind: library.Conflict, Message: "Browsers use no passkeys at this address.",
			Hint: "Open the box by a name over HTTPS.",
		}
	case len(f.Passkeys) >= MaxPasskeys:
		return &library.Error{Kind: library.Conflict, Message: "There are ten passkeys already.", Hint: "Remove one that you do not use any more."}
	}
	return nil
}

func (k *Keeper) registration(owner library.Owner, at Site, ticket string) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	w, err := relying(at, at.Name())
	if err != nil {
		return nil, nil, err
	}
	a := account{owner, of(owner.Factors, at.Name())}
	creation, session, err := w.BeginRegistration(a, webauthn.WithExclusions(webauthn.Credentials(a.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, nil, err
	}
	creation.Response.Challenge = k.challenge(ticket, at)
	session.Challenge = base64.RawURLEncoding.EncodeToString(creation.Response.Challenge)
	return creation, session, nil
}

// AddPasskey turns the passkey on that an authenticator made for a ticket of
// BeginPasskey, under a name of 1 to 64 characters. With the first factor come
// recovery codes, which are told here and nowhere again.
func (k *Keeper) AddPasskey(ctx context.Context, by Identity, ticket, name string, answer []byte, at Site) (recovery []string, err error) {
	if name = strings.TrimSpace(name); name == "" || utf8.RuneCountInString(name) > 64 || !utf8.ValidString(name) {
		return nil, &library.Error{Kind: library.Invalid, Field: "name", Message: "A passkey needs a name of 1 to 64 characters."}
	}
	if err := k.proved(ctx, by); err != nil {
		return nil, err
	}
	codes, hashes := newRecovery()
	_, err = k.amend(ctx, func(o *library.Owner) error {
		recovery = nil
		c, err := k.readAsked(k.newcomers, o, by, ticket)
		if err != nil {
			return err
		}
		if err := roomFor(o.Factors, at); err != nil {
			return err
		}
		p, err := k.newPasskey(*o, ticket, answer, at)
		if err != nil {
			return err
		}
		p.Name = name
		k.spendTicket(&o.Factors, c)
		if !o.Factors.On() {
			recovery, o.Factors.Recovery = codes, hashes
		}
		o.Factors.Passkeys = append(slices.Clone(o.Factors.Passkeys), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.Record(ctx, library.AuditPasskeyAdded, name)
	k.o.Log.Info("passkey added")
	return recovery, nil
}

// newPasskey checks what an authenticator made.
func (k *Keeper) newPasskey(o library.Owner, ticket string, answer []byte, at Site) (p library.Passkey, err error) {
	wrong := func(cause error) error {
		return &library.Error{Kind: library.Invalid, Field: "passkey", Message: "The answer of the authenticator does not fit.", Hint: "Begin anew.", Cause: cause}
	}
	if len(answer) > maxAnswer {
		return p, wrong(nil)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return p, wrong(err)
	}
	_, session, err := k.registration(o, at, ticket)
	if err != nil {
		return p, notAsked(err)
	}
	w, err := relying(at, at.Name())
	if err != nil {
		return p, notAsked(err)
	}
	c, err := w.CreateCredential(account{owner: o}, *session, parsed)
	if err != nil {
		return p, wrong(err)
	}
	if slices.ContainsFunc(o.Factors.Passkeys, func(p library.Passkey) bool { return bytes.Equal(p.ID, c.ID) }) {
		return p, wrong(errors.New("the passkey is on already"))
	}
	p = library.Passkey{
		ID: c.ID, Host: at.Name(), Key: c.PublicKey, Count: c.Authenticator.SignCount,
		Syncs: c.Flags.BackupEligible, Added: k.o.Now().UTC(),
	}
	for _, t := range c.Transport[:min(len(c.Transport), 8)] {
		p.Transports = append(p.Transports, string(t))
	}
	return p, nil
}

// RemovePasskey turns one off, for an owner who has proved lately who they are.
// With the last factor go the recovery codes. NotFound when there is none of the
// id.
func (k *Keeper) RemovePasskey(ctx context.Context, by Identity, id string) error {
	var name string
	err := k.changeFactors(ctx, by, func(f *library.Factors) error {
		at := slices.IndexFunc(f.Passkeys, func(p library.Passkey) bool { return passkeyID(p) == id })
		if at < 0 {
			return &library.Error{Kind: library.NotFound, Message: "There is no such passkey."}
		}
		name = f.Passkeys[at].Name
		f.Passkeys = slices.Delete(slices.Clone(f.Passkeys), at, at+1)
		return nil
	})
	if err != nil {
		return err
	}
	k.Record(ctx, library.AuditPasskeyRemoved, name)
	k.o.Log.Info("passkey removed")
	return nil
}
