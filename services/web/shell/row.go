package shell

import (
	"context"
	"fmt"

	"coffer/services/library"
	"coffer/services/web/words"
)

// Row is a source as lists show it.
type Row struct {
	ID       library.SourceID
	Link     string
	Icon     string
	Title    string
	Kind     string // empty until known
	Pages    string // empty where there are none
	Size     string
	Added    Moment
	Status   Status
	Why      string // of a failure
	From     string // the archive that it came in; empty: none
	Bar      bool   // it is being read
	BarValue int
	BarMax   int // 0: unknown
	Ready    bool
	Failed   bool
	Settled  bool // nothing happens to it by itself any more
}

// Row writes a source. job is its job when it is being read or waits, else nil.
func (f *Frame) Row(s library.Source, job *library.Job) Row {
	r := Row{
		ID: s.ID, Link: f.Base + "/library/" + string(s.ID), Icon: Icon(s.Type), Title: s.Title,
		Size: f.W.Size(s.Size), Added: f.Moment(s.AddedAt), Status: status(f.W, s.Status),
		Ready: s.Status == library.StatusReady, Failed: s.Status == library.StatusFailed,
	}
	r.Settled = r.Ready || r.Failed || s.Status == library.StatusCancelled
	if s.Type != "" {
		r.Kind = Kind(f.W, s.Type)
	}
	if s.Pages > 0 {
		r.Pages = f.W.For(f.W.Kinds.Pages, s.Pages)
	}
	if r.Failed {
		r.Why = Why(f.W, s.Reason)
		if s.Type == library.TypeArchive && s.Reason != nil {
			r.Why = f.W.OfArchive(s.Reason.Code, s.Reason.Message)
		}
	}
	if s.Origin != nil {
		r.From = fmt.Sprintf(f.W.Archives.From, s.Origin.Name)
	}
	if s.Status == library.StatusProcessing {
		r.Bar = true
		if job != nil {
			r.BarValue, r.BarMax = job.Progress.Page, job.Progress.Total
			r.Status.Text = Progress(f.W, job.Progress)
		}
	}
	return r
}

// Progress says how far a reading is.
func Progress(w *words.Words, p library.Progress) string {
	switch {
	case p.Files && p.Total > 0:
		return fmt.Sprintf(w.States.TakingOf, w.Number(p.Page), w.Number(p.Total))
	case p.Files:
		return fmt.Sprintf(w.States.Taking, w.Number(p.Page))
	case p.Total > 0 && p.Page > 0:
		return fmt.Sprintf(w.States.ReadingPage, w.Number(p.Page), w.Number(p.Total))
	case p.Page > 0:
		return fmt.Sprintf(w.States.ReadingPages, w.Number(p.Page))
	}
	return w.States.Processing
}

// Why says why a source failed.
func Why(w *words.Words, r *library.Reason) string {
	if r == nil {
		return w.States.Unsaid
	}
	return w.Reason(r.Code, r.Message)
}

// Jobs returns the jobs that run, to find the progress of a source. Failing to
// read them costs the progress bars only.
func (s *Shell) Jobs(ctx context.Context) []library.Job {
	l, err := s.Library.Jobs(ctx, library.Page{Limit: 200})
	if err != nil {
		s.Log.Warn("jobs could not be listed", "error", err)
	}
	return l.Items
}

// JobOf finds the job of a source, nil when there is none.
func JobOf(jobs []library.Job, id library.SourceID) *library.Job {
	for i := range jobs {
		if jobs[i].Source == id {
			return &jobs[i]
		}
	}
	return nil
}

// Rows writes sources with the progress of those being read.
func (s *Shell) Rows(ctx context.Context, f *Frame, sources []library.Source) []Row {
	var jobs []library.Job
	rows := make([]Row, 0, len(sources))
	for _, src := range sources {
		if src.Status == library.StatusProcessing && jobs == nil {
			jobs = s.Jobs(ctx)
		}
		rows = append(rows, f.Row(src, JobOf(jobs, src.ID)))
	}
	return rows
}

func status(w *words.Words, s library.Status) Status {
	switch s {
	case library.StatusQueued:
		return Status{w.States.Queued, "idle"}
	case library.StatusProcessing:
		return Status{w.States.Processing, "busy"}
	case library.StatusReady:
		return Status{w.States.Ready, "ok"}
	case library.StatusFailed:
		return Status{w.States.Failed, "bad"}
	}
	return Status{w.States.Cancelled, "idle"}
}

// StatusText names a status.
func StatusText(w *words.Words, s library.Status) string { return status(w, s).Text }

// Types lists the kinds of source, in the order that filters show them.
func Types() []library.Type {
	return []library.Type{
		library.TypePDF, library.TypeDOCX, library.TypeEPUB, library.TypeHTML,
		library.TypeMarkdown, library.TypeText, library.TypeCSV, library.TypeArchive,
	}
}

// Kind names a type.
func Kind(w *words.Words, t library.Type) string {
	switch t {
	case library.TypePDF:
		return w.Kinds.PDF
	case library.TypeDOCX:
		return w.Kinds.DOCX
	case library.TypeHTML:
		return w.Kinds.HTML
	case library.TypeMarkdown:
		return w.Kinds.Markdown
	case library.TypeText:
		return w.Kinds.Text
	case library.TypeCSV:
		return w.Kinds.CSV
	case library.TypeEPUB:
		return w.Kinds.EPUB
	case library.TypeArchive:
		return w.Kinds.Archive
	}
	return w.Kinds.Unknown
}

// Icon names the picture of a type.
func Icon(t library.Type) string {
	switch t {
	case library.TypePDF:
		return "pdf"
	case library.TypeHTML:
		return "html"
	case library.TypeMarkdown:
		return "note"
	case library.TypeCSV:
		return "table"
	case library.TypeEPUB:
		return "book"
	case library.TypeArchive:
		return "archive"
	}
	return "text"
}
