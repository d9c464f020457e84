package supervision

import (
	"bufio"
	"io"
	"os"
	"slices"
	"testing"

	"coffer/scripts/e2e/tier"
	"coffer/scripts/suite/trial"
)

func TestInitPassesEveryCase(t *testing.T) {
	tier.Need(t, tier.Supervision)
	tools, err := trial.Build(t.Context(), tier.Folder(t), raced)
	if err != nil {
		t.Fatal(err)
	}
	subjects := []trial.Subject{trial.Ours()}
	if !raced {
		subjects = append(subjects, peers(t, tools)...)
	}
	out := logger(t)
	table, err := trial.Run(t.Context(), tools, trial.Cases(), subjects, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Print(out); err != nil {
		t.Fatal(err)
	}
	for _, c := range table.Cases {
		switch s := table.Score(trial.OursName, c.Name); {
		case s.Verdict == trial.NotApplicable && c.NeedsGroups:
			t.Logf("NOT TRIED: %s: %s", c.Name, s.Note)
		case s.Verdict != trial.Pass:
			t.Errorf("%s (%s): %s: %s", c.Name, c.What, s.Verdict, s.Note)
		}
	}
}

// peers are other inits to print beside ours: all that are quick to try. The
// others are for make suite.
func peers(t *testing.T, tools trial.Tools) []trial.Subject {
	return slices.DeleteFunc(trial.QuickReferences(), func(s trial.Subject) bool {
		why := tools.Missing(s)
		if why == "" {
			return false
		}
		t.Logf("NOT TRIED: %s: %s", s.Name, why)
		if os.Getenv("CI") != "" {
			t.Errorf("%s is to be tried", s.Name)
		}
		return true
	})
}

// logger writes lines to the test's log.
func logger(t *testing.T) io.Writer {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			t.Log(lines.Text())
		}
	}()
	t.Cleanup(func() {
		_ = w.Close()
		<-done
	})
	return w
}
