package posture

import (
	"context"
	"fmt"
	"strings"
)

// Swept is what came of a sweep of planted secrets, as the child that made it
// says.
type Swept struct {
	Secrets int      `json:"secrets"` // that it knows
	Planted int      `json:"planted"` // forms of them, and canaries of other shapes
	Left    []string `json:"left"`    // the forms and shapes that were still there
}

// fewest is how many secrets every box has: the session key, the setup code in
// two forms, and the edge's token.
const fewest = 4

func (l *look) diagnosticsClean(ctx context.Context) Finding {
	s, err := l.Sweep(ctx)
	switch {
	case err != nil:
		return unseen(err)
	case s.Secrets < fewest || s.Planted <= s.Secrets:
		return fail(fmt.Sprintf("the sweep knows %d secrets and planted %d", s.Secrets, s.Planted))
	case len(s.Left) > 0:
		return fail("what was planted was still there after a sweep: " + strings.Join(s.Left, ", "))
	}
	return pass(fmt.Sprintf("a child that knows %d secrets planted them in %d forms and shapes, whole and over two lines, and a sweep left none; a finished file is swept again", s.Secrets, s.Planted))
}
