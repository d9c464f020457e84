package index

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"coffer/services/library"
)

// Search finds passages, best first.
//
// Up to three words must all be there; when no passage has them all, those
// with most of them are found. A longer query is a question: any two of its
// words will do, function words aside, or one where that finds little, and the
// order decides. Phrases must be there and excluded words must not, always.
func (x *Index) Search(ctx context.Context, q library.Query) (library.Results, error) {
	began := time.Now()
	if err := check(q); err != nil {
		return library.Results{}, err
	}
	asked, err := read(q.Text)
	if err != nil {
		return library.Results{}, err
	}
	res, err := x.attempt(ctx, q, asked)
	var bad *unreadable
	if errors.As(err, &bad) {
		x.writing.Lock()
		x.restart()
		x.writing.Unlock()
		if res, err = x.attempt(ctx, q, asked); errors.As(err, &bad) {
			x.markDamaged(bad)
		}
	}
	if err != nil {
		return library.Results{}, err
	}
	res.Took = time.Since(began)
	return res, nil
}

// unreadable is an error of the engine, or a panic in it, while reading.
type unreadable struct {
	cause string
	stack string // of a panic
}

func (u *unreadable) Error() string { return u.cause }

func recovered(r any) *unreadable {
	return &unreadable{fmt.Sprintf("panic: %v", r), string(debug.Stack())}
}

func (x *Index) attempt(ctx context.Context, q library.Query, asked question) (res library.Results, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.engine == nil {
		return res, closed()
	}
	// The segments are mapped into memory: damage on the disk shows as a
	// fault or as nonsense while reading them.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged(recovered(r))
		}
	}()
	s, err := open(x.engine)
	if err != nil {
		return res, damaged(&unreadable{cause: err.Error()})
	}
	defer s.Close()
	run := &run{ctx: ctx, x: x, s: s, query: q, asked: asked}
	if err := run.search(&res); err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		return res, damaged(&unreadable{cause: err.Error()})
	}
	return res, nil
}

func damaged(u *unreadable) error {
	return broken("The search index is damaged and is made anew at the next start.", u)
}

// run is one search under way.
type run struct {
	ctx   context.Context
	x     *Index
	s     *snapshot
	query library.Query
	asked question

	need   []*group // phrases
	loose  []*group // words
	refuse []*group
	added  []*roaring.Bitmap // per part: in the dates asked for; nil: all
	strict int               // passages found before fewer words would do
}

// fewHits is what a long query is widened for.
const fewHits = 10

func (r *run) search(res *library.Results) error {
	if err := r.resolve(); err != nil {
		return err
	}
	if len(r.need)+len(r.loose) == 0 {
		return nil
	}
	least := wanted(len(r.loose))
	enough, fewest := 1, min(1, len(r.loose))
	if len(r.need) > 0 {
		fewest = 0 // the phrases alone
	}
	if len(r.loose) > 3 {
		enough = fewHits
	}
	found, total := r.match(least)
	r.strict = total
	for ; ; found, total = r.match(least) {
		if total >= enough || least == fewest {
			break
		}
		least--
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	if err := r.facets(found, res); err != nil {
		return err
	}
	if res.Total > 0 {
		if err := r.rank(found, res); err != nil {
			return err
		}
	}
	return r.suggest(res)
}

// wanted is how many of n words a passage must have, at first.
func wanted(n int) int {
	if n <= 3 {
		return n
	}
	return 2
}

// resolve finds what the clauses and the dates stand for.
func (r *run) resolve() error {
	for _, c := range r.asked.clauses {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		g, err := r.s.resolve(c)
		if err != nil {
			return err
		}
		g.idf = idf(g.found, r.s.passages)
		switch {
		case c.excluded:
			r.refuse = append(r.refuse, g)
		case c.phrase:
			g.idf *= float64(len(c.words))
			r.need = append(r.need, g)
		default:
			r.loose = append(r.loose, g)
		}
	}
	return r.dates()
}

// candidate is a passage that was found.
type candidate struct {
	score float32
	part  int
	n     uint32
}

// rank scores what was found and fills the page asked for.
func (r *run) rank(found []*roaring.Bitmap, res *library.Results) error {
	limit := r.query.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	best, err := r.best(found, max(nearest, r.query.Offset+limit))
	if err != nil {
		return err
	}
	ranked := best.sorted()
	if err := r.near(ranked[:min(nearest, len(ranked))]); err != nil {
		return err
	}
	for _, c := range ranked[min(r.query.Offset, len(ranked)):min(r.query.Offset+limit, len(ranked))] {
		id, err := r.s.parts[c.part].id(c.n)
		if err != nil {
			return err
		}
		res.Hits = append(res.Hits, library.Hit{
			Source:  library.Source{ID: id.source},
			Passage: id.number,
			Page:    id.page,
			Score:   float64(c.score),
		})
	}
	return nil
}

const defaultLimit = 20
