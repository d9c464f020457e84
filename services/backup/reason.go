package backup

import (
	"context"
	"errors"

	"coffer/services/library"
)

// Codes of the reasons for which a backup fails, and of what is refused about
// copies. Those of the storage come from who speaks to it.
const (
	codeInterrupted = "interrupted"
	codeFull        = "disk_full"
	codeDamaged     = "damaged"
	codeSecrets     = "secrets"
	codeRecord      = "record"
	codeOther       = "failed"
	codeNoPlace     = "no_place"
	codeBusy        = "busy"
	codeHere        = "here"
	codeUnavailable = "unavailable"
)

func reason(err error) *library.Reason {
	e, ok := errors.AsType[*library.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return &library.Reason{Code: codeInterrupted, Message: "The box stopped while the backup was made."}
	case errors.Is(err, errUnsealed):
		return &library.Reason{Code: codeSecrets, Message: "The secrets of the box could not be put in."}
	case !ok:
		return &library.Reason{Code: codeOther, Message: "It could not be made. The log of the API says why."}
	case e.Kind == library.Full:
		return &library.Reason{Code: codeFull, Message: e.Message}
	case e.Kind == library.Invalid:
		return &library.Reason{Code: codeDamaged, Message: e.Message}
	}
	return &library.Reason{Code: codeOther, Message: e.Message}
}
