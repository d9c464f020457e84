package web

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tokens reads the light and the dark value of every colour.
func tokens(t *testing.T) (light, dark map[string][3]float64) {
	t.Helper()
	css, err := fs.ReadFile(Assets(), "static/tokens.css")
	must(t, err)
	light, dark = map[string][3]float64{}, map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`).FindAllStringSubmatch(string(css), -1) {
		light[m[1]], dark[m[1]] = colour(t, m[2]), colour(t, m[3])
	}
	return light, dark
}

func colour(t *testing.T, hex string) (c [3]float64) {
	t.Helper()
	for i := range c {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		must(t, err)
		c[i] = float64(n) / 255
	}
	return c
}

// contrast is the ratio of WCAG 2.2, 1 to 21.
func contrast(a, b [3]float64) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c [3]float64) float64 {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

func TestEveryPairMeetsAA(t *testing.T) {
	light, dark := tokens(t)
	if len(light) < 15 {
		t.Fatalf("only %d colours were found", len(light))
	}
	text := []string{ // on, in front: 4.5
		"paper ink", "sheet ink", "well ink", "paper soft", "sheet soft", "well soft", "paper brass", "sheet brass",
		"brass-wash ink", "brass-wash brass", "mark on-mark", "brass on-brass", "paper bad", "sheet bad", "bad-wash bad", "bad-wash ink",
		"bad on-bad", "ok-wash ink", "paper ok", "paper warn", "ink paper",
	}
	controls := []string{ // 3
		"paper edge", "sheet edge", "paper brass", "sheet brass", "well brass", "rule brass", "rule ok", "rule warn", "rule bad", "paper ok", "paper bad", "sheet bad", "ok-wash ok", "well edge",
		"well ok", "well warn", "well bad",
	}
	for name, palette := range map[string]map[string][3]float64{"light": light, "dark": dark} {
		check := func(pairs []string, least float64) {
			for _, pair := range pairs {
				under, over, _ := strings.Cut(pair, " ")
				for _, token := range []string{under, over} {
					if _, ok := palette[token]; !ok {
						t.Fatalf("there is no colour %s", token)
					}
				}
				if got := contrast(palette[under], palette[over]); got < least {
					t.Errorf("%s: --%s on --%s is %.2f:1, needs %.1f:1", name, over, under, got, least)
				}
			}
		}
		check(text, 4.5)
		check(controls, 3)
	}
}

// Colours stand in the tokens and nowhere else.
func TestStylesUseTokens(t *testing.T) {
	assets := Assets()
	literal := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\b(rgb|hsl|oklch)a?\(`)
	for _, name := range assets.(tree).names() {
		if !strings.HasSuffix(name, ".css") || strings.HasSuffix(name, "tokens.css") {
			continue
		}
		css, err := fs.ReadFile(assets, name)
		must(t, err)
		for i, line := range strings.Split(string(css), "\n") {
			if m := literal.FindString(line); m != "" {
				t.Errorf("%s:%d: %s", name, i+1, m)
			}
			if m := regexp.MustCompile(`\b(margin|padding|border|inset|text-align)-?(left|right)|(^|[; {])(left|right): `).FindString(line); m != "" {
				t.Errorf("%s:%d: %s is not safe from right to left", name, i+1, m)
			}
		}
	}
}

func TestScriptsAreSmallAndSafe(t *testing.T) {
	assets := Assets()
	lines := 0
	for _, name := range assets.(tree).names() {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		js, err := fs.ReadFile(assets, name)
		must(t, err)
		lines += strings.Count(string(js), "\n")
		for _, banned := range []string{"innerHTML", "outerHTML =", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://", "https://"} {
			if strings.Contains(string(js), banned) {
				t.Errorf("%s holds %s", name, banned)
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^import .*"(.*)";$`).FindAllStringSubmatch(string(js), -1) {
			file, version, _ := strings.Cut(strings.TrimPrefix(m[1], "./"), "?v=")
			if _, err := fs.Stat(assets, "static/"+file); err != nil || version != StaticVersion() {
				t.Errorf("%s imports %s: %v", name, m[1], err)
			}
		}
	}
	if lines > 2000 {
		t.Errorf("%d lines of script; 2,000 is the limit", lines)
	}
}

// Templates leave style and behaviour to the files beside them: the policy
// forbids both inline.
func TestTemplatesHaveNothingInline(t *testing.T) {
	assets := Assets()
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|javascript:|<script(>|[^>]*[^>]>[^<])`)
	for _, name := range assets.(tree).names() {
		if !strings.HasSuffix(name, ".tmpl") {
			continue
		}
		page, err := fs.ReadFile(assets, name)
		must(t, err)
		for i, line := range strings.Split(string(page), "\n") {
			if m := inline.FindString(line); m != "" {
				t.Errorf("%s:%d: %q", name, i+1, m)
			}
		}
	}
}
