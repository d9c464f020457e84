package pdf

import "testing"

func TestTidy(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "two words", "two words"},
		{"line ends", "a\r\nb\nc", "a\nb\nc"},
		{"parted word", "extra\ufffeordinary", "extraordinary"},
		{"hyphen that stays", "well-known", "well-known"},
		{"drawn soft hyphen", "well\u00adknown", "well-known"},
		{"private sign", "before\uf0b7after", "before after"},
		{"control", "before\u0086after", "before after"},
		{"small capitals", "A\uf764\uf761", "ADA"},
		{"beside the small capitals", "a\uf760b\uf77bc", "a b c"},
		{"old-style figures", "\uf731\uf739", "19"},
		{"beside the figures", "1\uf72f2\uf73a3", "1 2 3"},
		{"Arabic joiner", "نمی\u200cخواهم", "نمی\u200cخواهم"},
	} {
		if got := tidy(c.text); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestUpright(t *testing.T) {
	long := "A page that is full of words which run across. "
	for len(long) < sparse {
		long += long
	}
	for _, c := range []struct {
		text string
		want bool
	}{{"", true}, {"7", true}, {long, false}, {long + "日本", true}, {long + "ひらがな", true}, {long + "한글", true}, {long + "кириллица", false}, {long + "，。", false}} {
		if got := upright(c.text); got != c.want {
			t.Errorf("%q: %v", c.text[max(0, len(c.text)-12):], got)
		}
	}
}
