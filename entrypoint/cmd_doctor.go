package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"coffer/appliance/control"
	"coffer/appliance/posture"
	"coffer/config"
)

// playDoctor has the box look at itself now. It exits 1 when a claim does not
// hold; one that this host limits is told and no failure.
func playDoctor(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(c.err)
	asJSON := flags.Bool("json", false, "print JSON")
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	cfg, err := config.Load(*root, c.env)
	if err != nil {
		c.fail("doctor", err)
		return exitConfig
	}
	report, err := control.Report(ctx, control.Socket(cfg.Run).Path, control.Request{Ask: control.AskDoctor})
	if err != nil {
		return c.fail("doctor", err)
	}
	if *asJSON {
		err = json.NewEncoder(c.out).Encode(report)
	} else {
		c.print(report)
	}
	if err != nil {
		return c.fail("doctor", err)
	}
	if report.Summary.Fail > 0 {
		return exitFailed
	}
	return exitOK
}

// print writes a report for people: what does not hold comes with its remedy.
func (c call) print(r posture.Report) {
	s := r.Summary
	fmt.Fprintf(c.out, "%d claims: %d hold, %d limited by this host, %d need you, %d come later, %d cannot be seen (%s)\n",
		s.Claims, s.Pass, s.Degraded, s.Fail, s.Later, s.None-s.Later, r.CheckedAt.Format(time.RFC3339))
	for _, g := range posture.Groups() {
		fmt.Fprintf(c.out, "\n%s\n", g.Name)
		for _, i := range r.Items {
			if i.Group != g.Group {
				continue
			}
			fmt.Fprintf(c.out, "  %-8s  %-18s  %s\n", i.Status, i.ID, fold(i.Evidence, 32))
			if i.Remedy != "" && i.Status != posture.NotApplicable {
				fmt.Fprintf(c.out, "  %-8s  %-18s  %s\n", "", "to mend it:", fold(i.Remedy, 32))
			}
		}
	}
}

// fold breaks text into lines of 100 columns, all but the first indented.
func fold(text string, indent int) string {
	const columns = 100
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > columns:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
