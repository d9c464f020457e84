package api

import (
	"context"
	"time"

	"coffer/services/library"
)

type postureItem struct {
	ID       string           `json:"id"`
	Group    string           `json:"group"`
	Title    string           `json:"title"`
	Claim    string           `json:"claim"`
	Against  string           `json:"protects_from"`
	Status   library.Standing `json:"status" enum:"pass,fail,degraded,n/a"`
	Evidence string           `json:"evidence"`
	Remedy   string           `json:"remedy,omitempty" doc:"How to mend what does not hold."`
	Later    bool             `json:"later,omitempty" doc:"This version does not have it yet."`
}

type postureSummary struct {
	Claims        int `json:"claims"`
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Degraded      int `json:"degraded"`
	NotApplicable int `json:"not_applicable" doc:"Those that come later too."`
	Later         int `json:"later"`
}

type posture struct {
	Items     []postureItem  `json:"items" nullable:"false"`
	CheckedAt *time.Time     `json:"checked_at" doc:"Null: the box has not looked yet."`
	Summary   postureSummary `json:"summary"`
}

func (s *server) posture(ctx context.Context, _ *struct{}) (*only[posture], error) {
	if s.Watch == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "Nothing here looks at the box."}
	}
	p, err := s.Watch.Posture(ctx)
	if err != nil {
		return nil, err
	}
	out := posture{Items: []postureItem{}, CheckedAt: moment(p.CheckedAt)}
	for _, c := range p.Claims {
		out.Items = append(out.Items, postureItem{
			ID: c.ID, Group: c.Group, Title: c.Title, Claim: c.Text, Against: c.Against,
			Status: c.Standing, Evidence: c.Evidence, Remedy: c.Remedy, Later: c.Later,
		})
	}
	t := p.Tally()
	out.Summary = postureSummary{
		Claims: t.Claims, Pass: t.Hold, Fail: t.Broken, Degraded: t.Partly,
		NotApplicable: t.Later + t.Unseen, Later: t.Later,
	}
	return &only[posture]{out}, nil
}
