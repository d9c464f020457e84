// Package words holds every sentence that the pages show, one catalogue per
// language.
//
// A catalogue is a struct of strings, so a name that does not exist fails to
// compile, and a sentence that was not translated fails the test. It knows
// how a language writes numbers, sizes and times; it knows no page and no
// document.
//
// Strings that Go fills in hold %s or %d; strings that a browser fills in hold
// {name} in braces and travel in data attributes.
package words

import (
	"fmt"
	"strings"
)

// Words is the catalogue of one language.
type Words struct {
	Code string // BCP 47
	Dir  string // "ltr" or "rtl"
	Name string // the language's name for itself

	Decimal   string // between units and tenths
	Thousands string // between groups of three digits

	Shell       Shell
	Kinds       Kinds
	States      States
	Time        Time
	Setup       Setup
	Login       Login
	Step        Step
	Search      Search
	Sources     Sources
	Reader      Reader
	Add         Add
	Tray        Tray
	Activity    Activity
	Box         Box
	Logs        Logs
	Audit       Audit
	Outgoing    Outgoing
	Keys        Keys
	Backups     Backups
	Restore     Restore
	Packages    Packages
	Archives    Archives
	Diagnostics Diagnostics
	Alarms      Alarms
	Copies      Copies
	Notices     Notices
	Settings    Settings
	Account     Account
	Factors     Factors
	Passkeys    Passkeys
	Reauth      Reauth
	Access      Access
	HTTPS       HTTPS
	Order       Order
	Failure     Failure
	Reasons     Reasons
}

// Plural is a counted phrase; a form holds %s where the number stands.
type Plural struct{ One, Other string }

// For picks the form for n and fills in its number.
func (w *Words) For(p Plural, n int) string {
	form := p.Other
	if n == 1 {
		form = p.One
	}
	return strings.Replace(form, "%s", w.Number(n), 1)
}

// Number writes n with the language's grouping.
func (w *Words) Number(n int) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(w.Thousands)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Size writes a number of bytes in decimal units: 999 B, 4.2 kB, 38 MB.
func (w *Words) Size(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	v := float64(bytes)
	unit := ""
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		unit = u
		v /= 1000
		if v < 999.5 {
			break
		}
	}
	if v < 9.95 {
		return strings.Replace(fmt.Sprintf("%.1f", v), ".", w.Decimal, 1) + " " + unit
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}

// Percent writes part of whole, 0 to 100.
func (w *Words) Percent(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return min(100, max(0, part*100/whole))
}

// OfArchive says why an archive failed, or could not be followed to its end.
func (w *Words) OfArchive(code, message string) string {
	if said := w.Archives.Failed[code]; said != "" && w.Code != "en" {
		return said
	}
	return w.Reason(code, message)
}

// LeftOut says why a member of an archive was left out.
func (w *Words) LeftOut(code, message string) string {
	if said := w.Archives.Left[code]; said != "" {
		return said
	}
	return w.Reason(code, message)
}

// Reason says why a source failed. The box speaks English of itself; other
// languages say it by its code, and fall back to what the box said.
func (w *Words) Reason(code, message string) string {
	said := ""
	switch code {
	case "encrypted":
		said = w.Reasons.Encrypted
	case "malformed":
		said = w.Reasons.Malformed
	case "no_text":
		said = w.Reasons.NoText
	case "unsupported":
		said = w.Reasons.Unsupported
	case "too_large":
		said = w.Reasons.TooLarge
	case "crashed", "timeout", "memory":
		said = w.Reasons.Crashed
	case "original_missing":
		said = w.Reasons.Missing
	case "package":
		said = w.Reasons.Package
	}
	switch {
	case message != "" && (w.Code == "en" || said == ""):
		return message
	case said == "":
		return w.States.Unsaid
	}
	return said
}
