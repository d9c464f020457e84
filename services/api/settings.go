package api

import (
	"context"

	"coffer/services/auth"
	"coffer/services/library"
)

type settings struct {
	Hosts      []string `json:"hosts" nullable:"false" doc:"Names the box answers to besides addresses and local names."`
	AnyHost    bool     `json:"any_host" doc:"Answer to every name."`
	Reach      string   `json:"reach" enum:",network,names,proxy" doc:"Who may reach the box, as the wizard asked; empty until answered."`
	FixedHosts []string `json:"fixed_hosts" nullable:"false" doc:"Names listed by configuration; they cannot be changed here."`
	Proxies    []string `json:"trusted_proxies" nullable:"false" doc:"Proxies that are believed about who asks; only COFFER_TRUSTED_PROXIES changes them."`
	Limits     []Limit  `json:"limits" nullable:"false" doc:"What one caller may ask in a minute."`
}

// Limit is a budget and what is used of it.
type Limit struct {
	What      auth.Budget `json:"what" enum:"anonymous,requests,changes,uploads"`
	PerMinute int         `json:"per_minute"`
	Used      int         `json:"used" doc:"In the last minute, by the busiest caller."`
	Callers   int         `json:"callers" doc:"That asked for something in the last minute."`
}

func (s *server) limits() []Limit {
	var out []Limit
	for _, b := range []auth.Budget{auth.Anonymous, auth.Requests, auth.Changes, auth.Uploads} {
		used, callers := s.Budgets.Busiest(b)
		out = append(out, Limit{What: b, PerMinute: b.PerMinute(), Used: used, Callers: callers})
	}
	return out
}

func (s *server) settingsShape(set library.Settings) *only[settings] {
	return &only[settings]{settings{
		Hosts: append([]string{}, set.Hosts...), AnyHost: set.AnyHost, Reach: set.Reach,
		FixedHosts: append([]string{}, s.Hosts.Fixed...), Proxies: append([]string{}, s.Proxies...),
		Limits: s.limits(),
	}}
}

func (s *server) settings(ctx context.Context, _ *struct{}) (*only[settings], error) {
	set, err := s.Accounts.Settings(ctx)
	return s.settingsShape(set), err
}

type settingsInput struct {
	Body struct {
		Hosts   *[]string `json:"hosts,omitempty"`
		AnyHost *bool     `json:"any_host,omitempty"`
		Reach   *string   `json:"reach,omitempty" enum:"network,names,proxy"`
	}
}

func (s *server) changeSettings(ctx context.Context, in *settingsInput) (*only[settings], error) {
	var hosts []string
	if in.Body.Hosts != nil {
		var err error
		if hosts, err = auth.CleanHosts(*in.Body.Hosts); err != nil {
			return nil, err
		}
	}
	set, err := s.Keeper.ChangeSettings(ctx, func(set *library.Settings) error {
		if in.Body.Hosts != nil {
			set.Hosts = hosts
		}
		if in.Body.AnyHost != nil {
			set.AnyHost = *in.Body.AnyHost
		}
		if in.Body.Reach != nil {
			set.Reach = *in.Body.Reach
		}
		return nil
	})
	return s.settingsShape(set), err
}
