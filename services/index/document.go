package index

import (
	"fmt"
	"strconv"
	"strings"

	bleve "github.com/blevesearch/bleve_index_api"

	"coffer/services/index/words"
	"coffer/services/library"
)

// The fields of a passage in the index.
const (
	fieldID    = "_id"   // made by AddIDField
	fieldText  = "text"  // words with positions
	fieldTitle = "title" // the source's, on its passage 0
	fieldType  = "type"
	fieldLang  = "lang" // of the passage
	fieldForm  = "form" // language, stem, a zero byte, word
	fieldAdded = "added"
)

// passageID is the name of a passage in the index. It carries what a hit shows
// and what is subtracted from the state when the passage goes, so that nothing
// else need be stored. As text: the source, the number, the page, the words in
// the text and the words in the title, with bars between.
type passageID struct {
	source                     library.SourceID
	number, page, words, title int
}

func (p passageID) String() string {
	return fmt.Sprintf("%s|%d|%d|%d|%d", p.source, p.number, p.page, p.words, p.title)
}

func parsePassageID(s string) (p passageID, ok bool) {
	for _, n := range []*int{&p.title, &p.words, &p.page, &p.number} {
		bar := strings.LastIndexByte(s, '|')
		if bar < 0 {
			return passageID{}, false
		}
		v, err := strconv.Atoi(s[bar+1:])
		if err != nil {
			return passageID{}, false
		}
		*n, s = v, s[:bar]
	}
	p.source = library.SourceID(s)
	return p, true
}

// passage is a passage as scorch takes it: already turned into words.
type passage struct {
	id     passageID
	fields []*field
}

// newPassage reads passage p of s; the title goes with the first one.
func newPassage(s library.Source, p library.Passage, first bool, stems stemmer) *passage {
	text := words.Split(p.Text)
	d := &passage{
		id:     passageID{source: s.ID, number: p.Number, page: p.Page, words: len(text)},
		fields: make([]*field, 0, 7),
	}
	lang := words.Detect(text)
	d.fields = append(d.fields,
		newText(fieldText, text),
		newTerms(fieldType, string(s.Type)),
		newTerms(fieldAdded, dayTerms(s.AddedAt)...))
	d.fields = append(d.fields, newTerms(fieldLang, string(lang)))
	all := text
	if first {
		title := words.Split(s.Title)
		d.id.title = len(title)
		d.fields = append(d.fields, newText(fieldTitle, title))
		all = append(text[:len(text):len(text)], title...)
	}
	if forms := stems.forms(lang, all); len(forms) > 0 {
		d.fields = append(d.fields, newTerms(fieldForm, forms...))
	}
	return d
}

// stemmer remembers the stems of words, which come again and again. It is for
// one goroutine.
type stemmer map[stemKey][]string

type stemKey struct {
	lang words.Language
	word string
}

// maxStems bounds what a stemmer remembers.
const maxStems = 20_000

// forms lists how the words of a passage are found by their stems.
func (s stemmer) forms(lang words.Language, ws []words.Word) (forms []string) {
	seen := make(map[string]bool, len(ws))
	for _, w := range ws {
		if w.Form != words.Plain || seen[w.Text] {
			continue
		}
		seen[w.Text] = true
		key := stemKey{lang, w.Text}
		made, ok := s[key]
		if !ok {
			for _, stem := range words.StemsOf(lang, w.Text) {
				made = append(made, formPrefix(lang, stem)+w.Text)
			}
			if len(s) >= maxStems {
				clear(s)
			}
			key.word = strings.Clone(key.word)
			s[key] = made
		}
		forms = append(forms, made...)
	}
	return forms
}

// formPrefix begins the terms for all words of a language with a stem.
func formPrefix(lang words.Language, stem string) string { return string(lang) + stem + "\x00" }

func (p *passage) ID() string { return p.id.String() }

func (p *passage) AddIDField() {
	f := newTerms(fieldID, p.ID())
	f.options |= bleve.StoreField
	p.fields = append(p.fields, f)
}

func (p *passage) VisitFields(visit bleve.FieldVisitor) {
	for _, f := range p.fields {
		visit(f)
	}
}

func (p *passage) VisitComposite(bleve.CompositeFieldVisitor) {}
func (p *passage) HasComposite() bool                         { return false }
func (p *passage) StoredFieldsBytes() uint64                  { return 0 }
func (p *passage) Indexed() bool                              { return true }
func (p *passage) Size() int                                  { return 100 * len(p.fields) }
func (p *passage) NumPlainTextBytes() uint64                  { return 0 }

// field is one field of a passage, with its terms counted.
type field struct {
	name    string
	options bleve.FieldIndexingOptions
	value   []byte
	length  int
	terms   bleve.TokenFrequencies
}

// newText makes a field of words with positions. A term has one location,
// which packs all its positions: the first as its position, and the distance
// from each to the next as array positions. That is a quarter of the bytes
// that a location for each occurrence takes.
func newText(name string, ws []words.Word) *field {
	f := &field{
		name:    name,
		options: bleve.IndexField | bleve.IncludeTermVectors,
		length:  len(ws),
		terms:   make(bleve.TokenFrequencies, len(ws)),
	}
	for at, w := range ws {
		t := f.terms[w.Text]
		if t == nil {
			t = &bleve.TokenFreq{Locations: []*bleve.TokenLocation{{Position: at}}}
			f.terms[w.Text] = t
		} else {
			l := t.Locations[0]
			l.ArrayPositions = append(l.ArrayPositions, uint64(at-l.End))
		}
		t.Locations[0].End = at // the last position so far
		t.SetFrequency(t.Frequency() + 1)
	}
	for _, t := range f.terms {
		t.Locations[0].End = 0
	}
	return f
}

// newTerms makes a field of bare terms, for filters.
func newTerms(name string, terms ...string) *field {
	f := &field{
		name:    name,
		options: bleve.IndexField | bleve.SkipFreqNorm,
		value:   []byte(terms[0]),
		length:  len(terms),
		terms:   make(bleve.TokenFrequencies, len(terms)),
	}
	for _, t := range terms {
		f.terms[t] = &bleve.TokenFreq{}
	}
	return f
}

func (f *field) Name() string                                     { return f.name }
func (f *field) Value() []byte                                    { return f.value }
func (f *field) ArrayPositions() []uint64                         { return nil }
func (f *field) EncodedFieldType() byte                           { return 't' }
func (f *field) Analyze()                                         {}
func (f *field) Options() bleve.FieldIndexingOptions              { return f.options }
func (f *field) AnalyzedLength() int                              { return f.length }
func (f *field) AnalyzedTokenFrequencies() bleve.TokenFrequencies { return f.terms }
func (f *field) NumPlainTextBytes() uint64                        { return 0 }
