package egress

import (
	"slices"
	"time"
)

// Caller is who asks.
type Caller string

// The callers, as the kernel tells them apart by their users.
const (
	Init Caller = "init"
	API  Caller = "api"
)

// Purpose is one row of the table: what may be gone out for, and who may ask.
type Purpose struct {
	Name   string
	Caller Caller
	Reach  string // what it may reach, for documents and logs
	serve  func(*talk) error
	within time.Duration // for one request; 0: talkWithin
}

// The purposes that have code.
const (
	ACME    = "acme"
	Fetch   = "fetch"
	Notices = "webhook"
	Storage = "s3"
)

// Purposes is the whole table.
func Purposes() []Purpose {
	return []Purpose{
		{Name: ACME, Caller: Init, Reach: "the configured certificate authority, at the hosts that its directory names", serve: (*talk).authority},
		{Name: Fetch, Caller: API, Reach: "public addresses, each hop judged anew", serve: (*talk).fetch},
		{Name: Notices, Caller: API, Reach: "the configured address, and nothing that it leads to", serve: (*talk).notice},
		{Name: Storage, Caller: API, Reach: "the configured storage, and nothing that it leads to", serve: (*talk).storage, within: copyWithin},
	}
}

// purpose finds a row that caller may use and that is open.
func (s *server) purpose(name string, caller Caller) (Purpose, *Failure) {
	at := slices.IndexFunc(Purposes(), func(p Purpose) bool { return p.Name == name })
	if at < 0 {
		return Purpose{}, failure(CodeClosed, "There is no such purpose to go out for.")
	}
	p := Purposes()[at]
	switch {
	case p.Caller != caller && !s.alone():
		return p, failure(CodeRefused, "Nobody but %s may go out for %s.", p.Caller, p.Name)
	case !slices.Contains(s.Open, p.Name):
		return p, failure(CodeClosed, "Nothing is configured that goes out for %s.", p.Name)
	}
	return p, nil
}
