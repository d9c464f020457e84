package index

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"coffer/services/index/words"
)

// The limits of what one word may stand for.
const (
	maxForms   = 24   // terms that share a stem, or begin with a character
	maxScanned = 4000 // terms looked at in one part to find them
)

// formWeight is what an occurrence of another form of a word counts for, when
// the word itself counts for 1.
const formWeight = 0.8

// group is what one clause finds: passages in each part, with the lists that
// tell how well.
type group struct {
	clause
	parts  []groupPart
	found  int     // live passages
	idf    float64 // of a word, or the sum over the words of a phrase
	scores bool    // false: only filters
}

type groupPart struct {
	all   *roaring.Bitmap  // live passages
	lists []list           // of a word
	freqs map[uint32]tally // of a phrase
}

// list is the passages of one term in one field.
type list struct {
	postings segment.PostingsList
	in       *roaring.Bitmap // live, and of the right language
	weight   float64
	title    bool
}

// tally is how often a phrase stands in a passage and in its title.
type tally struct{ text, title int }

// form is a term that counts as a word, in passages of some languages only.
type form struct {
	text      string
	languages map[words.Language]bool // nil: any
}

// resolver finds groups in a snapshot.
type resolver struct {
	s         *snapshot
	languages []words.Language
	known     []map[words.Language]*roaring.Bitmap // per part
	unknown   []*roaring.Bitmap                    // per part; nil: all
	stems     map[words.Language]map[string]string
}

func newResolver(s *snapshot) (*resolver, error) {
	r := &resolver{s: s, stems: map[words.Language]map[string]string{}}
	present := map[words.Language]bool{"en": true}
	for _, p := range s.parts {
		known := map[words.Language]*roaring.Bitmap{}
		for _, l := range words.Languages() {
			b, err := p.passages(fieldLang, string(l))
			if err != nil {
				return nil, err
			}
			if !b.IsEmpty() {
				known[l] = b
				present[l] = true
			}
		}
		r.known = append(r.known, known)
		unknown := roaring.New()
		unknown.AddRange(0, p.size)
		for _, b := range known {
			unknown.AndNot(b)
		}
		r.unknown = append(r.unknown, unknown)
	}
	for _, l := range words.Languages() {
		if present[l] {
			r.languages = append(r.languages, l)
			r.stems[l] = map[string]string{}
		}
	}
	return r, nil
}

func (r *resolver) stem(l words.Language, w string) string {
	s, ok := r.stems[l][w]
	if !ok {
		s = words.Stem(l, w)
		r.stems[l][strings.Clone(w)] = s
	}
	return s
}

// resolve finds what a clause stands for. Phrases and excluded words are taken
// as written; other words also in their other forms.
func (r *resolver) resolve(c clause) (*group, error) {
	g := &group{clause: c, scores: !c.excluded, parts: make([]groupPart, len(r.s.parts))}
	if c.phrase && len(c.words) > 1 {
		return g, r.phrase(g)
	}
	forms := []form{{text: c.words[0].text}}
	var err error
	switch {
	case c.words[0].lone:
		forms, err = r.beginning(c.words[0].text)
	case !c.phrase && !c.excluded:
		forms, err = r.forms(c.words[0].text)
	}
	if err != nil {
		return nil, err
	}
	for i := range r.s.parts {
		if g.parts[i], err = r.lists(i, forms); err != nil {
			return nil, err
		}
		g.found += int(g.parts[i].all.GetCardinality())
	}
	return g, nil
}

// beginning returns the terms that begin with a character.
func (r *resolver) beginning(prefix string) ([]form, error) {
	seen := map[string]bool{}
	var forms []form
	for _, p := range r.s.parts {
		for _, field := range []string{fieldText, fieldTitle} {
			err := p.terms(field, prefix, after(prefix), func(t string) bool {
				if !seen[t] {
					seen[t] = true
					forms = append(forms, form{text: t})
				}
				return len(forms) < 10*maxForms
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return forms, nil
}

// forms returns a word and the terms that share its stem.
func (r *resolver) forms(word string) ([]form, error) {
	all := []form{{text: word}}
	at := map[string]int{}
	for _, l := range r.languages {
		stem := r.stem(l, word)
		root := words.Root(l, stem)
		if len(root) < 2 {
			continue
		}
		for _, p := range r.s.parts {
			for _, field := range []string{fieldText, fieldTitle} {
				left := maxScanned
				err := p.terms(field, root, after(root), func(t string) bool {
					left--
					if t == word || len(t) > len(stem)+10 || r.stem(l, t) != stem {
						return left > 0
					}
					i, ok := at[t]
					if !ok {
						i = len(all)
						at[t] = i
						all = append(all, form{text: t, languages: map[words.Language]bool{}})
					}
					all[i].languages[l] = true
					return left > 0 && len(all) < maxForms
				})
				if err != nil {
					return nil, err
				}
			}
		}
	}
	return all, nil
}

// lists reads the lists of the forms in part i.
func (r *resolver) lists(i int, forms []form) (groupPart, error) {
	p := r.s.parts[i]
	g := groupPart{}
	var in []*roaring.Bitmap
	for n, f := range forms {
		for _, field := range []string{fieldText, fieldTitle} {
			postings, err := p.list(field, f.text)
			if err != nil {
				return groupPart{}, err
			}
			if postings == nil {
				continue
			}
			l := list{postings: postings, in: p.live(bitmap(postings)), weight: 1, title: field == fieldTitle}
			if n > 0 && f.languages != nil {
				l.weight = formWeight
				l.in = r.of(i, l.in, f.languages)
			}
			if !l.in.IsEmpty() {
				g.lists = append(g.lists, l)
				in = append(in, l.in)
			}
		}
	}
	switch len(in) {
	case 0:
		g.all = roaring.New()
	case 1:
		g.all = in[0]
	default:
		g.all = roaring.FastOr(in...)
	}
	return g, nil
}

// of keeps the passages of part i that are in one of the languages, or in none
// that could be told.
func (r *resolver) of(i int, b *roaring.Bitmap, ls map[words.Language]bool) *roaring.Bitmap {
	out := roaring.And(b, r.unknown[i])
	for l := range ls {
		if known := r.known[i][l]; known != nil {
			out.Or(roaring.And(b, known))
		}
	}
	return out
}
