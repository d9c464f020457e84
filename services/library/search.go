package library

import "time"

// Query is one search.
type Query struct {
	Text   string // words, and "quoted phrases" that must stand as written
	Limit  int    // hits wanted, 1 to 100; 0 means 20
	Offset int
	Type   Type      // empty: any
	From   time.Time // added at or after; zero: any
	To     time.Time // added before; zero: any
}

// Hit is one passage found. Snippet is escaped HTML text in which the only
// markup is <mark> around what matched.
type Hit struct {
	Source  Source
	Passage int
	Page    int
	Snippet string
	Score   float64
}

// Facet counts the hits of one type, before the type filter is applied.
type Facet struct {
	Type  Type
	Count int
}

// Results are the answer to a Query. DidYouMean is empty unless nothing or
// little was found and a near spelling would find more.
type Results struct {
	Total      int
	Took       time.Duration
	Facets     []Facet
	DidYouMean string
	Hits       []Hit
}
