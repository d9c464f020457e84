package supervision

import (
	"bufio"
	"io"
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
	table, err := trial.Run(t.Context(), tools, trial.Cases(), []trial.Subject{trial.Ours()}, logger(t))
	if err != nil {
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
