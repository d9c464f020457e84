package trial

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Page writes docs/supervision.md: who passes which case, and why not. The
// reason that a subject is missing is told by missing.
func (t *Table) Page(w io.Writer, missing map[string]string) error {
	p := &page{w: w}
	p.printf(`# Inits beside each other

<!-- Written by "make suite" from what its runs showed. -->

Each init was put through each case as PID 1 of a fresh PID namespace, or as its child where the case says so, with services
that note what happens to them. The cases are those of tini's and dumb-init's own tests, and those that a box with several
services adds. An init is set up as its documentation and its users do, with all that it offers for the case. A dash is for
what an init does not claim to do: it counts neither way.

What the box does comes from the same packages, wired as in the box; `+"`make test`"+` tries them in each case, in the race
detector too. Setting the clock is no case here, because it would be the machine's: [a test of the
policy](../appliance/supervise/clock_test.go) sets it for the policy alone, by hours to and fro.

| case | what passes | %s |
| --- | --- |%s
`, strings.Join(t.names(), " | "), strings.Repeat(" --- |", len(t.Subjects)))
	for _, c := range t.Cases {
		p.printf("| %s | %s |", c.Name, c.What)
		for _, s := range t.Subjects {
			p.printf(" %s |", t.cell(s, c))
		}
		p.printf("\n")
	}
	p.printf("| **passed** | of those that apply |")
	for _, s := range t.Subjects {
		passed, of := t.Sum(s.Name)
		p.printf(" **%d of %d** |", passed, of)
	}
	p.printf("\n\n## How each was set up, and where it failed\n")
	for _, s := range t.Subjects {
		p.subject(t, s)
	}
	var left []string
	for name, why := range missing {
		left = append(left, name+": "+why)
	}
	slices.Sort(left)
	if len(left) > 0 {
		p.printf("\nNot tried where this was written: %s.\n", strings.Join(left, "; "))
	}
	p.printf(`
Not tried, because Debian does not pack them: s6-rc and s6-overlay, which add an order of services to s6. gokrazy's supervisor
runs on its own system only.
`)
	return p.err
}

// page keeps the first error of writing.
type page struct {
	w   io.Writer
	err error
}

func (p *page) printf(format string, a ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, a...)
	}
}

func (p *page) subject(t *Table, s Subject) {
	p.printf("\n### %s\n\n%s%s.\n", strings.TrimSpace(s.Name+" "+s.Version()), strings.ToUpper(s.Made[:1]), s.Made[1:])
	for _, v := range []struct {
		verdict Verdict
		heading string
	}{{Fail, ""}, {NotApplicable, "does not apply: "}} {
		var lines []string
		for _, c := range t.Cases {
			if score := t.Score(s.Name, c.Name); score.Verdict == v.verdict {
				lines = append(lines, fmt.Sprintf("- *%s* %s%s\n", c.Name, v.heading, score.Note))
			}
		}
		if len(lines) > 0 {
			p.printf("\n%s", strings.Join(lines, ""))
		}
	}
}

func (t *Table) names() []string {
	var all []string
	for _, s := range t.Subjects {
		all = append(all, s.Name)
	}
	return all
}

func (t *Table) cell(s Subject, c Case) string {
	switch score := t.Score(s.Name, c.Name); score.Verdict {
	case NotApplicable:
		return "–"
	case Fail:
		return "**fail**"
	default:
		return string(score.Verdict)
	}
}

// Sum is in how many cases an init passed, of those that apply to it.
func (t *Table) Sum(subject string) (passed, of int) {
	for _, c := range t.Cases {
		switch t.Score(subject, c.Name).Verdict {
		case Pass:
			passed++
			of++
		case Fail:
			of++
		}
	}
	return passed, of
}

// Print writes the table for a terminal: a line for each case and a column for
// each init.
func (t *Table) Print(w io.Writer) error {
	p := &page{w: w}
	row := func(first string, cell func(Subject) string) {
		p.printf("%-24s", first)
		for _, s := range t.Subjects {
			p.printf(" %-*s", max(len(s.Name), 8), cell(s))
		}
		p.printf("\n")
	}
	row("", func(s Subject) string { return s.Name })
	for _, c := range t.Cases {
		row(c.Name, func(s Subject) string { return string(t.Score(s.Name, c.Name).Verdict) })
	}
	row("passed", func(s Subject) string {
		passed, of := t.Sum(s.Name)
		return fmt.Sprintf("%d of %d", passed, of)
	})
	return p.err
}
