package api

import (
	"context"

	"coffer/services/library"
)

type membersInput struct {
	BySource
	From  int `query:"from" minimum:"0" doc:"Number of the first member."`
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// member is a file in an archive.
type member struct {
	Number   int              `json:"number"`
	Path     string           `json:"path" doc:"In the archive; that of what lies in an archive inside begins with that one's."`
	Size     int64            `json:"size,omitempty" doc:"Bytes; none for what was left out."`
	SourceID library.SourceID `json:"source_id,omitempty" doc:"The source that it is, which may be deleted by now. None for what was left out."`
	Known    bool             `json:"known,omitempty" doc:"The box had it already."`
	Reason   *library.Reason  `json:"reason,omitempty" doc:"Why it was left out."`
}

type memberList struct {
	Items []member `json:"items" nullable:"false"`
	Total int      `json:"total"`
	Next  *int     `json:"next" doc:"from of the following part; null at the end."`
}

func (s *server) sourceMembers(ctx context.Context, in *membersInput) (*only[memberList], error) {
	src, err := s.Library.Source(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := s.Library.Members(ctx, in.ID, in.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := memberList{Items: make([]member, 0, len(found))}
	if src.Archive != nil {
		out.Total = src.Archive.Members
	}
	for _, m := range found {
		out.Items = append(out.Items, member{m.Number, m.Path, m.Size, m.Source, m.Known, m.Reason})
	}
	if end := in.From + len(found); len(found) > 0 && end < out.Total {
		out.Next = &end
	}
	return &only[memberList]{out}, nil
}
