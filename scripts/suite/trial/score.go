package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Verdict is how an init did in a case.
type Verdict string

// The verdicts. NotApplicable is for what an init does not claim to do.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "n/a"
)

// Score is a verdict with its reason, or with what was counted.
type Score struct {
	Verdict Verdict
	Note    string
}

// flaw is what an init did wrong.
type flaw string

func (f flaw) Error() string { return string(f) }

func flawed(format string, a ...any) error { return flaw(fmt.Sprintf(format, a...)) }

// lacking is why a case says nothing about an init or cannot run here.
type lacking string

func (l lacking) Error() string { return string(l) }

// ability is what a case asks of an init.
type ability int

const (
	restarts ability = iota // starts again what died
	counts                  // counts starts that failed
	orders                  // starts and stops services in an order
	controls                // restarts a service when asked
	keeps                   // keeps log files
)

// Table is the scores of some inits in some cases.
type Table struct {
	Cases    []Case
	Subjects []Subject
	scores   map[[2]string]Score
}

// Score returns that of an init in a case, by their names.
func (t *Table) Score(subject, name string) Score { return t.scores[[2]string{subject, name}] }

// atOnce is how many trials run beside each other; most of them wait.
const atOnce = 6

// Run tries every subject in every case, and tells of each on out. An error
// means that a trial could not be made, which says nothing about an init.
func Run(ctx context.Context, tools Tools, cases []Case, subjects []Subject, out io.Writer) (*Table, error) {
	t := &Table{Cases: cases, Subjects: subjects, scores: map[[2]string]Score{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // guards what follows, and out
	var failed error
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	inOrder := slices.Clone(cases)
	slices.SortStableFunc(inOrder, func(a, b Case) int {
		switch {
		case a.long == b.long:
			return 0
		case a.long:
			return -1
		}
		return 1
	})
	for _, c := range inOrder {
		for _, s := range subjects {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				score, err := try(ctx, tools, c, s)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					if failed == nil {
						failed = fmt.Errorf("%s, %s: %w", c.Name, s.Name, err)
						cancel()
					}
					return
				}
				t.scores[[2]string{s.Name, c.Name}] = score
				_, _ = fmt.Fprintf(out, "%-22s %-22s %-4s %s\n", c.Name, s.Name, score.Verdict, score.Note)
			})
		}
	}
	wg.Wait()
	return t, failed
}

func try(ctx context.Context, tools Tools, c Case, s Subject) (Score, error) {
	for _, need := range c.needs {
		if why, lacks := s.lacks[need]; lacks {
			return Score{NotApplicable, why}, nil
		}
	}
	d := &desk{ctx: ctx, tools: tools, subject: s}
	note, err := c.run(d)
	races, found := d.clear()
	if found != nil {
		return Score{}, found
	}
	if races != "" {
		return Score{Fail, races}, nil
	}
	var wrong flaw
	var lacks lacking
	switch {
	case errors.As(err, &wrong):
		return Score{Fail, wrong.Error()}, nil
	case errors.As(err, &lacks):
		return Score{NotApplicable, lacks.Error()}, nil
	case err != nil:
		return Score{}, err
	}
	return Score{Pass, note}, nil
}
