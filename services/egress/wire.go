package egress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine bounds one line of the conversation, in bytes: a request with a
// chain of roots is the longest.
const maxLine = 1 << 20

// Request asks to go out for a purpose.
type Request struct {
	Purpose string  `json:"purpose"`
	Order   *Order  `json:"order,omitempty"`  // of ACME: this, or
	Issued  *Issued `json:"issued,omitempty"` // when to renew
	URL     string  `json:"url,omitempty"`    // of Fetch
	Notice  *Notice `json:"notice,omitempty"` // of Notices
	Copy    *Copy   `json:"copy,omitempty"`   // of Storage
}

// Order asks an authority for a certificate by HTTP-01 (RFC 8555). The private
// key of the certificate is not in it.
type Order struct {
	Names     []string `json:"names"`     // as in the request for signature
	Directory string   `json:"directory"` // https URL
	// Roots vouch for the authority, in PEM; empty: the built-in ones and those
	// of the owner.
	Roots   string `json:"roots,omitempty"`
	Account string `json:"account"` // the account's private key, in PEM (PKCS #8 or SEC 1)
	Contact string `json:"contact"` // an address for mail; may be empty
	CSR     []byte `json:"csr"`     // DER
	Agreed  bool   `json:"agreed"`  // the owner accepts the authority's terms
	// Replaces is the certificate that this one is to renew, by the same
	// authority and account, in DER; empty: none (RFC 9773, 5).
	Replaces []byte `json:"replaces,omitempty"`
}

// Issued is a certificate of an authority, which is asked when it wants it to
// be renewed (RFC 9773).
type Issued struct {
	Directory   string `json:"directory"`       // as Order.Directory
	Roots       string `json:"roots,omitempty"` // as Order.Roots
	Certificate []byte `json:"certificate"`     // DER
}

// Certificate is what came of an order.
type Certificate struct {
	Chain   string  `json:"chain"`             // PEM, that of the names first
	Terms   string  `json:"terms,omitempty"`   // where the authority has its terms
	Renewal *Window `json:"renewal,omitempty"` // nil: the authority does not say
}

// Window is when an authority wants a certificate to be renewed.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Again time.Time `json:"again,omitzero"` // it is not to be asked before
	Why   string    `json:"why,omitempty"`  // a page of the authority's that explains it
}

// Step is how far an order is.
type Step string

// The steps after the order is placed.
const (
	StepChallenge Step = "challenge" // the authority asks the names for an answer
	StepIssue     Step = "issue"     // it did, and makes the certificate
)

// answer is one line from egress; one field is set.
type answer struct {
	Present *challenge   `json:"present,omitempty"` // serve it, and say when it is served
	Step    Step         `json:"step,omitempty"`
	Issued  *Certificate `json:"issued,omitempty"` // the order is done
	Window  *Window      `json:"window,omitempty"`
	Page    *Page        `json:"page,omitempty"` // what is at a URL; chunks follow
	Chunk   []byte       `json:"chunk,omitempty"`
	Receipt *Receipt     `json:"receipt,omitempty"` // a notice was taken
	There   int64        `json:"there,omitempty"`   // bytes of a copy that the storage has
	Object  *Object      `json:"object,omitempty"`  // a copy that comes back; chunks follow
	Objects []Object     `json:"objects,omitempty"` // some of the copies that there are
	End     bool         `json:"end,omitempty"`     // of the chunks
	Failure *Failure     `json:"failure,omitempty"`
}

// challenge is what the authority will ask for at
// /.well-known/acme-challenge/TOKEN, and the answer it expects.
type challenge struct {
	Token  string `json:"token"`
	Answer string `json:"answer"`
}

// served is the caller's acknowledgement of a challenge.
type served struct {
	Error string `json:"error,omitempty"`
}

// Page is the head of what was fetched.
type Page struct {
	URL  string `json:"url"`  // after redirects
	Type string `json:"type"` // as the server calls it, without parameters
}

// Attempt is one try to reach a destination. A connection is told twice: when
// it is made or not, and when it is closed with what went over it (Done).
type Attempt struct {
	At          time.Time `json:"at"`
	Purpose     string    `json:"purpose"`
	Destination string    `json:"destination"` // host:port, or the host of a refused one
	Outcome     Outcome   `json:"outcome"`
	Reason      string    `json:"reason,omitempty"` // of a failure or refusal
	Sent        int64     `json:"sent,omitempty"`   // bytes, TLS included
	Received    int64     `json:"received,omitempty"`
	Done        bool      `json:"done,omitempty"`
}

// Outcome is what came of an attempt.
type Outcome string

// The outcomes. Refused is by policy: nothing was sent.
const (
	Connected Outcome = "connected"
	Failed    Outcome = "failed"
	Refused   Outcome = "refused"
)

// Code classes a Failure by what the owner can do about it.
type Code string

// The codes.
const (
	CodeClosed      Code = "closed"      // no such purpose, or nothing configured for it
	CodeRefused     Code = "refused"     // the policy of the purpose
	CodeInvalid     Code = "invalid"     // the request makes no sense
	CodeUnreachable Code = "unreachable" // no name, no route, no answer
	CodeUntrusted   Code = "untrusted"   // the other side's certificate
	CodeNotReached  Code = "not_reached" // the authority found nobody at a name
	CodeNoName      Code = "no_name"     // the authority did not find a name
	CodeElsewhere   Code = "elsewhere"   // the authority found somebody else at a name
	CodeContact     Code = "contact"     // the authority does not take the address for mail
	CodeRejected    Code = "rejected"    // the authority will not vouch for a name
	CodeLimited     Code = "limited"     // the authority wants fewer orders
	CodeAuthority   Code = "authority"   // another answer of the authority
	CodeAnswered    Code = "answered"    // the other side did not take a notice
	CodeKey         Code = "key"         // the storage does not take the access key
	CodeNoBucket    Code = "no_bucket"
	CodeRegion      Code = "region"     // the bucket is elsewhere
	CodeClock       Code = "clock"      // the box's and the storage's differ
	CodeStays       Code = "no_removal" // the storage takes copies and lets none be removed
	CodeGone        Code = "gone"       // no such copy
	CodeFull        Code = "full"       // the storage
	CodeDiffers     Code = "differs"    // a copy is not what was sent
	CodeTooLarge    Code = "too_large"
	CodeType        Code = "type"        // not a kind of document
	CodeTimeout     Code = "timeout"     //
	CodeUnavailable Code = "unavailable" // egress itself does not answer
)

// Failure is an error that crosses the socket. Message says what happened;
// Detail is the other side's own words, which may be anything.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"`
	Name    string `json:"name,omitempty"` // that an authority could not confirm
	// Until is when the other side wants to be asked again; zero: it did not say.
	Until time.Time `json:"until,omitzero"`
}

func (f *Failure) Error() string {
	if f.Detail != "" {
		return f.Message + " (" + f.Detail + ")"
	}
	return f.Message
}

func failure(code Code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

// lines reads and writes a conversation.
type lines struct {
	in  *json.Decoder
	out *json.Encoder
	lim *limited
}

func conversation(conn io.ReadWriter) *lines {
	lim := &limited{r: conn}
	return &lines{in: json.NewDecoder(lim), out: json.NewEncoder(conn), lim: lim}
}

func (l *lines) read(into any) error {
	l.lim.left = maxLine
	return l.in.Decode(into)
}

func (l *lines) write(v any) error { return l.out.Encode(v) }

var errLong = errors.New("a line is too long")

// limited gives at most left bytes until it is set again.
type limited struct {
	r    io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
