package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// livez answers as long as the process does.
func (s *server) livez(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

func (s *server) readyz(c *gin.Context) {
	if s.Ready != nil {
		if err := s.Ready(c.Request.Context()); err != nil {
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "starting"})
			return
		}
	}
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

type health struct {
	Status   string                   `json:"status" enum:"ok,limited,failing"`
	Version  string                   `json:"version,omitempty" doc:"For the owner."`
	Jobs     map[library.JobState]int `json:"jobs,omitempty" doc:"For the owner."`
	Services []ServiceHealth          `json:"services,omitempty" doc:"For the owner."`
	Alarms   []library.AlarmCode      `json:"alarms,omitempty" doc:"What the owner has to see to. For the owner."`
}

type healthOutput struct {
	Status int
	Body   health
}

// health looks at the store itself each time, so that a box whose disk is gone
// does not call itself healthy.
func (s *server) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	box := Health{Status: "ok"}
	if s.Health != nil {
		box = s.Health(ctx)
	}
	if _, err := s.Accounts.Settings(ctx); err != nil {
		s.log.Error("store unusable", "error", err)
		box.Status = "failing"
		box.Services = append(box.Services, ServiceHealth{Name: "store", Status: "failing"})
	}
	out := &healthOutput{Status: http.StatusOK, Body: health{Status: box.Status}}
	if box.Status == "failing" {
		out.Status = http.StatusServiceUnavailable
	}
	if _, ok := auth.FromContext(ctx); ok {
		out.Body.Version, out.Body.Services = s.Version, box.Services
		out.Body.Jobs = s.Library.JobCounts()
		if s.Alarms != nil {
			for _, a := range s.Alarms.Alarms() {
				out.Body.Alarms = append(out.Body.Alarms, a.Code)
			}
		}
	}
	return out, nil
}

type healthAuth struct {
	XAuthUserPresent     bool       `json:"x_auth_user_present" doc:"The box knows who you are."`
	EdgeTokenPresent     bool       `json:"edge_token_present" doc:"You came through the edge."`
	RecentFailedAttempts int        `json:"recent_failed_attempts" doc:"Wrong passwords in the last 15 minutes."`
	LastFailureAt        *time.Time `json:"last_failure_at"`
}

// healthAuth is public, because it is for somebody who cannot get in. It says
// whether an identity arrived, not whose.
func (s *server) healthAuth(ctx context.Context, _ *struct{}) (*only[healthAuth], error) {
	_, known := auth.FromContext(ctx)
	n, last := s.Keeper.RecentFailures()
	return &only[healthAuth]{healthAuth{
		XAuthUserPresent: known, EdgeTokenPresent: callOf(ctx).http.Header.Get("X-Edge-Token") != "",
		RecentFailedAttempts: n, LastFailureAt: moment(last),
	}}, nil
}
