package api

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// maxPair bounds a change of HTTPS, in bytes: a chain and a key, each of which
// may have 64 KiB, with their line ends escaped.
const maxPair = 256 << 10

type https struct {
	Mode       library.HTTPSMode `json:"mode" enum:"off,self-signed,uploaded,folder,files" doc:"Where the certificate comes from. files: the configuration names them."`
	Locked     bool              `json:"locked" doc:"The configuration decides the mode."`
	Port       uint16            `json:"port" doc:"Where HTTPS is served, or would be. A container may publish it under another number."`
	Redirect   string            `json:"redirect,omitempty" doc:"Where pages over plain HTTP lead once HTTPS is on: scheme, name and port."`
	Presented  *certificate      `json:"presented" doc:"Null: HTTPS is not served."`
	Uploaded   *certificate      `json:"uploaded" doc:"The one handed in last, whether or not it is presented. Null: none was."`
	Authority  *authority        `json:"authority" doc:"The box's own. Null: none was made yet."`
	Folder     string            `json:"folder" doc:"Where a certificate may be put for the mode folder, in the container."`
	FixedNames []string          `json:"fixed_names" nullable:"false" doc:"Names that the configuration gives the box."`
	Names      []string          `json:"names" nullable:"false" doc:"Names and addresses that a certificate of the box's own is for besides."`
	Problem    *httpsProblem     `json:"problem" doc:"Why what should be presented is not; what was presented before may be presented on."`
}

type certificate struct {
	Names       []string  `json:"names" nullable:"false"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	ExpiresAt   time.Time `json:"expires_at"`
	Fingerprint string    `json:"fingerprint" doc:"SHA-256, in hex."`
	Own         bool      `json:"own" doc:"By the box's own authority."`
}

type authority struct {
	Name        string    `json:"name"`
	ExpiresAt   time.Time `json:"expires_at"`
	Fingerprint string    `json:"fingerprint" doc:"SHA-256, in hex."`
}

type httpsProblem struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func httpsShape(h library.HTTPS) *only[https] {
	out := https{
		Mode: h.Mode, Locked: h.Locked, Port: h.Port, Redirect: h.Redirect, Presented: certificateShape(h.Presented), Uploaded: certificateShape(h.Uploaded),
		Folder: h.Folder, FixedNames: append([]string{}, h.FixedNames...), Names: append([]string{}, h.Names...),
	}
	if a := h.Authority; a != nil {
		out.Authority = &authority{a.Name, a.Expires.UTC(), a.Fingerprint}
	}
	if p := h.Problem; p != nil {
		out.Problem = &httpsProblem{p.Code, p.Message, p.Hint}
	}
	return &only[https]{out}
}

func certificateShape(c *library.Certificate) *certificate {
	if c == nil {
		return nil
	}
	return &certificate{append([]string{}, c.Names...), c.Issuer, c.NotBefore.UTC(), c.Expires.UTC(), c.Fingerprint, c.Own}
}

func noDoor() error {
	return &library.Error{Kind: library.NotFound, Message: "Nothing here serves HTTPS."}
}

func (s *server) https(ctx context.Context, _ *struct{}) (*only[https], error) {
	if s.FrontDoor == nil {
		return nil, noDoor()
	}
	h, err := s.FrontDoor.HTTPS(ctx)
	if err != nil {
		return nil, err
	}
	return httpsShape(h), nil
}

type httpsInput struct {
	Body struct {
		Mode        library.HTTPSMode `json:"mode,omitempty" enum:"off,self-signed,uploaded,folder"`
		Names       *[]string         `json:"names,omitempty" doc:"Names and addresses that a certificate of the box's own is for, besides those of the configuration."`
		Certificate string            `json:"certificate,omitempty" doc:"With its chain, in PEM. It goes together with its key, and is presented once the mode is uploaded."`
		Key         string            `json:"key,omitempty" doc:"In PEM, without a passphrase. It cannot be read again."`
	}
}

func (s *server) changeHTTPS(ctx context.Context, in *httpsInput) (*only[https], error) {
	if s.FrontDoor == nil {
		return nil, noDoor()
	}
	h, err := s.FrontDoor.ChangeHTTPS(ctx, library.HTTPSChange{
		Mode: in.Body.Mode, Names: in.Body.Names, Certificate: []byte(in.Body.Certificate), Key: []byte(in.Body.Key),
	})
	if err != nil {
		return nil, err
	}
	return httpsShape(h), nil
}

// authority sends the certificate as systems and browsers expect one that they
// are to trust.
func (s *server) authority(c *gin.Context) error {
	if s.FrontDoor == nil {
		return noDoor()
	}
	h, err := s.FrontDoor.HTTPS(c.Request.Context())
	if err != nil {
		return err
	}
	if h.Authority == nil {
		return &library.Error{
			Kind: library.NotFound, Message: "The box has no authority of its own yet.", Hint: "Choose a certificate of the box's own in Settings, HTTPS.",
		}
	}
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(h.Authority.Name), "-")
	c.Header("Content-Disposition", `attachment; filename="`+strings.Trim(name, "-")+`.crt"`)
	c.Data(http.StatusOK, "application/x-x509-ca-cert", h.Authority.PEM)
	return nil
}

func describeAuthority(op *huma.Operation) {
	op.Description += " It is no secret."
	op.Responses["200"] = &huma.Response{
		Description: "In PEM.",
		Content:     map[string]*huma.MediaType{"application/x-x509-ca-cert": {Schema: &huma.Schema{Type: "string"}}},
	}
}
