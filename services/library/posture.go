package library

import (
	"context"
	"time"
)

// Watch tells how the box keeps its claims. Init looks; it is asked here.
type Watch interface {
	// Posture is of the last half minute where that can be had in a moment.
	Posture(context.Context) (Posture, error)
	// Standing is the worst that was heard last, without waiting.
	Standing() Standing
}

// Posture is every claim of the box and how it stands.
type Posture struct {
	Claims    []Claim
	CheckedAt time.Time // zero: the box has not looked yet
}

// Claim is one claim, its words in English.
type Claim struct {
	ID       string
	Group    string
	Title    string
	Text     string
	Against  string // what it protects from
	Standing Standing
	Evidence string
	Remedy   string // of what does not hold
	Later    bool   // this version does not have it
}

// Standing is how a claim stands.
type Standing string

// The standings. Unseen is also that of a box that has not looked yet.
const (
	Holds  Standing = "pass"
	Partly Standing = "degraded"
	Broken Standing = "fail"
	Unseen Standing = "n/a"
)

// Tally counts claims by how they stand; what comes later is not Unseen.
type Tally struct{ Claims, Hold, Partly, Broken, Later, Unseen int }

// Tally counts p's claims.
func (p Posture) Tally() Tally {
	t := Tally{Claims: len(p.Claims)}
	for _, c := range p.Claims {
		switch {
		case c.Standing == Holds:
			t.Hold++
		case c.Standing == Partly:
			t.Partly++
		case c.Standing == Broken:
			t.Broken++
		case c.Later:
			t.Later++
		default:
			t.Unseen++
		}
	}
	return t
}

// Standing is that of the worst claim.
func (p Posture) Standing() Standing {
	switch t := p.Tally(); {
	case p.CheckedAt.IsZero():
		return Unseen
	case t.Broken > 0:
		return Broken
	case t.Partly > 0:
		return Partly
	}
	return Holds
}
