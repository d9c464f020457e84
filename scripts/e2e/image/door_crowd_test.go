package image

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// crowdLasts is how long strangers hammer.
const crowdLasts = time.Minute

// TestDoorInACrowd: strangers at fifty addresses guess for a minute. The owner's
// browser, at one of them, reads and signs in as ever, and few of the guesses are
// looked at.
func TestDoorInACrowd(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	d := openDoor(t)
	o := d.owner(1)
	ctx, stop := context.WithTimeout(t.Context(), crowdLasts)
	defer stop()
	var crowd sync.WaitGroup
	var looked, limited atomic.Int64
	for n := range 50 {
		v := d.visitor(1 + n)
		crowd.Go(func() {
			for try := 0; ctx.Err() == nil; try++ {
				a, err := v.try(ctx, "POST /api/v1/auth/login", fmt.Sprintf(`{"username": %q, "password": "guess number %d"}`, box.Owner, try))
				switch {
				case err != nil && ctx.Err() != nil:
				case a.status == http.StatusUnauthorized:
					looked.Add(1)
				case a.status == http.StatusTooManyRequests:
					limited.Add(1)
				default:
					t.Errorf("a guess: %d, %v", a.status, err)
					return
				}
				_ = box.Pause(ctx, 250*time.Millisecond) // the end of it is seen above
			}
		})
	}
	signedIn := int64(0)
	for ctx.Err() == nil {
		o.get("/").wants(t, "the owner's page among guessers", 200)
		o.signIn("mistaken").wants(t, "the owner, mistaken among guessers", 401)
		o.signIn(box.Password).wants(t, "the owner's sign-in among guessers", 200)
		signedIn++
		_ = box.Pause(ctx, 5*time.Second) // the end of it is seen above
	}
	crowd.Wait()
	t.Logf("%d guesses were looked at and %d refused, while the owner signed in %d times", looked.Load(), limited.Load(), signedIn)
	// The owner's sign-in begins the count of ten anew; two may be under way.
	if most := 10*(signedIn+1) + 2; looked.Load() > most {
		t.Errorf("%d guesses were looked at, at most %d should", looked.Load(), most)
	}
	if limited.Load() < 50 {
		t.Errorf("only %d guesses were refused", limited.Load())
	}
	d.cleanLog("guess number", "mistaken")
}
