package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"coffer/appliance/boot"
	"coffer/appliance/supervise"
	"coffer/services/library"
	"coffer/services/metrics"
	"coffer/services/store"
)

// newMetrics shows to Prometheus what the API knows and what init tells it; nil
// where metrics are off.
func newMetrics(o apiOptions, lib *library.Library, backups library.Backups, looking *watch, log *slog.Logger) (*metrics.Metrics, error) {
	if !o.Metrics {
		return nil, nil
	}
	var states []string
	for _, s := range supervise.States() {
		states = append(states, string(s))
	}
	return metrics.New(metrics.Options{
		Version: version, Started: o.Started, Library: lib,
		Posture: func(ctx context.Context) (library.Posture, error) { return looking.ask(ctx, false) },
		Services: func() ([]metrics.Service, error) {
			all, err := boot.State(o.Box)
			var out []metrics.Service
			for _, s := range all {
				out = append(out, metrics.Service{Name: s.Name, State: string(s.State), Restarts: s.Restarts})
			}
			return out, err
		},
		Backups: backups.Overview, States: states,
		StoreFile:   filepath.Join(o.Data, "store", store.FileName),
		IndexFolder: filepath.Join(o.Data, "store", "index"),
		Log:         log,
	})
}
