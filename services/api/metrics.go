package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Metrics counts requests and answers a scrape.
type Metrics interface {
	http.Handler
	// Request is told of each request that has ended: the pattern of its
	// route, empty when none matched, and never its path.
	Request(method, route string, status int, took time.Duration)
}

// measure tells the metrics of a request. The base path is left out of its
// route, so that boxes can be compared.
func (s *server) measure(c *gin.Context, took time.Duration) {
	if s.Metrics != nil {
		s.Metrics.Request(c.Request.Method, strings.TrimPrefix(c.FullPath(), s.BasePath), c.Writer.Status(), took)
	}
}

// metrics answers a scrape. Who may ask is the holder of a scope of its own:
// the figures hold nothing that was added, but tell how much.
func (s *server) metrics(c *gin.Context) {
	if err := permit(c.Request.Context(), scrape); err != nil {
		s.refuse(c, err)
		return
	}
	s.Metrics.ServeHTTP(c.Writer, c.Request)
}
