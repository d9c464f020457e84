package html_test

import (
	"strings"
	"testing"

	"coffer/services/parser/internal/html"
	"coffer/services/parser/internal/prose/prosetest"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, title, want string }{
		{"page", "<!doctype html><title>A  title</title><h1>Head</h1><p>One <b>two</b>\nthree.<p>Four", "A title", "Head\n\nOne two three.\n\nFour"},
		{"no title but a heading", "<h1>The <i>one</i></h1>text", "The one", "The one\n\ntext"},
		{"script and style", "<style>p{}</style><script>var a='<p>no</p>'</script>yes<template>no</template>", "", "yes"},
		{"self-closing script of XHTML", "<html><head><script src='a'/><title>T</title></head><body>text</body></html>", "T", "text"},
		{"self-closing title of XHTML", "<html><head><title/></head><body>text</body></html>", "", "text"},
		{"only a title", "<title>Poll</title><script>x</script>", "Poll", "Poll"},
		{"comment", "a<!-- no -->b", "", "ab"},
		{"conditional comment", "<!--[if IE]>no<![endif]-->yes", "", "yes"},
		{"entities", "&lt;b&gt; &amp; &eacute;&#8212;&nbsp;x", "", "<b> & é— x"},
		{"list", "<ul><li>one</li><li>two</ul>after", "", "one\ntwo\n\nafter"},
		{"table", "<table><tr><th>a</th><th>b</th></tr><tr><td>1<td>2</table>", "", "a | b\n1 | 2"},
		{"line break", "a<br>b<br/>c", "", "a\nb\nc"},
		{"preformatted", "<pre>one\n  two</pre>", "", "one\ntwo"},
		{"picture", "<p>see <img alt='a cat' src='data:image/png;base64,AAAA'> here", "", "see a cat here"},
		{"noscript", "<noscript><p>shown without scripts</p></noscript>rest", "", "shown without scripts\n\nrest"},
		{"hidden menus stay", "<nav>menu</nav><main>text</main><footer>foot</footer>", "", "menu\n\ntext\n\nfoot"},
		{"textarea", "<textarea>typed</textarea>", "", "typed"},
		{"words across inline tags", "<span>in</span>side <a href='x'>link</a>.", "", "inside link."},
		{"unclosed everything", "<div><p>one<div>two", "", "one\n\ntwo"},
		{"unclosed tag", "<p>one<div class='", "", "one"},
		{"stray ends", "</div></p>one</span>", "", "one"},
		{"tags that are none", "a < b and c > d", "", "a < b and c > d"},
		{"svg title is no title twice", "<title>Page</title><svg><title>Icon</title></svg>x", "Page", "x"},
	} {
		got := prosetest.Read([]byte(c.in), html.Read)
		if got.Err != nil || got.Title != c.title || got.Text() != c.want {
			t.Errorf("%s: title %q, text %q, %v; want %q, %q", c.name, got.Title, got.Text(), got.Err, c.title, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for name, in := range map[string]string{
		"meta charset":                     "<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2",
		"meta http-equiv":                  "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>\xcf\xf0\xe8\xe2\xe5\xf2",
		"spaces and no quote":              "<meta content=text/html; charset = windows-1251 http-equiv=Content-Type><p>\xcf\xf0\xe8\xe2\xe5\xf2",
		"unknown one before":               "<meta charset=x-nonsense><meta charset='windows-1251'><p>\xcf\xf0\xe8\xe2\xe5\xf2",
		"XML declaration":                  "<?xml version='1.0' encoding='windows-1251'?><p>\xcf\xf0\xe8\xe2\xe5\xf2",
		"UTF-8 declared late":              "<p>Привет" + strings.Repeat(" ", 20_000) + "<meta charset=utf-8>",
		"UTF-8 declared as something else": "<meta charset=iso-8859-1><p>Привет",
		"UTF-16 declared, UTF-8 in truth":  "<meta charset=utf-16><p>Привет",
		"UTF-16":                           "\xff\xfe<\x00p\x00>\x00\x1f\x04@\x048\x042\x045\x04B\x04",
	} {
		if got := prosetest.Read([]byte(in), html.Read); got.Text() != "Привет" {
			t.Errorf("%s: %q", name, got.Text())
		}
	}
}

// TestDepthCostsNothing: nesting that would break a tree is only tokens here.
func TestDepthCostsNothing(t *testing.T) {
	got := prosetest.Read([]byte(strings.Repeat("<div><b>", 300_000)+"deep"), html.Read)
	if got.Err != nil || got.Text() != "deep" {
		t.Fatalf("%q %v", got.Text(), got.Err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<table><tr><td>a</td><td>b<noscript><p>x</noscript><pre>")
	f.Fuzz(func(t *testing.T, in string) {
		if got := prosetest.Read([]byte(in), html.Read); got.Err != nil {
			t.Error(got.Err)
		}
	})
}
