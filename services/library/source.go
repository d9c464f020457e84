package library

import "time"

// SourceID names a source. It is opaque; ids sort by the time of adding.
type SourceID string

// Status is where a source stands between being added and being searchable.
type Status string

// The states of a source. Queued and processing ones have a job; the others
// have none.
const (
	StatusQueued     Status = "queued"
	StatusProcessing Status = "processing"
	StatusReady      Status = "ready"
	StatusFailed     Status = "failed"
	StatusCancelled  Status = "cancelled"
)

// Type is what the bytes of a source were found to be. It is empty until the
// source has been read.
type Type string

// The types that can be read.
const (
	TypePDF      Type = "pdf"
	TypeDOCX     Type = "docx"
	TypeHTML     Type = "html"
	TypeMarkdown Type = "markdown"
	TypeText     Type = "text"
	TypeCSV      Type = "csv"
	TypeEPUB     Type = "epub"
	// TypeArchive is an archive of files: its text is the list of their paths, and
	// what can be read in it are sources of their own.
	TypeArchive Type = "archive"
)

// MediaType is that of the original (RFC 6838), as far as it was found out.
func (t Type) MediaType() string {
	switch t {
	case TypePDF:
		return "application/pdf"
	case TypeDOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case TypeHTML:
		return "text/html"
	case TypeMarkdown:
		return "text/markdown"
	case TypeText:
		return "text/plain"
	case TypeCSV:
		return "text/csv"
	case TypeEPUB:
		return "application/epub+zip"
	}
	return "application/octet-stream"
}

// Extension is what names of such files usually end in; empty: nothing does.
func (t Type) Extension() string {
	switch t {
	case TypePDF, TypeDOCX, TypeHTML, TypeCSV, TypeEPUB:
		return "." + string(t)
	case TypeMarkdown:
		return ".md"
	case TypeText:
		return ".txt"
	}
	return ""
}

// Reason says why a source failed, for scripts (Code) and for people
// (Message: what happened and what to do).
type Reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Source is one document of the library.
type Source struct {
	ID       SourceID
	Title    string
	Named    bool   // the owner chose the title: a reading does not replace it
	FileName string // as given on adding; never used as a path
	Type     Type
	Status   Status
	Reason   *Reason // set when Status is failed
	Pages    int     // pages of a paged format, else 0
	Passages int     // passages stored
	Size     int64   // bytes of the original
	SHA256   string  // lower-case hex of the original, names its blob
	AddedAt  time.Time
	ReadyAt  time.Time // zero until ready
	Origin   *Origin   // nil: it was added by itself
	Archive  *Contents // of an archive, once it is being taken apart
}

// Passage is a piece of a source's text, the unit of search: at most about
// MaxPassage bytes, cut at paragraph or sentence ends. Passages of a source
// are numbered from 0; all of them together are the whole text.
type Passage struct {
	Source SourceID
	Number int
	Page   int // 1-based; 0 where the format has no pages
	Text   string
}

// MaxPassage bounds the text of one passage, in bytes.
const MaxPassage = 2000

// Page asks for a slice of a list, newest first.
type Page struct {
	Limit  int    // 1 to 200; 0 means 50
	Cursor string // from List.Next; empty starts at the newest
}

// List is one slice of a list. Next is empty at the end. Total counts all.
type List[T any] struct {
	Items []T
	Total int
	Next  string
}

// SourceFilter narrows a list of sources. Zero fields do not narrow.
type SourceFilter struct {
	Status Status
	Type   Type
}
