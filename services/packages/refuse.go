package packages

import (
	"errors"
	"fmt"
	"syscall"

	"coffer/services/extract"
	"coffer/services/library"
)

// Codes of what is wrong with a package.
const (
	codeNotPackage = "not_a_package"
	codeUnsafe     = "unsafe"
	codeManifest   = "manifest"
	codeVersion    = "version"
	codeMissing    = "missing"
	codeChanged    = "changed"
	codeRemote     = "remote_context"
	codeSignature  = "signature"
	codeGraph      = "graph"
	codeSources    = "sources"
)

// refuse is the refusal of a whole package.
func refuse(code, message string, cause error) *library.Error {
	return &library.Error{
		Kind: library.Invalid, Field: "file", Code: code, Message: message,
		Hint: "Nothing was added. Get the package again from where it was made.", Cause: cause,
	}
}

func refusef(code, format string, a ...any) *library.Error {
	return refuse(code, fmt.Sprintf(format, a...), nil)
}

// unpacked tells what stopped an unpacking.
func unpacked(err error) error {
	switch extract.KindOf(err) {
	case "":
		return broken(err)
	case extract.Unknown, extract.Damaged, extract.Encrypted:
		return refuse(codeNotPackage, "This is no package, or it is damaged.", err)
	}
	e, _ := errors.AsType[*extract.Error](err)
	return refuse(codeUnsafe, fmt.Sprintf("This package is refused as unsafe: %s.", e.Error()), err)
}

// broken tells a fault of the disk.
func broken(err error) error {
	if _, ok := errors.AsType[*library.Error](err); ok || err == nil {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return &library.Error{
			Kind: library.Full, Message: "The disk is full, so the package could not be taken.",
			Hint: "A package needs three times its size for a while. Free some space on the volume and try again. Nothing was added.", Cause: err,
		}
	}
	return &library.Error{
		Kind: library.Internal, Message: "The folder of packages could not be read or written.",
		Hint: "Look at the log of the API and at the health of the disk.", Cause: err,
	}
}
