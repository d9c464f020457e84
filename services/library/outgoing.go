package library

import (
	"context"
	"time"
)

// WayOut tells what may leave the box and what did. Errors are *Error.
type WayOut interface {
	Outgoing(context.Context) (Outgoing, error)
}

// Outgoing is what the box may reach and what it reached.
type Outgoing struct {
	Purposes     []Purpose
	Destinations []Destination // the latest first
}

// Purpose is something that the box may go out for. Without destinations it is
// not configured.
type Purpose struct {
	Name         string
	Destinations []string
	Later        bool // this version does not go out for it
}

// Configured reports that the box may go out for it.
func (p Purpose) Configured() bool { return len(p.Destinations) > 0 }

// Destination is what is known of one place that was tried for one purpose.
type Destination struct {
	Purpose   string
	Place     string // host:port, or the host of one refused before a port was known
	Attempts  int64
	Connected int64
	Failed    int64
	Refused   int64 // by the policy of the purpose: nothing was sent
	Sent      int64 // bytes
	Received  int64
	First     time.Time
	Last      time.Time
	Outcome   Outcome // of the last attempt
	Reason    string  // of a failure or refusal, in English
}

// Outcome is what came of an attempt.
type Outcome string

// The outcomes.
const (
	WentOut    Outcome = "connected"
	FailedOut  Outcome = "failed"
	RefusedOut Outcome = "refused"
)
