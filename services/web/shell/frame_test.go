package shell

import "testing"

func TestMarkedLetsOnlyMarksThrough(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"", ""},
		{"plain &amp; simple", "plain &amp; simple"},
		{"a <mark>hit</mark> here", "a <mark>hit</mark> here"},
		{"1 &lt; 2 <mark>x</mark>", "1 &lt; 2 <mark>x</mark>"},
		{"<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"},
		{"<mark onclick=x>a</mark>", "&lt;mark onclick=x&gt;a&lt;/mark&gt;"},
		{"<mark>open", "&lt;mark&gt;open"},
		{"<<mark>script>alert(1)<</mark>/script>", "&lt;&lt;mark&gt;script&gt;alert(1)&lt;&lt;/mark&gt;/script&gt;"},
		{"<mark>a</mark><img src=x>", "&lt;mark&gt;a&lt;/mark&gt;&lt;img src=x&gt;"},
	} {
		if got := string(Marked(row.in)); got != row.want {
			t.Errorf("%q: %q, want %q", row.in, got, row.want)
		}
	}
}
