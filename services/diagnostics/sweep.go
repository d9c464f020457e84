package diagnostics

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"

	"coffer/weaken"
)

// The rules of a Sweep, by the form in which a secret stood there.
const (
	KnownPlain  = "known-secret"
	KnownBase64 = "known-secret-base64"
	KnownHex    = "known-secret-hex"
	KnownBytes  = "known-secret-bytes"
)

// Bounds of secrets, in bytes. A shorter one cannot be told from a word; of a
// longer one also its parts are looked for.
const (
	shortest  = 6
	longest   = 48
	partSize  = 24
	keySize   = 4 // of the table of beginnings
	maxRounds = 5 // until nothing is found any more
)

// ErrUnclean says that a text cannot be cleaned.
var ErrUnclean = errors.New("what was found does not go away")

// Counts is how often each rule struck.
type Counts map[string]int

// Add adds other to c.
func (c Counts) Add(other Counts) {
	for rule, n := range other {
		c[rule] += n
	}
}

// Sweep looks for secrets that are known, in all forms that they may take.
type Sweep struct {
	begins map[uint32][]pattern
	empty  bool
}

type pattern struct {
	text string // folded
	rule string
}

// NewSweep returns a sweep for secrets. Of PEM only private keys are looked
// for.
func NewSweep(secrets [][]byte) *Sweep {
	s := &Sweep{begins: map[uint32][]pattern{}}
	known := map[string]bool{}
	for _, secret := range secrets {
		for _, needle := range needles(secret) {
			for text, rule := range forms(needle) {
				if known[text] || len(text) < shortest || itself(text) {
					continue
				}
				known[text] = true
				key := binary.LittleEndian.Uint32([]byte(text))
				s.begins[key] = append(s.begins[key], pattern{text, rule})
			}
		}
	}
	s.empty = len(known) == 0
	return s
}

// itself reports what is a part of what the sweep itself writes: who has such
// a secret has none.
func itself(text string) bool {
	for _, rule := range []string{KnownPlain, KnownBase64, KnownHex, KnownBytes} {
		if strings.Contains(placeholder(rule), text) {
			return true
		}
	}
	return false
}

// needles are the strings to look for that make a secret.
func needles(secret []byte) [][]byte {
	text := strings.TrimSpace(string(secret))
	if strings.Contains(text, "-----BEGIN ") {
		return keysOf([]byte(text))
	}
	all := [][]byte{[]byte(text)}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != text && len(line) >= 2*shortest {
			all = append(all, []byte(line))
		}
	}
	if raw, err := hex.DecodeString(text); err == nil {
		all = append(all, raw)
	}
	return append(all, parts([]byte(text))...)
}

func keysOf(text []byte) (all [][]byte) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			all = append(all, block.Bytes)
			all = append(all, parts(block.Bytes)...)
		}
	}
}

// parts are those of a long secret, which may have been cut anywhere.
func parts(secret []byte) (all [][]byte) {
	if len(secret) > longest {
		for part := range slices.Chunk(secret, partSize) {
			if len(part) == partSize {
				all = append(all, part)
			}
		}
	}
	return all
}

// forms are the texts, folded, that hold a needle, and by which rule.
func forms(needle []byte) map[string]string {
	s := string(needle)
	plain := foldText(s)
	if len(plain) < shortest {
		return nil
	}
	all := map[string]string{}
	quoted, _ := json.Marshal(s) // every string has JSON
	written := map[string]bool{
		s: true, url.QueryEscape(s): true, url.PathEscape(s): true, string(quoted[1 : len(quoted)-1]): true,
		base64.StdEncoding.EncodeToString(needle): true, hex.EncodeToString(needle): true,
	}
	for w := range written {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for shift := range 3 {
				all[foldText(inBase64(e, w, shift))] = KnownBase64
			}
		}
		all[hex.EncodeToString([]byte(w))] = KnownHex
		all[colons(w)] = KnownHex
	}
	for _, text := range []string{
		s, strings.ReplaceAll(s, " ", "+"), url.QueryEscape(s), string(quoted[1 : len(quoted)-1]),
		html.EscapeString(s), strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(html.EscapeString(s)),
	} {
		all[foldText(text)] = KnownPlain
	}
	for _, text := range listings(needle) {
		all[foldText(text)] = KnownBytes
	}
	return all
}

// inBase64 is what of s stands in any base64 where it begins shift bytes after
// a multiple of three.
func inBase64(e *base64.Encoding, s string, shift int) string {
	text := e.EncodeToString(append(make([]byte, shift), s...))
	if (shift+len(s))%3 != 0 {
		text = text[:len(text)-1]
	}
	return text[[3]int{0, 2, 3}[shift]:]
}

// listings are how programs print bytes that they do not take for a text: as Go
// does with %v and %#v, and as JSON does without the brackets.
func listings(needle []byte) []string {
	plain := fmt.Sprint(needle)
	plain = plain[1 : len(plain)-1]
	syntax := fmt.Sprintf("%#v", needle)
	return []string{plain, strings.ReplaceAll(plain, " ", ","), strings.TrimSuffix(strings.TrimPrefix(syntax, "[]byte{"), "}")}
}

func colons(s string) string {
	digits := hex.EncodeToString([]byte(s))
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

// Clean returns text without the secrets. Lines stay lines, so that it has as
// many as before.
func (s *Sweep) Clean(text string) (string, Counts, error) {
	counts := Counts{}
	for range maxRounds {
		hits := s.find(text)
		if len(hits) == 0 {
			return text, counts, nil
		}
		for _, h := range hits {
			counts[h.rule]++
		}
		text = blank(text, hits)
	}
	return "", counts, ErrUnclean
}

// Look counts what is there.
func (s *Sweep) Look(text string) Counts {
	counts := Counts{}
	for _, h := range s.find(text) {
		counts[h.rule]++
	}
	return counts
}

func (s *Sweep) find(text string) []hit {
	if s.empty || weaken.Without(weaken.Sweep) {
		return nil
	}
	found := map[[2]int]string{}
	for _, v := range views(text) {
		for i := 0; i+keySize <= len(v.text); i++ {
			for _, p := range s.begins[binary.LittleEndian.Uint32(v.text[i:])] {
				if end := i + len(p.text); end <= len(v.text) && string(v.text[i:end]) == p.text {
					found[reach(text, int(v.from[i]), int(v.to[end-1]), p.rule)] = p.rule
				}
			}
		}
	}
	var all []hit
	for at := range maps.Keys(found) {
		all = append(all, hit{at[0], at[1], found[at]})
	}
	return merge(all)
}

// reach widens a hit inside of an encoded word to the word: what surrounds it
// tells of its edges.
func reach(text string, from, to int, rule string) [2]int {
	if rule != KnownPlain {
		for from > 0 && encoded(text[from-1]) {
			from--
		}
		for to < len(text) && encoded(text[to]) {
			to++
		}
	}
	return [2]int{from, to}
}

// encoded reports a byte of base64, of either alphabet.
func encoded(b byte) bool {
	return b >= '0' && b <= '9' || lower(b) >= 'a' && lower(b) <= 'z' || b == '+' || b == '/' || b == '-' || b == '_' || b == '='
}
