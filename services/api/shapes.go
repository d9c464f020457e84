package api

import (
	"time"

	"coffer/services/library"
)

// list is the answer of every list.
type list[T any] struct {
	Items []T     `json:"items" nullable:"false"`
	Total int     `json:"total"`
	Next  *string `json:"next" doc:"Cursor of the following part; null at the end."`
}

func listOf[T, U any](l library.List[T], shape func(T) U) list[U] {
	out := list[U]{Items: make([]U, 0, len(l.Items)), Total: l.Total}
	for _, item := range l.Items {
		out.Items = append(out.Items, shape(item))
	}
	if l.Next != "" {
		out.Next = &l.Next
	}
	return out
}

// Paging is what every list takes. It is exported for huma, which reads only such
// fields.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next of the part before"`
}

func (p Paging) of() library.Page { return library.Page{Limit: p.Limit, Cursor: p.Cursor} }

// Source is a source on the wire.
type Source struct {
	ID      library.SourceID `json:"id"`
	Title   string           `json:"title"`
	Type    library.Type     `json:"type" doc:"Empty until it has been read." example:"pdf"`
	Status  library.Status   `json:"status" enum:"queued,processing,ready,failed,cancelled"`
	Reason  *library.Reason  `json:"reason,omitempty" doc:"Why it failed."`
	Pages   int              `json:"pages,omitempty"`
	Size    int64            `json:"size" doc:"Bytes of the original."`
	SHA256  string           `json:"sha256"`
	AddedAt time.Time        `json:"added_at"`

	Origin  *library.Origin   `json:"origin,omitempty" doc:"The archive that it came in, which may be deleted by now."`
	Archive *library.Contents `json:"archive,omitempty" doc:"Of an archive: how many of its members came in, were known, or were left out. They grow until it is ready."`
}

func sourceShape(s library.Source) Source {
	return Source{
		ID: s.ID, Title: s.Title, Type: s.Type, Status: s.Status, Reason: s.Reason,
		Pages: s.Pages, Size: s.Size, SHA256: s.SHA256, AddedAt: s.AddedAt.UTC(),
		Origin: s.Origin, Archive: s.Archive,
	}
}

// Job is a job on the wire.
type Job struct {
	SourceID  library.SourceID `json:"source_id"`
	Title     string           `json:"title"`
	State     library.JobState `json:"state" enum:"waiting,running,failed,done"`
	Attempts  int              `json:"attempts"`
	NotBefore *time.Time       `json:"not_before,omitempty" doc:"When it is tried again."`
	Progress  library.Progress `json:"progress"`
	Reason    *library.Reason  `json:"reason,omitempty"`
	UpdatedAt time.Time        `json:"updated_at"`
}

func jobShape(j library.Job) Job {
	return Job{
		SourceID: j.Source, Title: j.Title, State: j.State, Attempts: j.Attempts,
		NotBefore: moment(j.NotBefore), Progress: j.Progress, Reason: j.Reason, UpdatedAt: j.UpdatedAt.UTC(),
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// only wraps a body as huma wants it.
type only[T any] struct{ Body T }

// nothing is an answer without a body, 204.
type nothing struct{}

// BySource is the input of routes about one source.
type BySource struct {
	ID library.SourceID `path:"id" maxLength:"64"`
}

// accepted answers 202 with a source.
type accepted struct {
	Status int
	Body   Source
}
