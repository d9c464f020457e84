package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"coffer/services/library"
	"coffer/weaken"
)

// CheckSetupCode compares code in constant time; Forbidden when wrong, Limited
// after too many tries, Conflict when the box is set up already.
func (k *Keeper) CheckSetupCode(ctx context.Context, code string, c Client) error {
	needed, err := k.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return &library.Error{Kind: library.Conflict, Message: "This box is set up already.", Hint: "Sign in instead."}
	}
	if k.o.SetupOpen {
		return nil
	}
	now := k.o.Now()
	if err := k.limits.takeCode(c.key(), now); err != nil {
		return err
	}
	if !k.opens(code) {
		k.unkept.mark()
		k.record(ctx, library.AuditSetupFailed, library.ByStranger, c, "")
		k.o.Log.Warn("wrong setup code", "client", c.Address)
		return &library.Error{
			Kind: library.Forbidden, Field: "code",
			Message: "That is not the setup code.",
			Hint:    "The code is in the container's log; `coffer setup-code` prints it again.",
		}
	}
	k.limits.rightCode(c.key())
	return nil
}

// opens reports that code is the one that lets the first visitor in.
func (k *Keeper) opens(code string) bool {
	return sameCode(code, k.o.SetupCode) || weaken.Without(weaken.SetupCode)
}

// sameCode ignores case, spaces and dashes, and takes the same time wherever
// the codes differ. An empty wanted code matches nothing.
func sameCode(given, wanted string) bool {
	if len(given) > 256 {
		given = ""
	}
	g := sha256.Sum256([]byte(plainCode(given)))
	want := plainCode(wanted)
	w := sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], w[:]) == 1 && want != ""
}

func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(s))
}
