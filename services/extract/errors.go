package extract

import (
	"errors"
	"fmt"
)

// Kind says why an archive, or one member of it, is refused.
type Kind string

// The kinds of refusal.
const (
	Unknown   Kind = "unknown"   // no format that is read here
	Damaged   Kind = "damaged"   // the bytes do not keep to their format
	Encrypted Kind = "encrypted" // a password is needed
	Members   Kind = "members"   // more members than Limits.Members
	TooLarge  Kind = "too_large" // a member over Limits.File, or all over Limits.Total
	Ratio     Kind = "ratio"     // far more comes out than went in
	Depth     Kind = "depth"     // archives in archives beyond Limits.Depth
	Time      Kind = "time"      // Limits.Time is over
	Name      Kind = "name"      // a name that leads elsewhere or cannot be held
	Duplicate Kind = "duplicate" // a second member of the same name
	Link      Kind = "link"      // a symbolic or hard link
	Special   Kind = "special"   // a device, pipe, socket or sparse file
)

// Error is the refusal of an archive or of one of its members.
type Error struct {
	Kind   Kind
	Member string // as the archive spells it, cut to 200 bytes; empty for the archive itself
	Reason string // what is wrong, for people
	Cause  error
}

func (e *Error) Error() string {
	s := e.Reason
	if e.Member != "" {
		s = fmt.Sprintf("%q: %s", e.Member, s)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// KindOf is the kind of the refusal in err, or empty.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func refuse(kind Kind, member, reason string, cause error) *Error {
	return &Error{Kind: kind, Member: clip(member), Reason: reason, Cause: cause}
}

// damaged keeps a refusal as it is and makes every other error one: the
// libraries say in many ways that they cannot go on.
func damaged(member string, err error) error {
	if err == nil || KindOf(err) != "" || isVisit(err) {
		return err
	}
	return refuse(Damaged, member, "this is damaged or was cut off", err)
}

// visitError carries an error of the visitor through the libraries, so that it
// is not taken for damage.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }
func (e *visitError) Unwrap() error { return e.err }

func isVisit(err error) bool {
	var v *visitError
	return errors.As(err, &v)
}
