package library

import (
	"fmt"
	"strings"
)

// Kind classes an error by what the caller can do about it. HTTP statuses are
// assigned to kinds in exactly one table, in package api.
type Kind string

// The kinds of error.
const (
	Invalid      Kind = "invalid"                   // a field is wrong: 422
	Unauthorized Kind = "unauthorized"              // not signed in: 401
	Forbidden    Kind = "forbidden"                 // wrong code, scope, or cross-site: 403
	Unproved     Kind = "reauthentication_required" // the owner has not proved lately who they are: 403
	NotFound     Kind = "not_found"                 // 404
	Conflict     Kind = "conflict"                  // wrong state for this: 409
	TooLarge     Kind = "too_large"                 // 413
	Limited      Kind = "limited"                   // too many tries: 429
	Full         Kind = "full"                      // the disk is full: 507
	Internal     Kind = "internal"                  // everything else: 500
)

// Error is the one error type that crosses rooms. Message and Hint are for the
// owner (what happened, what to do); Cause is for the log.
type Error struct {
	Kind    Kind
	Message string
	Hint    string
	Field   string // the field at fault, for Invalid
	Code    string // tells what can be wrong with a field apart; empty: nothing does
	// RetryAfter is in seconds, for Limited; 0 elsewhere.
	RetryAfter int
	Cause      error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", strings.TrimSuffix(e.Message, "."), e.Cause)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Is lets errors.Is compare by kind with a bare &Error{Kind: k}.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Message == "" && t.Kind == e.Kind
}
