package posture

import (
	"context"
	"fmt"

	"coffer/appliance/beneath"
	"coffer/appliance/servicetoken"
)

// tokenLate is the age at which a service token should have been replaced for
// some days; tokenLife is when it is.
const (
	tokenLife = 60 // days
	tokenLate = 65
)

func (l *look) serviceToken(context.Context) Finding {
	facts, err := l.facts()
	if err != nil {
		return unseen(err)
	}
	seen, err := l.ServiceToken.Look()
	want := l.ServiceToken.Owner
	switch {
	case err != nil:
		return unseen(err)
	case !facts.Owner:
		return Finding{NotApplicable, "the box has no owner yet"}
	case !facts.Token && !seen.There:
		return Finding{NotApplicable, "you have turned it off"}
	case !seen.There:
		return fail("there is no file " + l.ServiceToken.Path())
	case seen.Mode != servicetoken.Mode:
		return fail(fmt.Sprintf("%s has mode %04o, not %04o", l.ServiceToken.Path(), seen.Mode, servicetoken.Mode))
	case want.UID != beneath.Keep && seen.UID != want.UID:
		return fail(fmt.Sprintf("%s is owned by user %d, not %d", l.ServiceToken.Path(), seen.UID, want.UID))
	case !facts.TokenOpens:
		return fail("what is in " + l.ServiceToken.Path() + " opens nothing")
	case facts.TokenDays > tokenLate:
		return fail(fmt.Sprintf("the key is %d days old and should have been replaced", facts.TokenDays))
	case facts.TokenStays:
		return fail("a key that is due is not replaced")
	}
	return pass(fmt.Sprintf("mode %04o, user %d, made %d days ago, replaced in %d", seen.Mode, seen.UID, facts.TokenDays, max(tokenLife-facts.TokenDays, 0)))
}
