package egress

import (
	"errors"
	"strings"
	"unicode"

	"github.com/mholt/acmez/v3/acme"
)

// maxDetail bounds what is passed on of an authority's own words, in bytes.
const maxDetail = 600

// judge makes a Failure of what an authority was asked for.
func judge(err error) *Failure {
	problem, ok := problemOf(err)
	if !ok {
		f := explain(err)
		if f.Message == unexpected {
			f = &Failure{Code: CodeAuthority, Message: "What answers there does not answer as an authority does.", Detail: f.Detail}
		}
		f.Detail = words(f.Detail)
		return f
	}
	kind, detail, name := problem.Type, problem.Detail, ""
	for n, sub := range problem.Subproblems {
		detail += "; " + sub.Detail
		if n == 0 {
			kind, name = sub.Type, sub.Identifier.Value
		}
	}
	authz, challenged := problem.Resource.(acme.Authorization)
	if challenged {
		name = authz.IdentifierValue()
	}
	f := &Failure{Code: CodeAuthority, Message: "The authority refused.", Detail: words(detail), Name: words(name)}
	switch kind {
	case acme.ProblemTypeConnection, acme.ProblemTypeTLS:
		f.Code, f.Message = CodeNotReached, "The authority found nobody at the name."
	case acme.ProblemTypeDNS:
		f.Code, f.Message = CodeNoName, "The authority did not find the name."
	case acme.ProblemTypeUnauthorized, acme.ProblemTypeIncorrectResponse:
		if challenged {
			f.Code, f.Message = CodeElsewhere, "The authority found another answer at the name than this box gives."
		}
	case acme.ProblemTypeInvalidContact, acme.ProblemTypeUnsupportedContact:
		f.Code, f.Message = CodeContact, "The authority does not take the address for mail."
	case acme.ProblemTypeRejectedIdentifier, acme.ProblemTypeCAA, acme.ProblemTypeUnsupportedIdentifier:
		f.Code, f.Message = CodeRejected, "The authority does not vouch for this name."
	case acme.ProblemTypeRateLimited:
		f.Code, f.Message = CodeLimited, "The authority was asked too often and wants a pause."
	}
	return f
}

// problemOf finds an authority's problem in err, where the vendor has it by
// value, or by pointer when the order itself failed.
func problemOf(err error) (acme.Problem, bool) {
	if p, ok := errors.AsType[acme.Problem](err); ok {
		return p, true
	}
	if p, ok := errors.AsType[*acme.Problem](err); ok && p != nil {
		return *p, true
	}
	return acme.Problem{}, false
}

// words makes one line of what the other side says, fit to be shown.
func words(said string) string {
	said = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(said, ""))
	return strings.ToValidUTF8(said[:min(len(said), maxDetail)], "")
}
