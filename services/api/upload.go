package api

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// upload streams the first part named file to the library. Nothing of it is
// held in memory or in a temporary file.
func (s *server) upload(c *gin.Context) error {
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return &library.Error{Kind: kindMalformed, Message: "A document is sent as multipart/form-data.", Cause: err}
	}
	file, err := filePart(parts)
	if err != nil {
		return err
	}
	body := &watched{r: file}
	src, created, err := s.Library.Add(c.Request.Context(), baseName(file.FileName()), body)
	if body.err != nil {
		return readFault(body.err)
	}
	if err != nil {
		return err
	}
	c.Header("Location", s.BasePath+"/api/v1/sources/"+string(src.ID))
	c.JSON(addedStatus(created), sourceShape(src))
	return nil
}

// maxParts is how many parts may come before the file.
const maxParts = 16

// filePart passes over parts that are not the file.
func filePart(parts *multipart.Reader) (*multipart.Part, error) {
	for range maxParts {
		p, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, noFile()
		case err != nil:
			return nil, readFault(err)
		case p.FormName() == "file":
			return p, nil
		}
	}
	return nil, noFile()
}

func noFile() error {
	return &library.Error{Kind: library.Invalid, Field: "file", Message: "The form has no part named file."}
}

// baseName is the last element of a name from any system.
func baseName(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// watched remembers why reading stopped, because only the reader knows whether
// the caller or the disk is at fault.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		w.err = err
	}
	return n, err
}

// readFault is what a body that could not be read to its end means.
func readFault(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return tooLarge()
	}
	return &library.Error{
		Kind: kindMalformed, Message: "The upload ended early. Nothing of it was kept.",
		Hint: "Send it again.", Cause: err,
	}
}

func describeUpload(op *huma.Operation) {
	op.Description += " Streams: the first part named file is the document, whatever its size up to the box's limit. " +
		"Parts after it are not read. 202 for a new source, 200 with the existing one when the box has these bytes already."
	op.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}},
		}}},
	}
	source := map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Source"}}}
	op.Responses["202"] = &huma.Response{Description: "Added; it will be read.", Content: source}
	op.Responses["200"] = &huma.Response{Description: "Known already.", Content: source}
}
