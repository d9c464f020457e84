package library

import (
	"context"
	"strings"
	"unicode/utf8"
)

// Limits on a search.
const (
	maxQueryText = 1000 // characters
	maxOffset    = 10_000
	snippetBytes = 240
)

// Search finds passages; each Hit has its whole Source and a snippet. Hits of
// sources that the index still holds but the store does not are dropped.
func (l *Library) Search(ctx context.Context, q Query) (Results, error) {
	if err := checkQuery(&q); err != nil {
		return Results{}, err
	}
	l.done.searches.Add(1)
	start := l.queue.now()
	res, err := l.o.Index.Search(ctx, q)
	if err != nil {
		return Results{}, err
	}
	kept := res.Hits[:0]
	sources := map[SourceID]Source{}
	for _, h := range res.Hits {
		s, seen := sources[h.Source.ID]
		if !seen {
			if s, err = l.o.Store.Source(ctx, h.Source.ID); err != nil && !isKind(err, NotFound) {
				return Results{}, err
			}
			sources[h.Source.ID] = s
		}
		if s.Status != StatusReady {
			continue
		}
		text, err := l.o.Store.Passages(ctx, s.ID, h.Passage, 1)
		if err != nil && !isKind(err, NotFound) {
			return Results{}, err
		}
		if len(text) == 0 {
			continue
		}
		h.Source, h.Page = s, text[0].Page
		h.Snippet, _ = l.o.Index.Highlight(q.Text, text[0].Text, snippetBytes)
		kept = append(kept, h)
	}
	res.Total = max(res.Total-(len(res.Hits)-len(kept)), len(kept))
	res.Hits = kept
	res.Took = max(res.Took, l.queue.now().Sub(start))
	return res, nil
}

func checkQuery(q *Query) error {
	q.Text = strings.ToValidUTF8(q.Text, " ")
	switch {
	case strings.TrimSpace(q.Text) == "":
		return fault(Invalid, "q", "There is nothing to search for.", "Type a word or a \"quoted phrase\".")
	case utf8.RuneCountInString(q.Text) > maxQueryText:
		return fault(Invalid, "q", "The search is longer than 1,000 characters.", "Shorten it.")
	case q.Limit < 0 || q.Limit > 100:
		return fault(Invalid, "limit", "The limit is from 1 to 100.", "Ask for fewer at a time.")
	case q.Offset < 0 || q.Offset > maxOffset:
		return fault(Invalid, "offset", "The offset is from 0 to 10,000.", "Narrow the search instead.")
	case !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To):
		return fault(Invalid, "from", "The time range is empty.", "Its start comes before its end.")
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	return nil
}

// Highlight marks in text what query matches: escaped HTML with <mark>, and the
// number of marks.
func (l *Library) Highlight(query, text string) (html string, marks int) {
	return l.o.Index.Highlight(query, text, 0)
}
