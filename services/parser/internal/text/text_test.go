package text_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/internal/text"
)

const (
	german  = "Die Straße führt über den Hügel; am Ende grüßt das Dörfchen. Für die Gäste gibt es süße Brötchen und kühle Getränke."
	russian = "Мороз и солнце; день чудесный! Ещё ты дремлешь, друг прелестный. Пора, красавица, проснись: открой сомкнуты негой взоры."
	nihongo = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"
	chinese = "我与父亲不相见已二年余了，我最不能忘记的是他的背影。那年冬天，祖母死了，父亲的差使也交卸了，正是祸不单行的日子。"
	taiwan  = "我與父親不相見已二年餘了，我最不能忘記的是他的背影。那年冬天，祖母死了，父親的差使也交卸了，正是禍不單行的日子。"
	hangul  = "나 보기가 역겨워 가실 때에는 말없이 고이 보내 드리우리다. 영변에 약산 진달래꽃 아름 따다 가실 길에 뿌리우리다."
	arabic  = "وأعرب الاتحاد وقتها عن أسفه لهذا الموقف غير المقبول وهدد باتخاذ كل الإجراءات للدفاع عن مصالحه"
	greek   = "Σε γνωρίζω από την κόψη του σπαθιού την τρομερή, σε γνωρίζω από την όψη που με βία μετράει τη γη."
)

func encode(t *testing.T, enc encoding.Encoding, s string) []byte {
	t.Helper()
	out, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name     string
		enc      encoding.Encoding
		text     string
		declared string
	}{
		{"UTF-8", encoding.Nop, russian, ""},
		{"UTF-8 despite what is declared", encoding.Nop, russian, "windows-1251"},
		{"UTF-8 with mark", unicode.UTF8BOM, german, ""},
		{"UTF-16LE with mark", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nihongo, ""},
		{"UTF-16BE with mark", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), german, ""},
		{"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), german, ""},
		{"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), russian, ""},
		{"UTF-32LE", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), german, ""},
		{"windows-1252", charmap.Windows1252, german, ""},
		{"windows-1251", charmap.Windows1251, russian, ""},
		{"KOI8-R", charmap.KOI8R, russian, ""},
		{"ISO-8859-7", charmap.ISO8859_7, greek, ""},
		{"windows-1256 declared", charmap.Windows1256, arabic, "windows-1256"},
		{"Shift JIS", japanese.ShiftJIS, nihongo, ""},
		{"EUC-JP", japanese.EUCJP, nihongo, ""},
		{"ISO-2022-JP", japanese.ISO2022JP, nihongo, ""},
		{"GB 18030", simplifiedchinese.GB18030, chinese, ""},
		{"Big5", traditionalchinese.Big5, taiwan, ""},
		{"EUC-KR", korean.EUCKR, hangul, ""},
	} {
		if got := text.Decode(encode(t, c.enc, c.text), c.declared); got != c.text {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}

func TestDecodeOfDamage(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"one bad byte in UTF-8":      {strings.Repeat("äöü", 20) + "\xff", strings.Repeat("äöü", 20) + "\uFFFD"},
		"UTF-16 cut in a character":  {"\xff\xfea\x00b", "a\uFFFD"},
		"empty":                      {"", ""},
		"only a mark":                {"\xef\xbb\xbf", ""},
		"an encoding that is no one": {"plain", "plain"},
	} {
		if got := text.Decode([]byte(c.in), "no-such-encoding"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestFormFeedsPartPages(t *testing.T) {
	got := prosetest.Read([]byte("one\ftwo\f\fthree\f\n"), text.Read)
	if got.Pages != 4 || got.Text() != "one\n----\ntwo\n----\nthree" || got.Passages[2].Page != 4 {
		t.Fatalf("%+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xff\xfea\x00"), "utf-16")
	f.Add([]byte("\x1b$B"), "iso-2022-jp")
	f.Fuzz(func(t *testing.T, doc []byte, declared string) {
		if got := text.Decode(doc, declared); len(got) > 8*len(doc)+8 {
			t.Errorf("%d bytes become %d", len(doc), len(got))
		}
	})
}
