package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"coffer/services/console"
	"coffer/services/library"
)

// playDiagnostics writes the file to give away when asking for help, or lists
// what would be in it.
func playDiagnostics(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("diagnostics", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	preview := flags.Bool("preview", false, "list what would be in it, and write nothing")
	if err := flags.Parse(c.args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 1 || *preview && flags.NArg() > 0 {
		return c.fail("diagnostics", fmt.Errorf("%w: coffer diagnostics [--preview] [FILE]; without FILE it goes to standard output", errUsage))
	}
	cfg, code := c.configOf("diagnostics", *root)
	if cfg == nil {
		return code
	}
	if err := c.diagnose(ctx, consoleSocket(cfg), *preview, flags.Arg(0)); err != nil {
		return c.fail("diagnostics", err)
	}
	return exitOK
}

func (c call) diagnose(ctx context.Context, at string, preview bool, file string) error {
	if st, err := c.out.Stat(); !preview && file == "" && err == nil && st.Mode()&os.ModeCharDevice != 0 {
		return errors.New("a terminal cannot show the file: coffer diagnostics FILE, or coffer diagnostics > FILE")
	}
	a, err := console.Exchange(ctx, at, console.Request{Ask: console.Diagnose, Preview: preview}, nil)
	switch {
	case errors.Is(err, console.ErrNobody):
		return fmt.Errorf("%w; start the box first: it makes the file itself", err)
	case err != nil:
		return err
	case preview:
		return c.listDiagnosis(c.out, a.Diagnosis)
	case file == "":
		_, err = c.out.Write(a.File)
		return err
	}
	if err := os.WriteFile(file, a.File, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %d files, %d bytes. Look at it before you give it away: coffer diagnostics --preview lists what was removed.\n", file, len(a.Diagnosis.Files), len(a.File))
	return nil
}

func (c call) listDiagnosis(out *os.File, d library.Diagnosis) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tBYTES\tREMOVED")
	for _, f := range d.Files {
		removed := ""
		for _, rule := range slices.Sorted(maps.Keys(f.Redacted)) {
			removed += fmt.Sprintf("%s %d  ", rule, f.Redacted[rule])
		}
		fmt.Fprintf(w, "%s\t%d\t%s\n", f.Name, len(f.Text), removed)
	}
	fmt.Fprintln(w, "\nLEFT OUT\t\tWHY")
	for _, g := range d.LeftOut {
		fmt.Fprintf(w, "%s\t\t%s\n", g.What, g.Why)
	}
	return w.Flush()
}
