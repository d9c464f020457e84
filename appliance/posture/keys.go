package posture

import (
	"context"
	"fmt"
	"net/http"
)

// madeUpKey is well formed, and no box has it.
const madeUpKey = "cfr_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaadxzao3q"

func (l *look) apiKeys(ctx context.Context) Finding {
	facts, err := l.facts()
	switch {
	case err != nil:
		return unseen(err)
	case facts.KeysBare > 0:
		return fail(fmt.Sprintf("%d keys are kept otherwise than as a hash", facts.KeysBare))
	case facts.EndedKeyOpens:
		return fail("an expired key opens what it opened before")
	case facts.AnyKeyOpens:
		return fail("the id of a key opens what the key does")
	}
	a, err := l.request(ctx, "GET", "/api/v1/auth/me", "Authorization", "Bearer "+madeUpKey)
	if err != nil {
		return unseen(err)
	}
	if a.status != http.StatusUnauthorized {
		return fail(fmt.Sprintf("a made-up key was answered %d", a.status))
	}
	ended := ""
	if facts.KeysEnded > 0 {
		ended = fmt.Sprintf(", %d have ended and open nothing", facts.KeysEnded)
	}
	return pass(fmt.Sprintf("%d keys are good%s, all kept as hashes; an expired and a made-up one were refused", facts.Keys, ended))
}
