package words

import "golang.org/x/text/language"

// Catalogue is the set of languages, English first.
type Catalogue struct {
	All   []*Words
	match language.Matcher
}

// NewCatalogue returns every language there is.
func NewCatalogue() *Catalogue {
	all := []*Words{english(), german()}
	tags := make([]language.Tag, len(all))
	for i, w := range all {
		tags[i] = language.Make(w.Code)
	}
	return &Catalogue{All: all, match: language.NewMatcher(tags)}
}

// Choose returns the language asked for by name, else the best match for an
// Accept-Language header, else English.
func (c *Catalogue) Choose(code, accept string) *Words {
	if w := c.Named(code); w != nil {
		return w
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return c.All[0]
	}
	_, i, _ := c.match.Match(tags...)
	return c.All[i]
}

// Named returns the language with that code, nil when there is none.
func (c *Catalogue) Named(code string) *Words {
	for _, w := range c.All {
		if w.Code == code {
			return w
		}
	}
	return nil
}
