package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// Facts is what this process says of itself to init, which looks whether the
// box keeps its claims.
type Facts struct {
	auth.Facts
	library.BackupFacts
	Dev bool `json:"dev"`
}

// facts answers init, which knows the edge token; the edge passes nothing on
// under this path.
func (s *server) facts(c *gin.Context) {
	f, err := s.Keeper.Facts(c.Request.Context())
	if err != nil {
		s.refuse(c, err)
		return
	}
	out := Facts{Facts: f, Dev: s.Dev}
	if s.Backups != nil {
		if out.BackupFacts, err = s.Backups.Facts(c.Request.Context()); err != nil {
			s.refuse(c, err)
			return
		}
	}
	c.JSON(http.StatusOK, out)
}
