package diagnostics

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"coffer/services/library"
)

// FuzzNeighbours: what stands in the lines about a secret does not hide it.
func FuzzNeighbours(f *testing.F) {
	for i, lines := range awkward() {
		f.Add(strings.Join(lines, "\n"), "after", uint(i))
		f.Add("before", strings.Join(lines, "\n"), uint(7*i))
	}
	s, all := NewShapes(), planted()
	names := slices.Sorted(maps.Keys(all))
	f.Fuzz(func(t *testing.T, before, after string, which uint) {
		name := names[which%uint(len(names))]
		c := Canary{gone: all[name][1]}
		if len(before)+len(after) > 4000 || c.In(before) || c.In(after) {
			return
		}
		clean, _, err := s.Clean(before + "\n" + all[name][0] + "\n" + after)
		if err != nil || c.In(clean) {
			t.Fatalf("%s between %q and %q: %q, %v", name, before, after, clean, err)
		}
	})
}

// FuzzExport: whatever is in a log, the file is made, has the log, and holds
// nothing of a secret in any form.
func FuzzExport(f *testing.F) {
	for i, lines := range awkward() {
		f.Add(strings.Join(lines, "\n"), "end", byte(i))
	}
	all := Disguises(initKnows)
	slices.SortFunc(all, func(a, b Canary) int { return strings.Compare(a.Form, b.Form) })
	f.Fuzz(func(t *testing.T, before, after string, which byte) {
		c := all[int(which)%len(all)]
		before, after = strings.ToValidUTF8(before, ""), strings.ToValidUTF8(after, "")
		if len(before)+len(after) > 4000 || c.In(before) || c.In(after) {
			return
		}
		d, err := (&box{lines: strings.Split(before+"\ngot "+c.Text+" there\n"+after, "\n")}).keeper(t).Preview(t.Context(), true)
		if err != nil {
			t.Fatalf("%s between %q and %q: %v", c.Form, before, after, err)
		}
		if log := logOf(d); c.In(log) || strings.Contains(foldText(log), foldText(initKnows)) {
			t.Fatalf("%s between %q and %q: %q", c.Form, before, after, log)
		}
		if slices.ContainsFunc(d.LeftOut, func(g library.DiagnosisGap) bool { return strings.Contains(g.Why, "torn apart") }) {
			t.Fatalf("%s between %q and %q: the log is left out", c.Form, before, after)
		}
	})
}
