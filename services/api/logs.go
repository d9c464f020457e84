package api

import (
	"context"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

type logServices struct {
	Items []string `json:"items" nullable:"false" doc:"Names of services."`
}

func (s *server) logServices(ctx context.Context, _ *struct{}) (*only[logServices], error) {
	p, err := s.readLog(ctx, library.LogQuery{Limit: 1})
	return &only[logServices]{logServices{Items: append([]string{}, p.Services...)}}, err
}

type logInput struct {
	Service string `path:"service" maxLength:"64"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"200"`
	Cursor  string `query:"cursor" maxLength:"64" doc:"next of an earlier answer: only what came after it."`
	Query   string `query:"q" maxLength:"256" doc:"Only lines that contain this, in any case."`
	Level   string `query:"level" enum:"debug,info,warn,error" doc:"The least level."`
}

type logLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level" example:"INFO"`
	Text  string    `json:"text" doc:"What was said, without time and level."`
}

type logLines struct {
	Items []logLine `json:"items" nullable:"false" doc:"Oldest first."`
	Next  string    `json:"next" doc:"Cursor to ask again with for what comes after these."`
	Gap   bool      `json:"gap,omitempty" doc:"Lines between the cursor and these are gone, or the box started anew."`
}

func (s *server) logLines(ctx context.Context, in *logInput) (*only[logLines], error) {
	p, err := s.readLog(ctx, library.LogQuery{
		Service: in.Service, Limit: in.Limit, After: in.Cursor, Level: in.Level, Search: in.Query,
	})
	if err != nil {
		return nil, err
	}
	out := logLines{Items: make([]logLine, 0, len(p.Lines)), Next: p.Next, Gap: p.Gap}
	for _, l := range p.Lines {
		out.Items = append(out.Items, logLine{Time: l.Time.UTC(), Level: l.Level, Text: l.Text})
	}
	return &only[logLines]{out}, nil
}

func (s *server) readLog(ctx context.Context, q library.LogQuery) (library.LogPage, error) {
	if s.Logs == nil {
		return library.LogPage{}, &library.Error{Kind: library.NotFound, Message: "Nothing here keeps a log."}
	}
	return s.Logs.Log(ctx, q)
}

// isFollow reports a question that an open page asks again by itself: what the
// log has gained, how the work stands. Who follows the log of the API must not
// find a line of its own in each answer.
func isFollow(c *gin.Context) bool {
	path := c.FullPath()
	return strings.HasSuffix(path, "/logs/more") || strings.HasSuffix(path, "/activity/state") || strings.HasSuffix(path, "/tray") ||
		strings.HasSuffix(path, "/api/v1/logs/:service") && c.Query("cursor") != ""
}
