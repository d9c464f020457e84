package index

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"coffer/services/index/words"
)

// maxForms bounds the terms of one part that a word stands for.
const maxForms = 64

// formWeight is what an occurrence of another form of a word counts for, when
// the word itself counts for 1.
const formWeight = 0.8

// group is what one clause finds: passages in each part, with the lists that
// tell how well.
type group struct {
	clause
	parts []groupPart
	found int     // live passages
	idf   float64 // of a word, or the sum over the words of a phrase
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

// resolve finds what a clause stands for. Phrases and excluded words are taken
// as written; other words also in their other forms.
func (s *snapshot) resolve(c clause) (*group, error) {
	g := &group{clause: c, parts: make([]groupPart, len(s.parts))}
	for i, p := range s.parts {
		gp, err := p.find(c)
		if err != nil {
			return nil, err
		}
		g.parts[i] = gp
		g.found += int(gp.all.GetCardinality())
	}
	return g, nil
}

// find finds what a clause stands for in a part.
func (p *part) find(c clause) (gp groupPart, err error) {
	first := c.words[0]
	switch {
	case len(c.words) > 1:
		return p.phrase(c.words)
	case first.lone:
		err = p.beginning(&gp, first.text)
	default:
		err = p.take(&gp, first.text, 1, nil)
		if err == nil && !c.phrase && !c.excluded {
			err = p.forms(&gp, first.text)
		}
	}
	in := make([]*roaring.Bitmap, len(gp.lists))
	for i, l := range gp.lists {
		in[i] = l.in
	}
	if len(in) == 1 {
		gp.all = in[0]
	} else {
		gp.all = roaring.FastOr(in...)
	}
	return gp, err
}

// take adds the lists of a term, of the passages in only unless that is nil.
func (p *part) take(gp *groupPart, term string, weight float64, only *roaring.Bitmap) error {
	for _, field := range []string{fieldText, fieldTitle} {
		l, err := p.list(field, term)
		if err != nil {
			return err
		}
		if l == nil {
			continue
		}
		in := p.live(bitmap(l))
		if only != nil {
			in = roaring.And(in, only)
		}
		if !in.IsEmpty() {
			gp.lists = append(gp.lists, list{l, in, weight, field == fieldTitle})
		}
	}
	return nil
}

// beginnings returns the terms of a field that begin with a character.
func (p *part) beginnings(field, prefix string) (terms []string, err error) {
	err = p.terms(field, prefix, after(prefix), func(t string) bool {
		terms = append(terms, strings.Clone(t))
		return len(terms) < maxBeginnings
	})
	return terms, err
}

const maxBeginnings = 1000

// beginning adds the lists of the terms that begin with a character.
func (p *part) beginning(gp *groupPart, prefix string) error {
	for _, field := range []string{fieldText, fieldTitle} {
		terms, err := p.beginnings(field, prefix)
		if err != nil {
			return err
		}
		for _, t := range terms {
			l, err := p.list(field, t)
			if err != nil {
				return err
			}
			if l != nil {
				gp.lists = append(gp.lists, list{l, p.live(bitmap(l)), 1, field == fieldTitle})
			}
		}
	}
	return nil
}

// forms adds the lists of the terms that share a stem with a word, where they
// stand in a language in which they do.
func (p *part) forms(gp *groupPart, word string) error {
	others := map[string]*roaring.Bitmap{} // passages where a term is a form
	add := func(term string, in *roaring.Bitmap) {
		if term == word || in.IsEmpty() {
			return
		}
		if others[term] == nil {
			if len(others) == maxForms {
				return
			}
			others[term] = roaring.New()
		}
		others[term].Or(in)
	}
	languages, err := p.languages()
	if err != nil {
		return err
	}
	for lang, in := range languages {
		stems := append(words.StemsOf(lang, word), word)
		for _, stem := range stems {
			add(stem, in)
			prefix := formPrefix(lang, stem)
			var pairs []string
			err := p.terms(fieldForm, prefix, after(prefix), func(t string) bool {
				pairs = append(pairs, strings.Clone(t))
				return len(pairs) < maxForms
			})
			if err != nil {
				return err
			}
			for _, pair := range pairs {
				here, err := p.passages(fieldForm, pair)
				if err != nil {
					return err
				}
				add(pair[len(prefix):], here)
			}
		}
	}
	for term, in := range others {
		if err := p.take(gp, term, formWeight, in); err != nil {
			return err
		}
	}
	return nil
}

// languages lists the passages of each language in the part.
func (p *part) languages() (map[words.Language]*roaring.Bitmap, error) {
	if p.spoken == nil {
		p.spoken = map[words.Language]*roaring.Bitmap{}
		for _, l := range append(words.Languages(), words.Unknown) {
			in, err := p.passages(fieldLang, string(l))
			if err != nil {
				return nil, err
			}
			if !in.IsEmpty() {
				p.spoken[l] = in
			}
		}
	}
	return p.spoken, nil
}
