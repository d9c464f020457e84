package api

import (
	"context"
	"time"

	"coffer/services/library"
)

type auditInput struct {
	Paging
	Kind string `query:"kind" maxLength:"64" doc:"Only events of this kind."`
}

type auditEntry struct {
	ID       string             `json:"id"`
	Time     time.Time          `json:"time" doc:"Of the first, where several count as one."`
	Kind     library.AuditKind  `json:"kind" example:"sign_in"`
	Who      library.AuditActor `json:"who" enum:"session,key,console,box,stranger"`
	Client   string             `json:"client" doc:"Address; empty for the console, and where many clients count as one."`
	Agent    string             `json:"agent" doc:"The program's own description."`
	Detail   string             `json:"detail,omitempty" doc:"What it was about."`
	Count    int                `json:"count" doc:"Events alike from one client within an hour count as one."`
	LatestAt time.Time          `json:"latest_at"`
}

func (s *server) audit(ctx context.Context, in *auditInput) (*only[list[auditEntry]], error) {
	l, err := s.Keeper.Events(ctx, library.AuditFilter{Kind: library.AuditKind(in.Kind)}, in.of())
	if err != nil {
		return nil, err
	}
	return &only[list[auditEntry]]{listOf(l, func(e library.AuditEntry) auditEntry {
		return auditEntry{
			ID: e.ID, Time: e.Time.UTC(), Kind: e.Kind, Who: e.Who, Client: e.Client, Agent: e.Agent,
			Detail: e.Detail, Count: e.Count, LatestAt: e.Last.UTC(),
		}
	})}, nil
}
