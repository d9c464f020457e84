package index

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHighlight(t *testing.T) {
	x := openTest(t)
	for _, c := range []struct{ name, query, text, want string }{
		{"a word", "salt", "Salt is salt.", "<mark>Salt</mark> is <mark>salt</mark>."},
		{"not inside a word", "salt", "salty basalt", "salty basalt"},
		{"nothing", "salt", "Sugar.", "Sugar."},
		{"empty query", "", "Salt.", "Salt."},
		{"empty text", "salt", "", ""},
		{"another form", "run", "She runs and is running for the boat.", "She <mark>runs</mark> and is <mark>running</mark> for the boat."},
		{"as written in quotes", `"run"`, "She runs a run.", "She runs a <mark>run</mark>."},
		{"a phrase as one", `"salt water"`, "Salt, water and salt water.", "<mark>Salt, water</mark> and <mark>salt water</mark>."},
		{"a phrase only in order", `"salt water"`, "water salt", "water salt"},
		{"a phrase cut off", `"salt water"`, "some salt", "some salt"},
		{"phrase and word", `"salt water" salt`, "salt water salt", "<mark>salt water</mark> <mark>salt</mark>"},
		{"excluded", "salt -water", "salt water", "<mark>salt</mark> water"},
		{"a function word of a question", "how much salt is in the water", "the salt in the water", "the <mark>salt</mark> in the <mark>water</mark>"},
		{"diacritics", "muller", "Herr Müller und Mu\u0308ller", "Herr <mark>Müller</mark> und <mark>Mu\u0308ller</mark>"},
		{"diacritics asked for", "Müller", "Muller", "<mark>Muller</mark>"},
		{"ligature", "finden", "zu ﬁnden", "zu <mark>ﬁnden</mark>"},
		{"sharp s", "strasse", "die Straße", "die <mark>Straße</mark>"},
		{"soft hyphen", "information", "in\u00adformation", "<mark>in\u00adformation</mark>"},
		{"Han", "東京", "東京都は", "<mark>東京</mark>都は"},
		{"Han of three", "東京都", "東京都は", "<mark>東京都</mark>は"},
		{"one Han", "水", "水は水道", "<mark>水</mark>は<mark>水</mark>道"},
		{"one Han last", "水", "海水", "海<mark>水</mark>"},
		{"Arabic vowels", "محمد", "ذهب مُحَمَّد", "ذهب <mark>مُحَمَّد</mark>"},
		{"emoji", "🎉", "tonight 🎉🚀", "tonight <mark>🎉</mark>🚀"},
		{"markup", "alert", `<script>alert("x")</script>`, "&lt;script&gt;<mark>alert</mark>(&#34;x&#34;)&lt;/script&gt;"},
		{"markup asked for", "<mark>", "<mark>", "&lt;<mark>mark</mark>&gt;"},
		{"markup inside a phrase", `"salt water"`, "salt & <water", "<mark>salt &amp; &lt;water</mark>"},
		{"ampersand", "salt", "salt & <b>", "<mark>salt</mark> &amp; &lt;b&gt;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, n := x.Highlight(c.query, c.text, 0)
			if got != c.want {
				t.Errorf("Highlight(%q) = %q, want %q", c.query, got, c.want)
			}
			if want := strings.Count(c.want, "<mark>"); n != want {
				t.Errorf("%d marks, want %d", n, want)
			}
		})
	}
}

func TestSnippet(t *testing.T) {
	x := openTest(t)
	filler := strings.Repeat("plain words that say little. ", 20)
	for _, c := range []struct {
		name, query, text string
		max               int
		want              []string // parts, in order
		not               string
	}{
		{"short text is whole", "salt", "A little salt.", 200, []string{"A little <mark>salt</mark>."}, "…"},
		{"start when nothing matches", "zebra", filler, 60, []string{"plain words", "…"}, "<mark>"},
		{"around the match", "zebra", filler + "a zebra here " + filler, 80, []string{"…", "<mark>zebra</mark> here", "…"}, ""},
		{"most of the query", "zebra lion", "zebra zebra zebra " + filler + "lion and zebra " + filler, 80, []string{"…", "<mark>lion</mark> and <mark>zebra</mark>", "…"}, ""},
		{"at the end", "zebra", filler + "zebra", 80, []string{"…", "<mark>zebra</mark>"}, "zebra</mark>…"},
		{"one long word", "zebra", strings.Repeat("é", 500), 51, []string{strings.Repeat("é", 25), "…"}, "<mark>"},
		{"Han", "東京", strings.Repeat("海山川", 100) + "東京都" + strings.Repeat("海山川", 100), 90, []string{"…", "<mark>東京</mark>", "…"}, "\uFFFD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := x.Highlight(c.query, c.text, c.max)
			rest := got
			for _, part := range c.want {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Fatalf("%q not in %q", part, got)
				}
				rest = after
			}
			if c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%q in %q", c.not, got)
			}
			if plain := unmarked(got); len(plain) > c.max+2*len("…") || !utf8.ValidString(plain) {
				t.Errorf("%d bytes: %q", len(plain), plain)
			}
			for word := range strings.FieldsSeq(strings.Trim(unmarked(got), "…")) {
				if !strings.Contains(" "+c.text+" ", " "+word+" ") && !strings.ContainsAny(word, "é東海山川") {
					t.Errorf("half a word %q in %q", word, got)
				}
			}
		})
	}
}

// unmarked is the text that marked HTML shows.
func unmarked(s string) string {
	return html.UnescapeString(strings.NewReplacer("<mark>", "", "</mark>", "").Replace(s))
}

func FuzzHighlight(f *testing.F) {
	x := openTest(f)
	for _, s := range [][2]string{
		{"salt", "<mark>salt</mark>"}, {`"a b"`, "a b a b a"}, {"ﬁ", "ﬁﬁ fi"}, {"東", "東京ﾞ東"}, {`"水 a"`, "水道 水 a"},
		{"&amp;", "&amp;&lt;"}, {"a", "\xff\xfea\x00"}, {"ǆ", "Ǆ ß ẞ"},
	} {
		f.Add(s[0], s[1], uint8(10))
	}
	f.Fuzz(func(t *testing.T, q, text string, max uint8) {
		whole, n := x.Highlight(q, text, 0)
		if unmarked(whole) != text {
			t.Fatalf("Highlight(%q, %q) = %q", q, text, whole)
		}
		if strings.Count(whole, "<mark>") != n || strings.Count(whole, "</mark>") != n {
			t.Fatalf("%d marks in %q", n, whole)
		}
		for _, s := range []string{whole, first(x.Highlight(q, text, int(max)))} {
			bare := strings.NewReplacer("<mark>", "", "</mark>", "").Replace(s)
			if strings.ContainsAny(bare, "<>\"'") {
				t.Fatalf("not escaped: %q", s)
			}
		}
		if max == 0 {
			return
		}
		shown := unmarked(first(x.Highlight(q, text, int(max))))
		core := strings.TrimSuffix(strings.TrimPrefix(shown, "…"), "…")
		if len(core) > int(max) || !strings.Contains(text, core) {
			t.Fatalf("window of %d: %q of %q", max, shown, text)
		}
	})
}

func first(s string, _ int) string { return s }
