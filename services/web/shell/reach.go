package shell

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/words"
)

// ReachChoice is the form that says who may reach the box.
type ReachChoice struct {
	Reach       string // network, names or proxy
	Hosts       string // one on each line
	OpenedUnder string // the name the browser uses, when it was put into the list for the owner
	Fixed       string // names listed by configuration
	AnyHost     bool
	// MayAnyHost shows the switch for any name, which the wizard does not have.
	MayAnyHost bool
}

// SaveReach stores the form of a request. A list that would lock the browser
// out of the name it uses is refused.
func SaveReach(c *gin.Context, w *words.Words, keeper *auth.Keeper, hosts auth.Hosts) (ReachChoice, *Problem, error) {
	choice := ReachChoice{
		Reach: c.PostForm("reach"), Hosts: c.PostForm("hosts"), Fixed: strings.Join(hosts.Fixed, ", "),
		MayAnyHost: c.PostForm("may_any_host") != "", AnyHost: c.PostForm("any_host") != "",
	}
	if !slices.Contains([]string{"network", "names", "proxy"}, choice.Reach) {
		return choice, &Problem{Message: w.Setup.ChooseReach}, nil
	}
	names, err := auth.CleanHosts(strings.FieldsFunc(choice.Hosts, func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }))
	if err != nil {
		return choice, &Problem{Message: w.Setup.BadHosts}, nil
	}
	ctx := c.Request.Context()
	settings, err := keeper.Settings(ctx)
	if err != nil {
		return choice, nil, err
	}
	if !choice.MayAnyHost {
		choice.AnyHost = settings.AnyHost
	}
	here, ok := auth.HostName(c.Request.Host)
	if ok && !auth.BuiltIn(here) && !choice.AnyHost && !slices.Contains(names, here) && !slices.Contains(hosts.Fixed, here) {
		return choice, &Problem{Message: strings.Replace(w.Setup.LosesHost, "%s", here, 1)}, nil
	}
	_, err = keeper.ChangeSettings(ctx, func(s *library.Settings) error {
		s.Reach, s.Hosts, s.AnyHost = choice.Reach, names, choice.AnyHost
		return nil
	})
	return choice, nil, err
}
