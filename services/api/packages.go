package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// Import is a package that was taken, on the wire.
type Import struct {
	ID      string               `json:"id"`
	Name    string               `json:"name" doc:"As the package calls itself."`
	Version string               `json:"version"`
	Title   string               `json:"title,omitempty"`
	Program string               `json:"program,omitempty" doc:"That made it, as it says."`
	Status  library.ImportStatus `json:"status" enum:"running,done,stopped,failed"`
	Signer  string               `json:"signer,omitempty" doc:"The public key whose signature holds; left out: it is not signed in a way that is understood."`
	Own     bool                 `json:"own" doc:"It was signed by this box."`
	Sources int                  `json:"sources" doc:"That it holds."`
	Done    int                  `json:"done"`
	Added   int                  `json:"added"`
	Known   int                  `json:"known" doc:"That the box had already."`
	Left    int                  `json:"left" doc:"With nothing in them that can be added."`
	Waiting bool                 `json:"waiting,omitempty" doc:"For room on the disk."`
	Notes   []library.Reason     `json:"notes" nullable:"false" doc:"What was left out, and why."`
	At      time.Time            `json:"at"`
	EndedAt *time.Time           `json:"ended_at"`
}

func importShape(i library.Import) Import {
	notes := i.Notes
	if notes == nil {
		notes = []library.Reason{}
	}
	return Import{
		ID: i.ID, Name: i.Name, Version: i.Version, Title: i.Title, Program: i.Program, Status: i.Status, Signer: i.Signer, Own: i.Own,
		Sources: i.Sources, Done: i.Done, Added: i.Added, Known: i.Known, Left: i.Left, Waiting: i.Waiting,
		Notes: notes, At: i.At.UTC(), EndedAt: moment(i.EndedAt),
	}
}

func (s *server) packages() (library.Packages, error) {
	if s.Packages == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "Nothing is exported or imported here."}
	}
	return s.Packages, nil
}

// export streams the library. What goes wrong once it has begun cuts the answer
// off, so that nobody takes a part for the whole.
func (s *server) export(c *gin.Context) error {
	k, err := s.packages()
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	now := s.Now().UTC().Format("2006-01-02")
	out := &begunLate{c: c}
	form := c.DefaultQuery("form", "ccx")
	switch originals := c.DefaultQuery("originals", "embedded"); {
	case form == "plain":
		out.name, out.kind = "coffer-"+now+".zip", "application/zip"
		err = k.Plain(ctx, out)
	case form == "ccx" && (originals == "embedded" || originals == "referenced"):
		out.name, out.kind = "coffer-"+now+".ccx", "application/vnd.ccx+zip"
		err = k.Export(ctx, out, library.PackageOptions{Referenced: originals == "referenced", License: c.Query("license")})
	default:
		err = &library.Error{
			Kind: library.Invalid, Field: "form", Message: "There is no such form.", Hint: "form is ccx or plain, originals is embedded or referenced.",
		}
	}
	if err != nil && out.begun {
		s.log.Error("an export was cut off", "form", form, "err", err)
		panic(http.ErrAbortHandler)
	}
	if err == nil {
		s.Keeper.Record(ctx, library.AuditExported, form)
	}
	return err
}

// begunLate sends the head of the answer with the first byte of its body, so that
// what goes wrong before is a problem as elsewhere.
type begunLate struct {
	c          *gin.Context
	name, kind string
	begun      bool
}

func (b *begunLate) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		h := b.c.Writer.Header()
		h.Set("Content-Type", b.kind)
		h.Set("Content-Disposition", `attachment; filename="`+b.name+`"`)
		h.Set("Cache-Control", "private, no-store")
	}
	return b.c.Writer.Write(p)
}

func (s *server) importPackage(c *gin.Context) error {
	k, err := s.packages()
	if err != nil {
		return err
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return &library.Error{Kind: kindMalformed, Message: "A package is sent as multipart/form-data.", Cause: err}
	}
	file, err := filePart(parts)
	if err != nil {
		return err
	}
	i, err := k.Import(c.Request.Context(), file)
	if err != nil {
		return err
	}
	s.Keeper.Record(c.Request.Context(), library.AuditImported, i.Name)
	c.Header("Location", s.BasePath+"/api/v1/import")
	c.JSON(http.StatusAccepted, importShape(i))
	return nil
}

func (s *server) lastImport(ctx context.Context, _ *struct{}) (*only[Import], error) {
	k, err := s.packages()
	if err != nil {
		return nil, err
	}
	i, err := k.LastImport(ctx)
	return &only[Import]{importShape(i)}, err
}

func (s *server) stopImport(ctx context.Context, _ *struct{}) (*only[Import], error) {
	k, err := s.packages()
	if err != nil {
		return nil, err
	}
	i, err := k.StopImport(ctx)
	return &only[Import]{importShape(i)}, err
}

func describeExport(op *huma.Operation) {
	op.Description += " A CCX 3.0 package, signed by the box, or a ZIP to be read without any program. It is made as it is sent; when that cannot be finished, the answer is cut off."
	text := &huma.Schema{Type: "string"}
	op.Parameters = []*huma.Param{
		{Name: "form", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"ccx", "plain"}, Default: "ccx"}},
		{Name: "originals", In: "query", Description: "Of a package: whether originals are in it.", Schema: &huma.Schema{Type: "string", Enum: []any{"embedded", "referenced"}, Default: "embedded"}},
		{Name: "license", In: "query", Description: "Of a package: SPDX identifier for the whole; NOASSERTION without.", Schema: text},
	}
	op.Responses["200"] = &huma.Response{
		Description: "The file.",
		Content: map[string]*huma.MediaType{
			"application/vnd.ccx+zip": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
			"application/zip":         {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		},
	}
}

func describeImport(op *huma.Operation) {
	op.Description += " multipart/form-data, the package as file. All of it is read and checked before anything is added; a package that was changed, or wants something fetched, is refused. " +
		"Then its documents are added one by one, also over restarts; GET /import tells how far it is."
	op.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}},
		}}},
	}
	op.Responses["202"] = &huma.Response{
		Description: "It is whole, and being added.",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Import"}}},
	}
}
