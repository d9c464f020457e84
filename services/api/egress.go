package api

import (
	"context"
	"time"

	"coffer/services/library"
)

type egressPurpose struct {
	Name         string   `json:"name" example:"acme"`
	Configured   bool     `json:"configured"`
	Destinations []string `json:"destinations" nullable:"false" doc:"What it may reach; empty where it is not configured."`
	Later        bool     `json:"later,omitempty" doc:"This version does not go out for it."`
}

type egressDestination struct {
	Purpose     string          `json:"purpose"`
	Destination string          `json:"destination" example:"acme.example.org:443"`
	Attempts    int64           `json:"attempts"`
	Connected   int64           `json:"connected"`
	Failed      int64           `json:"failed"`
	Refused     int64           `json:"refused" doc:"By the policy of the purpose: nothing was sent."`
	Sent        int64           `json:"sent" doc:"Bytes."`
	Received    int64           `json:"received" doc:"Bytes."`
	FirstAt     time.Time       `json:"first_at"`
	LastAt      time.Time       `json:"last_at"`
	Outcome     library.Outcome `json:"outcome" enum:"connected,failed,refused" doc:"Of the last attempt."`
	Reason      string          `json:"reason,omitempty"`
}

type egress struct {
	Purposes []egressPurpose     `json:"purposes" nullable:"false"`
	Items    []egressDestination `json:"items" nullable:"false" doc:"What was tried, the latest first."`
}

func (s *server) egress(ctx context.Context, _ *struct{}) (*only[egress], error) {
	if s.WayOut == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "Nothing here can go out."}
	}
	o, err := s.WayOut.Outgoing(ctx)
	if err != nil {
		return nil, err
	}
	out := egress{Purposes: []egressPurpose{}, Items: []egressDestination{}}
	for _, p := range o.Purposes {
		out.Purposes = append(out.Purposes, egressPurpose{
			Name: p.Name, Configured: p.Configured(), Destinations: append([]string{}, p.Destinations...), Later: p.Later,
		})
	}
	for _, d := range o.Destinations {
		out.Items = append(out.Items, egressDestination{
			Purpose: d.Purpose, Destination: d.Place, Attempts: d.Attempts, Connected: d.Connected, Failed: d.Failed, Refused: d.Refused,
			Sent: d.Sent, Received: d.Received, FirstAt: d.First.UTC(), LastAt: d.Last.UTC(), Outcome: d.Outcome, Reason: d.Reason,
		})
	}
	return &only[egress]{out}, nil
}
