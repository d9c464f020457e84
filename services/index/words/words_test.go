package words

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"case", "The QUICK Fox", "the quick fox"},
		{"punctuation separates", "well-known: it's (3.14)!", "well known it s 3 14"},
		{"diacritics", "Müller Ångström naïve Žižek Øre", "muller angstrom naive zizek ore"},
		{"decomposed", "Mu\u0308ller", "muller"},
		{"sharp s and ligatures", "Straße ﬁnden Œuvre", "strasse finden oeuvre"},
		{"full width", "ＡＢＣ１２", "abc12"},
		{"soft hyphen inside", "in\u00adfor\u00admation", "information"},
		{"soft hyphen behind", "word\u00ad next", "word next"},
		{"Greek", "Ὀδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ οδυσσευσ"},
		{"Cyrillic keeps й", "Чёрный чай", "черный чай"},
		{"Arabic without vowels", "مُحَمَّد كتـــاب", "محمد كتاب"},
		{"Hebrew without points", "שָׁלוֹם", "שלום"},
		{"Hindi keeps vowel signs", "हिन्दी", "हिन्दी"},
		{"Turkish dotless", "Işık İstanbul", "isik istanbul"},
		{"Han", "東京都", "東京 京都 都"},
		{"one Han", "水", "水"},
		{"Kana voicing", "ｶﾞｽ ガス", "ガス ス ガス ス"},
		{"Hangul", "서울", "서울 울"},
		{"Thai", "ภาษา", "ภา าษ ษา า"},
		{"mixed", "iPhone手机2024年", "iphone 手机 机 2024 年"},
		{"emoji", "go 🚀🎉 ❤️", "go 🚀 🎉 ❤"},
		{"family emoji", "👩‍👧", "👩 👧"},
		{"nothing", " \t\n.,;-_=+()[]{}", ""},
		{"marks alone", "\u0301 \u0301", ""},
		{"voicing mark alone", "ﾞ", "゙"},
		{"broken bytes", "a\xffb\xc3", "a b"},
		{"NUL", "a\x00b", "a b"},
		{"long", strings.Repeat("x", 100), strings.Repeat("x", MaxWord)},
		{"long, cut at a letter", strings.Repeat("я", 50), strings.Repeat("я", MaxWord/2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, w := range Split(c.text) {
				got = append(got, w.Text)
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("Split(%q) = %q, want %q", c.text, g, c.want)
			}
		})
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		text string
		want Language
	}{
		{"The box reads what you put in and finds it for you.", "en"},
		{"Die Kiste liest, was man hineinlegt, und findet es wieder.", "de"},
		{"La boîte lit ce que vous y mettez et le retrouve pour vous.", "fr"},
		{"La caja lee lo que pones en ella y lo encuentra para ti.", "es"},
		{"Коробка читает то, что вы в нее положили.", "ru"},
		{"Rechnung 2024", Unknown},
		{"", Unknown},
		{"東京都の天気", Unknown},
		{"SELECT id, name, size; id = 7", Unknown},
		{strings.Repeat("lorem ipsum dolor ", 50) + "der die", "en"},
	} {
		if got := Detect(Split(c.text)); got != c.want {
			t.Errorf("Detect(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestStem(t *testing.T) {
	for _, c := range []struct {
		lang Language
		a, b string
		same bool
	}{
		{"en", "running", "runs", true},
		{"en", "happy", "happiness", true},
		{"en", "corner", "corn", false},
		{"en", "number", "numb", false},
		{"de", "hauser", "haus", true},
		{"de", "rechnungen", "rechnung", true},
		{"de", "hand", "handel", false},
		{"fr", "maisons", "maison", true},
		{Unknown, "runs", "run", false},
		{"en", "as", "a", false},
		{"en", "2024s", "2024", false},
	} {
		if got := Stem(c.lang, c.a) == Stem(c.lang, c.b); got != c.same {
			t.Errorf("%s: %s and %s share a stem: %v", c.lang, c.a, c.b, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"Müller ﬁ", "東京ﾞ", "a\u0301\u00ad\xff", "👩‍👧‍👦", "ภาษา", "\u0644\u0651", "ﾞﾞ", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, w := range Split(text) {
			if w.Start < at || w.Mid <= w.Start || w.End < w.Mid || w.End > len(text) {
				t.Fatalf("%q: word %+v after %d", text, w, at)
			}
			at = w.Start + 1
			if w.Text == "" || len(w.Text) > MaxWord || !utf8.ValidString(w.Text) {
				t.Fatalf("%q: word %q", text, w.Text)
			}
			if again := Fold(w.Text); again != w.Text {
				t.Fatalf("%q: %q folds to %q", text, w.Text, again)
			}
			if Fold(text[w.Start:w.End]) != w.Text {
				t.Fatalf("%q: %+v is not what stands there", text, w)
			}
			for _, l := range Languages() {
				if s := Stem(l, w.Text); s == "" || s[0] != w.Text[0] {
					t.Fatalf("%q: stem %q in %s", w.Text, s, l)
				}
			}
		}
	})
}
