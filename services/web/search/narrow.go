package search

import (
	"context"
	"time"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// span is a range of dates, back from now.
type span struct {
	name   string
	length time.Duration
}

func spans() []span {
	const day = 24 * time.Hour
	return []span{{"week", 7 * day}, {"month", 30 * day}, {"year", 365 * day}}
}

func (p *Page) spanName(s span) string {
	switch s.name {
	case "week":
		return p.W.Search.Week
	case "month":
		return p.W.Search.Month
	}
	return p.W.Search.Year
}

func kindChip(p *Page, q query, f library.Facet) Chip {
	on := q.kind == f.Type
	return Chip{
		Text: shell.Kind(p.W, f.Type), Count: p.W.Number(f.Count), On: on,
		Link: p.Base + q.with(func(q *query) {
			q.page, q.kind = 1, f.Type
			if on {
				q.kind = ""
			}
		}),
	}
}

// dates counts what each range of dates would leave. A range that leaves
// nothing, or everything, narrows nothing and is not offered unless it is on.
func (s *Site) dates(ctx context.Context, p *Page, q query, res library.Results) ([]Chip, error) {
	var chips []Chip
	all := res.Total
	if q.added != "" {
		wide := q
		wide.added, wide.page = "", 1
		ask := wide.library(p.Now)
		ask.Limit = 1
		r, err := s.shell.Library.Search(ctx, ask)
		if err != nil {
			return nil, err
		}
		all = r.Total
	}
	last := 0
	for _, span := range spans() {
		on := span.name == q.added
		count := res.Total
		if !on {
			if all == 0 {
				continue
			}
			narrow := q
			narrow.added, narrow.page = span.name, 1
			ask := narrow.library(p.Now)
			ask.Limit = 1
			r, err := s.shell.Library.Search(ctx, ask)
			if err != nil {
				return nil, err
			}
			if count = r.Total; count == 0 || count == all || count == last {
				continue
			}
		}
		last = count
		chips = append(chips, Chip{
			Text: p.spanName(span), Count: p.W.Number(count), On: on,
			Link: p.Base + q.with(func(q *query) {
				q.page, q.added = 1, span.name
				if on {
					q.added = ""
				}
			}),
		})
	}
	return chips, nil
}
