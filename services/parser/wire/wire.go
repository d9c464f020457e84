// Package wire is the conversation between a reader of documents and the
// parser: a request, the bytes of one document, then messages until a result
// or a failure. An archive is not sent: what takes it apart asks for the bytes
// that it wants, and sends the members. The same frames run over parser.sock and
// over a child's pipes.
//
// It owns the framing and its limits and imports nothing of ours.
package wire

import "fmt"

// Request opens a conversation.
type Request struct {
	// FileName is a hint that tells text formats apart (Markdown, CSV); what a
	// file is comes from its bytes.
	FileName string `json:"file_name"`
	// Size is the number of bytes that follow.
	Size int64 `json:"size"`
	// Alone asks for a child that reads this document only.
	Alone bool `json:"alone"`
}

// Progress says which page is being read. Total is 0 when unknown.
type Progress struct {
	Page  int `json:"page"`
	Total int `json:"total"`
}

// Passage is a piece of text in reading order. Page is 1-based, 0 where the
// format has none.
type Passage struct {
	Page int    `json:"page"`
	Text string `json:"text"`
}

// Result is what was found in a document. Type is one of the names in package
// library (pdf, docx, html, markdown, text, csv, epub).
type Result struct {
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	Pages    int       `json:"pages"`
	Passages []Passage `json:"passages"`
}

// Failure says why there is no result. Code is for scripts, Message for the
// owner: what happened and what to do.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Died is set when the child was killed, crashed or breached a limit.
	Died bool `json:"died"`
}

func (f *Failure) Error() string { return f.Message }

// TooLarge is the failure of a document over MaxDocument.
func TooLarge() *Failure {
	return &Failure{Code: CodeTooLarge,
		Message: fmt.Sprintf("The file is larger than %d MiB, the most that Coffer reads as one document. Split it and add the parts.", MaxDocument>>20)}
}

// Codes of failures.
const (
	CodeUnsupported = "unsupported" // a format that cannot be read
	CodeEncrypted   = "encrypted"   // needs a password
	CodeMalformed   = "malformed"   // broken beyond reading
	CodeNoText      = "no_text"     // read, but holds no text (a scan)
	CodeTooLarge    = "too_large"   // more text or members than the limits allow
	CodeTimeout     = "timeout"     // took too long
	CodeMemory      = "memory"      // needed too much memory
	CodeCrashed     = "crashed"     // the child ended
	CodeUnavailable = "unavailable" // no child could be started; not the document's fault
	CodeArchive     = "archive"     // no document but an archive, which Unpack takes apart
	CodePackage     = "package"     // a CCX package, which is imported elsewhere
	CodeMembers     = "members"     // an archive of too many members
	CodeBomb        = "bomb"        // an archive made to burst whoever unpacks it
)
