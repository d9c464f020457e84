package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"coffer/services/library"
)

type sourcesInput struct {
	Paging
	Status string `query:"status" enum:"queued,processing,ready,failed,cancelled"`
	Type   string `query:"type" enum:"pdf,docx,html,markdown,text,csv,epub,archive"`
}

func (s *server) sources(ctx context.Context, in *sourcesInput) (*only[list[Source]], error) {
	f := library.SourceFilter{Status: library.Status(in.Status), Type: library.Type(in.Type)}
	l, err := s.Library.Sources(ctx, f, in.of())
	return &only[list[Source]]{listOf(l, sourceShape)}, err
}

func (s *server) source(ctx context.Context, in *BySource) (*only[Source], error) {
	src, err := s.Library.Source(ctx, in.ID)
	return &only[Source]{sourceShape(src)}, err
}

type noteInput struct {
	Body struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
}

func (s *server) addText(ctx context.Context, in *noteInput) (*accepted, error) {
	src, created, err := s.Library.AddText(ctx, in.Body.Title, in.Body.Text)
	return &accepted{addedStatus(created), sourceShape(src)}, err
}

// addedStatus is 202 for what is new and 200 for what the box had already.
func addedStatus(created bool) int {
	if created {
		return http.StatusAccepted
	}
	return http.StatusOK
}

type renameInput struct {
	BySource
	Body struct {
		Title string `json:"title" doc:"1 to 500 characters."`
	}
}

func (s *server) renameSource(ctx context.Context, in *renameInput) (*only[Source], error) {
	src, err := s.Library.Rename(ctx, in.ID, in.Body.Title)
	return &only[Source]{sourceShape(src)}, err
}

type deleteInput struct {
	BySource
	Members bool `query:"members" doc:"Of an archive: what came in with it goes too. Without, it stays."`
}

func (s *server) deleteSource(ctx context.Context, in *deleteInput) (*nothing, error) {
	if in.Members {
		return nil, s.Library.DeleteArchive(ctx, in.ID)
	}
	return nil, s.Library.Delete(ctx, in.ID)
}

func (s *server) retrySource(ctx context.Context, in *BySource) (*accepted, error) {
	src, err := s.Library.Retry(ctx, in.ID)
	return &accepted{http.StatusAccepted, sourceShape(src)}, err
}

func (s *server) cancelSource(ctx context.Context, in *BySource) (*accepted, error) {
	src, err := s.Library.Cancel(ctx, in.ID)
	return &accepted{http.StatusAccepted, sourceShape(src)}, err
}

type textInput struct {
	BySource
	From  int    `query:"from" minimum:"0" doc:"Number of the first passage."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Query string `query:"q" maxLength:"1000" doc:"Also answer each passage as HTML with <mark> around what this finds."`
}

type passage struct {
	Number int     `json:"number"`
	Page   int     `json:"page,omitempty"`
	Text   string  `json:"text"`
	HTML   *string `json:"html,omitempty" doc:"Escaped text in which the only markup is <mark>."`
	Marks  int     `json:"marks,omitempty"`
}

func (s *server) sourceText(ctx context.Context, in *textInput) (*only[list[passage]], error) {
	src, err := s.Library.Source(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := s.Library.Passages(ctx, in.ID, in.From, in.Limit)
	if err != nil {
		return nil, err
	}
	l := library.List[library.Passage]{Items: found, Total: src.Passages}
	if end := in.From + len(found); len(found) > 0 && end < src.Passages {
		l.Next = strconv.Itoa(end)
	}
	return &only[list[passage]]{listOf(l, func(p library.Passage) passage {
		out := passage{Number: p.Number, Page: p.Page, Text: p.Text}
		if in.Query != "" {
			html, marks := s.Library.Highlight(in.Query, p.Text)
			out.HTML, out.Marks = &html, marks
		}
		return out
	})}, nil
}

type jobList struct {
	list[Job]
	Counts map[library.JobState]int `json:"counts"`
}

func (s *server) jobs(ctx context.Context, in *Paging) (*only[jobList], error) {
	l, err := s.Library.Jobs(ctx, in.of())
	if err != nil {
		return nil, err
	}
	return &only[jobList]{jobList{listOf(l, jobShape), s.Library.JobCounts()}}, nil
}

type searchInput struct {
	Query  string `query:"q" required:"true" minLength:"1" maxLength:"1000" doc:"Words, and \"quoted phrases\"."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Offset int    `query:"offset" minimum:"0" maximum:"10000"`
	Type   string `query:"type" enum:"pdf,docx,html,markdown,text,csv,epub,archive"`
	From   day    `query:"from" doc:"Added on or after this day or time."`
	To     day    `query:"to" doc:"Added before this time; a day is included whole."`
}

type hit struct {
	SourceID library.SourceID `json:"source_id"`
	Title    string           `json:"title"`
	Type     library.Type     `json:"type"`
	AddedAt  time.Time        `json:"added_at"`
	Snippet  string           `json:"snippet" doc:"Escaped text in which the only markup is <mark>."`
	Passage  int              `json:"passage"`
	Page     int              `json:"page" doc:"0 where the format has no pages."`
	Score    float64          `json:"score"`
	Origin   *library.Origin  `json:"origin,omitempty" doc:"The archive that it came in."`
}

type facet struct {
	Type  library.Type `json:"type"`
	Count int          `json:"count"`
}

type results struct {
	Total      int     `json:"total"`
	TookMS     float64 `json:"took_ms"`
	Facets     []facet `json:"facets" nullable:"false"`
	DidYouMean string  `json:"did_you_mean,omitempty"`
	Hits       []hit   `json:"hits" nullable:"false"`
}

func (s *server) search(ctx context.Context, in *searchInput) (*only[results], error) {
	r, err := s.Library.Search(ctx, library.Query{
		Text: in.Query, Limit: in.Limit, Offset: in.Offset,
		Type: library.Type(in.Type), From: in.From.start, To: in.To.end,
	})
	if err != nil {
		return nil, err
	}
	out := results{
		Total: r.Total, TookMS: float64(r.Took.Microseconds()) / 1000, DidYouMean: r.DidYouMean,
		Facets: make([]facet, 0, len(r.Facets)), Hits: make([]hit, 0, len(r.Hits)),
	}
	for _, f := range r.Facets {
		out.Facets = append(out.Facets, facet(f))
	}
	for _, h := range r.Hits {
		out.Hits = append(out.Hits, hit{
			SourceID: h.Source.ID, Title: h.Source.Title, Type: h.Source.Type, AddedAt: h.Source.AddedAt.UTC(),
			Snippet: h.Snippet, Passage: h.Passage, Page: h.Page, Score: h.Score, Origin: h.Source.Origin,
		})
	}
	return &only[results]{out}, nil
}
