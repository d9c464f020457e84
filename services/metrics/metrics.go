// Package metrics shows the box to Prometheus: it counts requests as they end
// and gathers the rest when it is asked.
//
// It owns prometheus/client_golang and the name and labels of every series
// (docs/metrics.md is written from them). It refuses labels with anything that
// a person wrote or looked for: no title, name, query, address, or path with an
// id in it; every label is of a set that the program knows beforehand.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"coffer/services/library"
)

// Library is what is asked of the library.
type Library interface {
	SourceCounts(context.Context) (map[library.SourceFilter]int, error)
	JobCounts() map[library.JobState]int
	Activity() library.Activity
}

// Service is how one process of the box is.
type Service struct {
	Name, State string
	Restarts    int
}

// Options are what is shown. All fields but Log and Now are required.
type Options struct {
	Version string
	Started time.Time // of the box
	Library Library
	// Posture and Services tell what init knows, without waiting for it to look.
	Posture  func(context.Context) (library.Posture, error)
	Services func() ([]Service, error)
	// Backups are all of them, newest first.
	Backups func(context.Context) (library.BackupOverview, error)
	States  []string // every state that a service can be in

	StoreFile   string
	IndexFolder string

	Log *slog.Logger
	Now func() time.Time
}

// Metrics is an http.Handler that answers a scrape. It is safe for concurrent
// use.
type Metrics struct {
	http.Handler
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// New returns Metrics that have counted nothing yet.
func New(o Options) (*Metrics, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "coffer_http_requests_total", Help: "Requests that the API answered, by route and class of status.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "coffer_http_request_duration_seconds", Help: "How long requests took, by route, from their first byte at the API to the last of the answer.",
			// A verified page is a few milliseconds; an upload can take minutes.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "route"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.took, newScrape(o)} {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	m.Handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(o.Log.Handler(), slog.LevelError),
		DisableCompression:  true, // the edge does it
		MaxRequestsInFlight: 4,
	})
	return m, nil
}

// Unmatched is the route of a request that none matches.
const Unmatched = "none"

// Request counts a request that has ended. Route is the pattern of its route,
// "" when none matched.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = Unmatched
	}
	// A client may send any word.
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, method) {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, class(status)).Inc()
	m.took.WithLabelValues(method, route).Observe(took.Seconds())
}

func class(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status/100) + "xx"
}
