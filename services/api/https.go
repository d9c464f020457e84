package api

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// maxPair bounds a change of HTTPS, in bytes: a chain and a key, each of which
// may have 64 KiB, with their line ends escaped.
const maxPair = 256 << 10

type https struct {
	Mode       library.HTTPSMode `json:"mode" enum:"off,self-signed,uploaded,folder,files,acme" doc:"Where the certificate comes from. files: the configuration names them. acme: an authority makes it."`
	Locked     bool              `json:"locked" doc:"The configuration decides the mode."`
	Port       uint16            `json:"port" doc:"Where HTTPS is served, or would be. A container may publish it under another number."`
	Redirect   string            `json:"redirect,omitempty" doc:"Where pages over plain HTTP lead once HTTPS is on: scheme, name and port."`
	Presented  *certificate      `json:"presented" doc:"Null: HTTPS is not served."`
	Uploaded   *certificate      `json:"uploaded" doc:"The one handed in last, whether or not it is presented. Null: none was."`
	Authority  *authority        `json:"authority" doc:"The box's own. Null: none was made yet."`
	Folder     string            `json:"folder" doc:"Where a certificate may be put for the mode folder, in the container."`
	FixedNames []string          `json:"fixed_names" nullable:"false" doc:"Names that the configuration gives the box."`
	Names      []string          `json:"names" nullable:"false" doc:"Names and addresses that a certificate of the box's own is for besides."`
	Only       []httpsOnly       `json:"https_only" nullable:"false" doc:"Names of which browsers are told that they are opened over HTTPS only (Strict-Transport-Security), and those of which that was taken back."`
	Order      httpsOrder        `json:"order" doc:"What is ordered from an authority (ACME), for the mode acme."`
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

type httpsOnly struct {
	Name       string     `json:"name" example:"box.example.org"`
	Subdomains bool       `json:"subdomains" doc:"Names below it too."`
	Preload    bool       `json:"preload" doc:"Browsers may ship with it."`
	TakenBack  *time.Time `json:"taken_back_at" doc:"Null: it holds. Else browsers are told for a year that it does not."`
}

type httpsProblem struct {
	Code    string     `json:"code,omitempty"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
	Quote   string     `json:"quote,omitempty" doc:"The other side's own words."`
	Until   *time.Time `json:"until,omitempty" doc:"When the other side wants to be asked again."`
}

type httpsOrder struct {
	Wanted    bool              `json:"wanted" doc:"acme is chosen, and takes over from the mode once there is a certificate."`
	Serves    bool              `json:"serves" doc:"A certificate that was ordered is presented."`
	Directory string            `json:"directory" doc:"Of the authority."`
	Email     string            `json:"email,omitempty" doc:"Whom the authority writes to."`
	Locked    []string          `json:"locked" nullable:"false" doc:"Which of directory and email the configuration decides."`
	Names     []string          `json:"names" nullable:"false" doc:"All that are ordered."`
	Chosen    []string          `json:"chosen_names" nullable:"false" doc:"Those of them that do not come from the configuration."`
	Agreed    bool              `json:"terms_agreed"`
	Terms     string            `json:"terms,omitempty" doc:"Where the authority has them, once it said so."`
	Step      library.HTTPSStep `json:"step,omitempty" enum:"asking,challenge,making,switching" doc:"How far the order is; none: no order runs."`
	Next      *time.Time        `json:"next_at" doc:"When the box orders next by itself."`
	Ended     *time.Time        `json:"last_at" doc:"When the last order was done or failed."`
	Problem   *httpsProblem     `json:"problem" doc:"Why the last order came to nothing."`
}

func httpsShape(h library.HTTPS) *only[https] {
	out := https{
		Mode: h.Mode, Locked: h.Locked, Port: h.Port, Redirect: h.Redirect, Presented: certificateShape(h.Presented), Uploaded: certificateShape(h.Uploaded),
		Folder: h.Folder, FixedNames: append([]string{}, h.FixedNames...), Names: append([]string{}, h.Names...), Only: []httpsOnly{},
	}
	for _, o := range h.Only {
		out.Only = append(out.Only, httpsOnly{o.Name, o.Below, o.Preload, moment(o.Back)})
	}
	if a := h.Authority; a != nil {
		out.Authority = &authority{a.Name, a.Expires.UTC(), a.Fingerprint}
	}
	out.Order, out.Problem = orderShape(h.Order), problemShape(h.Problem)
	return &only[https]{out}
}

func problemShape(p *library.HTTPSProblem) *httpsProblem {
	if p == nil {
		return nil
	}
	return &httpsProblem{p.Code, p.Message, p.Hint, p.Quote, moment(p.Until)}
}

func orderShape(o library.HTTPSOrder) httpsOrder {
	out := httpsOrder{
		Wanted: o.Wanted, Serves: o.Serves, Directory: o.Directory, Email: o.Email, Locked: []string{},
		Names: append([]string{}, o.Names...), Chosen: append([]string{}, o.Chosen...), Agreed: o.Agreed, Terms: o.Terms,
		Step: o.Step, Next: moment(o.Next), Ended: moment(o.Ended), Problem: problemShape(o.Problem),
	}
	if o.DirectoryLocked {
		out.Locked = append(out.Locked, "directory")
	}
	if o.EmailLocked {
		out.Locked = append(out.Locked, "email")
	}
	return out
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
		Mode        library.HTTPSMode `json:"mode,omitempty" enum:"off,self-signed,uploaded,folder,acme"`
		Names       *[]string         `json:"names,omitempty" doc:"Names and addresses that a certificate of the box's own is for, besides those of the configuration."`
		Certificate string            `json:"certificate,omitempty" doc:"With its chain, in PEM. It goes together with its key, and is presented once the mode is uploaded."`
		Key         string            `json:"key,omitempty" doc:"In PEM, without a passphrase. It cannot be read again."`
		Only        *onlyInput        `json:"https_only,omitempty" doc:"Confirms that a name is opened over HTTPS only. It is that of this request, which came over HTTPS. Browsers that hear it keep to it for a year, at every port of that name."`
		Order       *orderInput       `json:"order,omitempty" doc:"What is ordered from an authority, for the mode acme. The mode takes over once there is a certificate."`
		Again       bool              `json:"order_now,omitempty" doc:"Has a certificate ordered now, for the mode acme. Not more than five times in an hour, and not while the authority wants a pause."`
		TakeBack    string            `json:"take_back,omitempty" maxLength:"253" doc:"A name of which that is taken back."`
	}
}

type orderInput struct {
	Directory string   `json:"directory,omitempty" maxLength:"500" doc:"Of the authority; none: that of the configuration, which is Let's Encrypt's by itself."`
	Email     string   `json:"email,omitempty" maxLength:"250"`
	Names     []string `json:"names,omitempty" nullable:"false" doc:"Besides those of the configuration."`
	Agree     bool     `json:"terms_agreed,omitempty" doc:"You agree to the terms of this authority."`
}

type onlyInput struct {
	Name       string `json:"name" maxLength:"253"`
	Subdomains bool   `json:"subdomains,omitempty"`
	Preload    bool   `json:"preload,omitempty" doc:"Goes with subdomains. Getting off the list that browsers ship with takes months."`
}

func (s *server) changeHTTPS(ctx context.Context, in *httpsInput) (*only[https], error) {
	if s.FrontDoor == nil {
		return nil, noDoor()
	}
	change := library.HTTPSChange{
		Mode: in.Body.Mode, Names: in.Body.Names, Certificate: []byte(in.Body.Certificate), Key: []byte(in.Body.Key), TakeBack: in.Body.TakeBack, Again: in.Body.Again,
	}
	if o := in.Body.Order; o != nil {
		change.Order = &library.HTTPSWish{Directory: o.Directory, Email: o.Email, Names: o.Names, Agree: o.Agree}
	}
	if o := in.Body.Only; o != nil {
		if !auth.CameSecurelyBy(callOf(ctx).http, o.Name) {
			return nil, &library.Error{
				Kind: library.Conflict, Field: "https_only", Code: "elsewhere",
				Message: "That a name is opened over HTTPS only is confirmed where it is so.", Hint: "Ask over HTTPS, under that name.",
			}
		}
		change.Only = &library.HTTPSOnly{Name: o.Name, Below: o.Subdomains, Preload: o.Preload}
	}
	h, err := s.FrontDoor.ChangeHTTPS(ctx, change)
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
