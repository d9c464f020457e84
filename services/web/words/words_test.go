package words

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// leaves calls f for every string of a catalogue, by its path.
func leaves(v reflect.Value, path string, f func(path, s string)) {
	switch v.Kind() {
	case reflect.String:
		f(path, v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Array:
		for i := range v.Len() {
			leaves(v.Index(i), path+"[]", f)
		}
	}
}

func texts(w *Words) map[string]string {
	out := map[string]string{}
	leaves(reflect.ValueOf(*w), "", func(path, s string) { out[path] += s })
	return out
}

// holes are what is filled in: %s, %[1]d, {name}.
func holes(s string) []string {
	all := regexp.MustCompile(`%(\[\d\])?[sd]|\{[a-z]+\}`).FindAllString(s, -1)
	slices.Sort(all)
	return all
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	c := NewCatalogue()
	english := texts(c.All[0])
	for _, w := range c.All {
		for path, s := range texts(w) {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s: %s is not translated", w.Code, path)
			}
			plural := strings.HasSuffix(path, ".One")
			if got, want := holes(s), holes(english[path]); !plural && !slices.Equal(got, want) {
				t.Errorf("%s: %s fills in %q, English %q", w.Code, path, got, want)
			}
			if strings.ContainsAny(s, "<>") {
				t.Errorf("%s: %s holds markup", w.Code, path)
			}
		}
	}
}

// Every kind of event has a name of its own in every language.
func TestAuditKinds(t *testing.T) {
	for _, w := range NewCatalogue().All {
		seen := map[string]library.AuditKind{}
		for _, k := range library.AuditKinds() {
			name := w.AuditKind(k)
			if other, twice := seen[name]; twice || name == string(k) {
				t.Errorf("%s: %s is called %q, as %s", w.Code, k, name, other)
			}
			seen[name] = k
		}
	}
	if got := english().AuditKind("new_kind"); got != "new_kind" {
		t.Errorf("a kind without a name is %q", got)
	}
}

func TestChoose(t *testing.T) {
	c := NewCatalogue()
	for _, row := range []struct{ chosen, accept, want string }{
		{"", "", "en"},
		{"", "de", "de"},
		{"", "de-AT,de;q=0.9,en;q=0.5", "de"},
		{"", "en-GB,de;q=0.9", "en"},
		{"", "fr-FR,fr;q=0.9", "en"},
		{"", "fr, de;q=0.4", "de"},
		{"", ";;;===", "en"},
		{"", strings.Repeat("x-", 5000), "en"},
		{"de", "en", "de"},
		{"en", "de", "en"},
		{"fr", "de", "de"},
		{"../de", "", "en"},
	} {
		if got := c.Choose(row.chosen, row.accept).Code; got != row.want {
			t.Errorf("chosen %q, accepted %.40q: %s, want %s", row.chosen, row.accept, got, row.want)
		}
	}
}

func TestNumbersAndTimes(t *testing.T) {
	en, de := english(), german()
	now := time.Date(2026, 3, 5, 14, 7, 0, 0, time.UTC)
	for _, row := range []struct{ got, want string }{
		{en.Number(0), "0"}, {en.Number(999), "999"}, {en.Number(1000), "1,000"}, {de.Number(1234567), "1.234.567"}, {en.Number(-1200), "−1,200"},
		{en.Size(0), "0 B"}, {en.Size(999), "999 B"}, {en.Size(1000), "1.0 kB"}, {de.Size(4_200_000), "4,2 MB"}, {en.Size(999_600), "1.0 MB"}, {en.Size(38_400_000), "38 MB"}, {en.Size(2 << 40), "2.2 TB"},
		{en.For(en.Search.Found, 1), "1 passage"}, {en.For(en.Search.Found, 0), "0 passages"}, {de.For(de.Kinds.Pages, 2400), "2.400 Seiten"},
		{en.For(en.Search.Invite, 1), "One source, ready to be searched"},
		{en.Ago(now.Add(-59*time.Second), now), "just now"}, {en.Ago(now.Add(time.Hour), now), "just now"},
		{en.Ago(now.Add(-time.Minute), now), "1 minute ago"}, {de.Ago(now.Add(-5*time.Hour), now), "vor 5 Stunden"},
		{en.Ago(now.Add(-25*time.Hour), now), "yesterday"}, {en.Ago(now.Add(-72*time.Hour), now), "3 days ago"},
		{de.Ago(now.AddDate(0, -2, 0), now), "5. Januar 2026"}, {en.Ago(time.Time{}, now), "never"},
		{en.Exact(now), "5 March 2026, 14:07"}, {de.Exact(now), "5. März 2026, 14:07"},
		{en.Took(0), "1 ms"}, {en.Took(12 * time.Millisecond), "12 ms"}, {de.Took(1400 * time.Millisecond), "1,4 s"},
		{en.Wait(0), "1 second"}, {en.Wait(60), "60 seconds"}, {en.Wait(91), "2 minutes"}, {de.Wait(900), "15 Minuten"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}

func TestReason(t *testing.T) {
	for _, row := range []struct {
		w                   *Words
		code, message, want string
	}{
		{english(), "encrypted", "It has a password.", "It has a password."},
		{english(), "encrypted", "", english().Reasons.Encrypted},
		{english(), "", "", english().States.Unsaid},
		{german(), "timeout", "It took too long.", german().Reasons.Crashed},
		{german(), "new_code", "Something new.", "Something new."},
		{german(), "new_code", "", german().States.Unsaid},
	} {
		if got := row.w.Reason(row.code, row.message); got != row.want {
			t.Errorf("%s %q %q: %q, want %q", row.w.Code, row.code, row.message, got, row.want)
		}
	}
}
