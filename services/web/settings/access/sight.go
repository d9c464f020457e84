package access

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/web/words"
)

// Sight is who reaches the box, as the box sees it.
type Sight struct {
	Seen     string // where this request comes from
	Unlisted string // what to do about a proxy that is not listed; empty: nothing
	Proxies  string // that are believed
	Limits   []Limit
}

// Limit is a row of the table of limits.
type Limit struct{ What, HowMany, Now string }

// sight describes the way this request took; the headers are the edge's word.
func (s *site) sight(c *gin.Context, w *words.Words) (Sight, error) {
	scheme := "http"
	if auth.Secure(c.Request) {
		scheme = "https"
	}
	a := Sight{
		Seen:    fmt.Sprintf(w.Access.Seen, c.GetHeader("X-Client-Addr"), c.Request.Host, scheme),
		Proxies: strings.Join(s.Proxies, ", "),
	}
	if peer := c.GetHeader("X-Edge-Unlisted"); peer != "" {
		a.Unlisted = fmt.Sprintf(w.Access.Unlisted, peer)
	}
	var err error
	a.Limits, err = s.limits(c, w)
	return a, err
}

// limits is the table of limits with what is used of each.
func (s *site) limits(c *gin.Context, w *words.Words) ([]Limit, error) {
	facts, err := s.Keeper.Facts(c.Request.Context())
	if err != nil {
		return nil, err
	}
	var rows []Limit
	for _, b := range []struct {
		budget auth.Budget
		what   string
	}{
		{auth.Anonymous, w.Access.Anonymous}, {auth.Requests, w.Access.Requests},
		{auth.Changes, w.Access.Changes}, {auth.Uploads, w.Access.Uploads},
	} {
		rows = append(rows, Limit{b.what, fmt.Sprintf(w.Access.PerMinute, w.Number(b.budget.PerMinute())), s.now(b.budget, w)})
	}
	failed, _ := s.Keeper.RecentFailures()
	return append(rows,
		Limit{
			w.Access.SignIn, fmt.Sprintf(w.Access.SignInMany, w.Number(facts.LoginsPerMinute), w.Number(facts.BackoffAfter)),
			w.For(w.Access.FailedLately, failed),
		},
		Limit{w.Access.SetupCode, w.Access.SetupMany, w.Access.SetupDone}), nil
}

func (s *site) now(b auth.Budget, w *words.Words) string {
	used, callers := s.Budgets.Busiest(b)
	switch callers {
	case 0:
		return w.Access.Idle
	case 1:
		return fmt.Sprintf(w.Access.UsedByOne, w.Number(used))
	}
	return fmt.Sprintf(w.Access.UsedByMost, w.Number(used), w.Number(callers))
}
