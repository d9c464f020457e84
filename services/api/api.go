package api

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// Options are what the API is made of.
type Options struct {
	Library  *library.Library
	Keeper   *auth.Keeper
	Accounts library.Accounts
	Hosts    auth.Hosts
	Cookies  auth.Cookies

	EdgeToken string // what the edge sends in X-Edge-Token
	BasePath  string // "" or "/name"
	MaxUpload int64  // bytes
	Version   string
	Dev       bool // pages are read from disk at each request

	// Ready answers /readyz; nil: ready.
	Ready func(context.Context) error
	// Health is the state of the box beyond this process; nil: ok.
	Health func(context.Context) Health
	// Budgets bound what a caller may ask; nil: new ones.
	Budgets *auth.Budgets
	// Proxies are believed about who asks, as the configuration lists them.
	Proxies []string
	// Failure shows a browser outside the API what went wrong; nil: a plain page.
	Failure func(*gin.Context, error)
	// Logs tells what the services said; nil: nothing keeps a log.
	Logs library.Logs
	// WayOut tells what may leave the box and what did; nil: nothing goes out.
	WayOut library.WayOut
	// FrontDoor tells how HTTPS is served and changes that; nil: nothing does.
	FrontDoor library.FrontDoor
	// Backups makes and proves sealed copies; nil: none are made here.
	Backups library.Backups
	// Packages lets the library leave and takes packages in; nil: neither.
	Packages library.Packages
	// Alarms are what the owner has to see to; nil: nobody watches.
	Alarms library.Alarms
	// Copies keeps copies of them in the owner's storage; nil: none are made.
	Copies library.Copies
	// Notices tells a program of the owner's of alarms; nil: nobody is told.
	Notices library.Notices
	// Diagnostics makes the file to give away to be helped; nil: nothing does.
	Diagnostics library.Diagnostics
	// Watch tells how the box keeps its claims; it never changes the health.
	Watch library.Watch
	// Metrics answers /metrics; nil: there is no such route.
	Metrics Metrics
	// Log defaults to slog.Default, Now to time.Now.
	Log *slog.Logger
	Now func() time.Time

	beat time.Duration // of event streams; 0: heartbeat
}

// Health is the state of the box: ok, limited or failing, and for the
// signed-in owner what it is made of.
type Health struct {
	Status   string          `json:"status" enum:"ok,limited,failing"`
	Services []ServiceHealth `json:"services,omitempty"`
}

// ServiceHealth is the state of one service.
type ServiceHealth struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// server holds what handlers need.
type server struct {
	Options
	log  *slog.Logger
	page *template.Template
	api  huma.API
	root *gin.RouterGroup // BasePath
	v1   *gin.RouterGroup // BasePath/api/v1
}

// New returns the engine with the checks that every request passes and all
// routes of this package. The site adds its pages to it.
func New(o Options) (*gin.Engine, error) {
	switch {
	case o.Library == nil, o.Keeper == nil, o.Accounts == nil:
		return nil, errors.New("api: library, keeper and accounts are needed")
	case len(o.EdgeToken) < 32:
		return nil, errors.New("api: the edge token is shorter than 32 characters")
	case o.BasePath != "" && (!strings.HasPrefix(o.BasePath, "/") || strings.HasSuffix(o.BasePath, "/")):
		return nil, fmt.Errorf("api: base path %q must begin with a slash and not end with one", o.BasePath)
	case o.BasePath != o.Cookies.BasePath:
		return nil, errors.New("api: the cookies have another base path")
	case o.MaxUpload <= 0:
		return nil, errors.New("api: no upload limit")
	}
	fixed, err := auth.CleanHosts(o.Hosts.Fixed)
	if err != nil {
		return nil, fmt.Errorf("api: listed hosts: %w", err)
	}
	o.Hosts = auth.Hosts{Fixed: fixed, Accounts: o.Accounts}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Budgets == nil {
		o.Budgets = auth.NewBudgets(o.Now)
	}
	if o.beat == 0 {
		o.beat = heartbeat
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &server{Options: o, log: o.Log, page: errorPage()}

	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.ForwardedByClientIP = false // on a unix socket gin believes any X-Forwarded-For
	e.RedirectTrailingSlash = false
	e.HandleMethodNotAllowed = true
	e.Use(s.begin, s.recover, s.edge, s.host, s.sameSite, s.identify, s.afford, s.limitBody)
	e.NoRoute(func(c *gin.Context) {
		s.refuse(c, &library.Error{Kind: library.NotFound, Message: "There is nothing here."})
	})
	e.NoMethod(func(c *gin.Context) {
		s.refuse(c, &library.Error{Kind: kindMethod, Message: "This cannot be done here."})
	})
	s.root = e.Group(o.BasePath)
	s.v1 = s.root.Group("/api/v1")
	s.api = humagin.NewWithGroup(e, s.v1, s.humaConfig())
	s.routes(e)
	s.publish()
	return e, nil
}

// underAPI reports a path of the JSON API.
func (s *server) underAPI(path string) bool {
	return strings.HasPrefix(path, s.BasePath+"/api/")
}

func (s *server) humaConfig() huma.Config {
	c := huma.DefaultConfig("Coffer", s.Version)
	// None of huma's own routes: its document pages load scripts from
	// elsewhere, and its schema links clutter every response.
	c.DocsPath, c.SchemasPath, c.OpenAPIPath, c.CreateHooks = "", "", "", nil
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.Transformers = []huma.Transformer{s.fromHuma}
	c.Info.Description = "Everything the pages do, for programs. Times are RFC 3339 in UTC, ids are opaque. " +
		"Lists answer items, total and next; next is the cursor of the following part and null at the end."
	c.Servers = []*huma.Server{{URL: s.BasePath + "/api/v1"}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {
			Type: "apiKey", In: "cookie", Name: "coffer_" + s.Cookies.Box,
			Description: "Set by /auth/login and /setup. On HTTPS the name begins with __Host-, or __Secure- under a base path.",
		},
		"key": {
			Type: "http", Scheme: "bearer", BearerFormat: auth.KeyPrefix + "…",
			Description: "A key made in Settings, Keys, or by POST /auth/keys. It wins over a cookie, and a bad one is answered 401 whatever else is sent.",
		},
	}
	return c
}

// publish serves the OpenAPI document as it is once all routes are known. It is
// written when it is first asked for, which few ever do.
func (s *server) publish() {
	delete(s.api.OpenAPI().Components.Schemas.Map(), "ErrorModel") // huma's own; ours is Problem
	document := sync.OnceValues(s.api.OpenAPI().MarshalJSON)
	s.v1.GET("/openapi.json", func(c *gin.Context) {
		doc, err := document()
		if err != nil {
			s.refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/openapi+json", doc)
	})
}
