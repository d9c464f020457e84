package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// Diagnosis is a diagnostic file on the wire.
type Diagnosis struct {
	ID      string          `json:"id" doc:"Of this file: GET /diagnostics?id= gives the one that was looked at."`
	MadeAt  time.Time       `json:"made_at"`
	Until   time.Time       `json:"until" doc:"It is held in memory so long."`
	Size    int64           `json:"size" doc:"Bytes of the file."`
	Files   []diagnosisFile `json:"files" nullable:"false"`
	LeftOut []diagnosisGap  `json:"left_out" nullable:"false"`
}

type diagnosisFile struct {
	Name     string         `json:"name"`
	Size     int            `json:"size" doc:"Bytes, unpacked."`
	Redacted map[string]int `json:"redacted" nullable:"false" doc:"How often, by rule."`
	Text     string         `json:"text"`
}

type diagnosisGap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

func (s *server) diagnostics() (library.Diagnostics, error) {
	if s.Diagnostics == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "No diagnostic file is made here."}
	}
	return s.Diagnostics, nil
}

type diagnosisInput struct {
	Fresh bool `query:"fresh" doc:"Make a new one, although one of the last minutes is held."`
}

func (s *server) previewDiagnostics(ctx context.Context, in *diagnosisInput) (*only[Diagnosis], error) {
	k, err := s.diagnostics()
	if err != nil {
		return nil, err
	}
	d, err := k.Preview(ctx, in.Fresh)
	if err != nil {
		return nil, err
	}
	out := Diagnosis{ID: d.ID, MadeAt: d.MadeAt.UTC(), Until: d.Until.UTC(), Size: d.Size, Files: []diagnosisFile{}, LeftOut: []diagnosisGap{}}
	for _, f := range d.Files {
		out.Files = append(out.Files, diagnosisFile{f.Name, len(f.Text), f.Redacted, f.Text})
	}
	for _, g := range d.LeftOut {
		out.LeftOut = append(out.LeftOut, diagnosisGap(g))
	}
	return &only[Diagnosis]{out}, nil
}

func (s *server) downloadDiagnostics(c *gin.Context) error {
	k, err := s.diagnostics()
	if err != nil {
		return err
	}
	d, file, err := k.Export(c.Request.Context(), c.Query("id"))
	if err != nil {
		return err
	}
	s.Keeper.Record(c.Request.Context(), library.AuditDiagnosed, d.ID)
	h := c.Writer.Header()
	h.Set("Content-Disposition", `attachment; filename="coffer-diagnostics-`+d.MadeAt.UTC().Format("20060102-1504")+`.zip"`)
	h.Set("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "application/zip", file)
	return nil
}

func describeDiagnostics(op *huma.Operation) {
	op.Description += " A ZIP of what support needs to know, swept of secrets and names and looked through again once it was finished; refused where something was found."
	op.Parameters = []*huma.Param{{
		Name: "id", In: "query", Description: "Of a preview; left out: the last one, or a new file. 404 once that is no longer held.", Schema: &huma.Schema{Type: "string"},
	}}
	op.Responses["200"] = &huma.Response{
		Description: "The file.",
		Content:     map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}
}
