package store

import (
	"context"
	"errors"
	"syscall"

	"coffer/services/library"
)

// translate makes what bbolt and the system say an error of the domain.
func translate(err error) error {
	var known *library.Error
	switch {
	case err == nil, errors.As(err, &known),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &library.Error{
			Kind:    library.Full,
			Message: "The disk is full.",
			Hint:    "Nothing was lost, and nothing was changed. Free some space on the volume and try again.",
			Cause:   err,
		}
	}
	return &library.Error{
		Kind:    library.Internal,
		Message: "The library could not be read or written.",
		Hint:    "Look at the log of the API and at the health of the disk.",
		Cause:   err,
	}
}

func notFound(what string) error {
	return &library.Error{Kind: library.NotFound, Message: "There is no such " + what + ".", Hint: "It may have been deleted."}
}

func conflict(message, hint string) error {
	return &library.Error{Kind: library.Conflict, Message: message, Hint: hint}
}

func badCursor() error {
	return &library.Error{Kind: library.Invalid, Field: "cursor", Message: "The cursor is not one of this list.", Hint: "Start again without it."}
}
