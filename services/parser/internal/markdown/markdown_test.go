package markdown_test

import (
	"strings"
	"testing"

	"coffer/services/parser/internal/markdown"
	"coffer/services/parser/internal/prose/prosetest"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, title, want string }{
		{"headings", "# One\n\ntext\n\nTwo\n---\nmore", "One", "One\n\ntext\n\nTwo\n\nmore"},
		{"emphasis and code", "a *b* **c** `d<e>` ~~f~~", "", "a b c d<e> f"},
		{"link", "see [the page](https://example.org/x) and <https://example.org>", "", "see the page and https://example.org"},
		{"picture", "![a cat](data:image/gif;base64,R0lGODlhAQAB)", "", "a cat"},
		{"fenced code", "```go\nfunc main() {\n}\n```", "", "func main() {\n}"},
		{"list", "- one\n- two\n  1. three\n", "", "one\ntwo\nthree"},
		{"table", "| a | b |\n|---|---|\n| 1 | **2** |\n", "", "a | b\n1 | 2"},
		{"front matter", "---\ntitle: \"The title\"\ntags: [x]\n---\n\ntext", "The title", "title: \"The title\"\ntags: [x]\n\ntext"},
		{"TOML front matter", "+++\ntitle = 'T'\n+++\ntext", "T", "title = 'T'\n\ntext"},
		{"front matter that never ends", "---\ntitle: x\n", "", "title: x"},
		{"a rule is no front matter", "text\n\n---\n\nmore", "", "text\n\nmore"},
		{"HTML", "<div align=\"center\">\n<b>shown</b>\n<script>no()</script>\n</div>\n\ntext <br> x", "", "shown\n\ntext x"},
		{"task list", "- [x] done\n- [ ] open", "", "done\nopen"},
		{"footnote", "text[^1]\n\n[^1]: the note", "", "text\n\nthe note"},
		{"quote", "> said\n> so", "", "said\nso"},
		{"windows line ends", "# A\r\n\r\nb\r\n", "A", "A\n\nb"},
		{"escapes", `\*not\* &amp; &copy;`, "", "*not* & ©"},
	} {
		got := prosetest.Read([]byte(c.in), markdown.Read)
		if got.Err != nil || got.Title != c.title || got.Text() != c.want {
			t.Errorf("%s: title %q, text %q, %v; want %q, %q", c.name, got.Title, got.Text(), got.Err, c.title, c.want)
		}
	}
}

// TestHostileNesting ends: how deep quotes and lists nest is bounded by time
// and stack of the child, which these stay far below.
func TestHostileNesting(t *testing.T) {
	for name, in := range map[string]string{
		"quotes":   strings.Repeat(">", 2000) + "x",
		"lists":    strings.Repeat("- ", 500) + "x",
		"brackets": strings.Repeat("[", 20_000) + "x",
		"stars":    strings.Repeat("*a ", 20_000),
	} {
		got := prosetest.Read([]byte(in), markdown.Read)
		if got.Err != nil || !strings.ContainsAny(got.Text(), "xa") {
			t.Errorf("%s: %v", name, got.Err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("---\ntitle: x\n---\n# a\n|b|\n|-|\n<p>\n")
	f.Fuzz(func(t *testing.T, in string) {
		if got := prosetest.Read([]byte(in), markdown.Read); got.Err != nil {
			t.Error(got.Err)
		}
	})
}
