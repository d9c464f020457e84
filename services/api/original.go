package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// original sends the bytes as they were added, always to be saved: what a
// stranger wrote must never run as a page of ours, so it is an attachment, in
// a sandbox if a browser shows it all the same, and of no other type than was
// found in it.
func (s *server) original(c *gin.Context) error {
	src, content, err := s.Library.Original(c.Request.Context(), library.SourceID(c.Param("id")))
	if err != nil {
		return err
	}
	defer content.Close()
	h := c.Writer.Header()
	h.Set("Content-Type", src.Type.MediaType())
	h.Set("Content-Disposition", attachment(src))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+src.SHA256+`"`)
	http.ServeContent(c.Writer, c.Request, "", src.AddedAt, content)
	return nil
}

// attachment names the file twice (RFC 6266): in ASCII for old programs, and
// in UTF-8 (RFC 8187).
func attachment(src library.Source) string {
	name := baseName(src.FileName)
	if name == "" {
		name = "document"
	}
	var ascii, utf strings.Builder
	for _, r := range name {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\%`, r) {
			r = '_'
		}
		ascii.WriteRune(r)
	}
	for _, b := range []byte(name) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			utf.WriteByte(b)
		} else {
			const hex = "0123456789ABCDEF"
			utf.Write([]byte{'%', hex[b>>4], hex[b&15]})
		}
	}
	return `attachment; filename="` + ascii.String() + `"; filename*=UTF-8''` + utf.String()
}

func describeOriginal(op *huma.Operation) {
	op.Description += " Always an attachment. Ranges and If-None-Match are understood; the ETag is the SHA-256."
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	op.Responses["200"] = &huma.Response{
		Description: "The original.",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}
}
