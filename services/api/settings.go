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
}

func (s *server) settingsShape(set library.Settings) *only[settings] {
	return &only[settings]{settings{
		Hosts: append([]string{}, set.Hosts...), AnyHost: set.AnyHost, Reach: set.Reach,
		FixedHosts: append([]string{}, s.Hosts.Fixed...),
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
