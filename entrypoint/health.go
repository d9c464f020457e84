package main

import (
	"context"

	"coffer/appliance/boot"
	"coffer/appliance/supervise"
	"coffer/services/api"
)

// boxHealth says how the services are, as init last wrote it: failing without
// an essential one, limited without another.
func boxHealth(folder string) func(context.Context) api.Health {
	return func(context.Context) api.Health {
		h := api.Health{Status: "ok"}
		all, err := boot.State(folder)
		if err != nil {
			// The API answers, so the box is there; how it is cannot be seen.
			return api.Health{Status: "limited"}
		}
		for _, s := range all {
			h.Services = append(h.Services, api.ServiceHealth{Name: s.Name, Status: string(s.State), Detail: s.LastExit})
			switch {
			case s.State != supervise.Fatal && s.State != supervise.Backoff:
			case s.Essential:
				h.Status = "failing"
			case h.Status == "ok":
				h.Status = "limited"
			}
		}
		return h
	}
}
