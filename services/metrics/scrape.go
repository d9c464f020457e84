package metrics

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"coffer/services/library"
)

// scrape gathers what is known elsewhere, when it is asked for.
type scrape struct {
	Options
	build, uptime, readable              *prometheus.Desc
	posture, looked                      *prometheus.Desc
	service, restarts                    *prometheus.Desc
	sources, jobs                        *prometheus.Desc
	uploads, uploaded, searches          *prometheus.Desc
	storeSize, indexSize, free, capacity *prometheus.Desc
	copied, uncopied                     *prometheus.Desc
	backups, backupSize, proven          *prometheus.Desc
}

func newScrape(o Options) *scrape {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("coffer_"+name, help, labels, nil)
	}
	return &scrape{
		Options:    o,
		build:      desc("build_info", "1, with the version of this build.", "version", "go"),
		uptime:     desc("uptime_seconds", "Since the box was started."),
		readable:   desc("part_readable", "Whether this part of what is shown could be had; where it is 0 its series are missing.", "part"),
		posture:    desc("posture_check", "How the box keeps each of its claims: 1 for the status that it has.", "id", "status"),
		looked:     desc("posture_checked_timestamp_seconds", "When the box last looked at itself."),
		service:    desc("service_state", "1 for the state that a service is in.", "service", "state"),
		restarts:   desc("service_restarts_total", "How often a service was started again.", "service"),
		sources:    desc("sources", "Sources of the library. Those that have not been read have no type.", "status", "type"),
		jobs:       desc("jobs", "Jobs by state; finished ones of the last day.", "state"),
		uploads:    desc("uploads_total", "Originals that arrived whole, new ones and ones that the box had already.", "result"),
		uploaded:   desc("uploaded_bytes_total", "Bytes of originals that arrived whole."),
		searches:   desc("searches_total", "Searches, from pages and from programs."),
		storeSize:  desc("store_size_bytes", "Size of the store's file."),
		indexSize:  desc("index_size_bytes", "Size of the search index."),
		backups:    desc("backups", "Backups on the volume, by state.", "state"),
		backupSize: desc("backup_size_bytes", "Size of all backups on the volume."),
		proven:     desc("backup_proven_timestamp_seconds", "When a backup was last opened again and compared; missing while none was."),
		copied:     desc("backup_copied_timestamp_seconds", "When a backup was last in the owner's storage and compared; missing while none was."),
		uncopied:   desc("backup_copy_failed", "1 while the last attempt to copy a backup to the owner's storage failed; missing while there is none."),
		free:       desc("volume_free_bytes", "Space that is free on the volume."),
		capacity:   desc("volume_size_bytes", "Size of the volume."),
	}
}

// Describe implements prometheus.Collector.
func (s *scrape) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.build, s.uptime, s.readable, s.posture, s.looked, s.service, s.restarts, s.sources, s.jobs,
		s.uploads, s.uploaded, s.searches, s.storeSize, s.indexSize, s.free, s.capacity,
		s.backups, s.backupSize, s.proven, s.copied, s.uncopied,
	} {
		to <- d
	}
}

// gatherWithin bounds how long init may take to tell what it knows.
const gatherWithin = 5 * time.Second

// sample is one value as it is gathered.
type sample func(d *prometheus.Desc, value float64, labels ...string)

// Collect implements prometheus.Collector.
func (s *scrape) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), gatherWithin)
	defer cancel()
	kind := func(k prometheus.ValueType) sample {
		return func(d *prometheus.Desc, value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(d, k, value, labels...)
		}
	}
	gauge, counter := kind(prometheus.GaugeValue), kind(prometheus.CounterValue)
	gauge(s.build, 1, s.Version, runtime.Version())
	gauge(s.uptime, s.Now().Sub(s.Started).Seconds())
	for _, part := range []struct {
		name string
		tell func() error
	}{
		{"posture", func() error { return s.tellPosture(ctx, gauge) }},
		{"services", func() error { return s.tellServices(gauge, counter) }},
		{"library", func() error { return s.tellLibrary(ctx, gauge, counter) }},
		{"backups", func() error { return s.tellBackups(ctx, gauge) }},
		{"volume", func() error { return s.tellVolume(gauge) }},
	} {
		ok := 1.0
		if err := part.tell(); err != nil {
			s.Log.Warn("a part of the metrics cannot be had", "part", part.name, "error", err)
			ok = 0
		}
		gauge(s.readable, ok, part.name)
	}
}

func (s *scrape) tellPosture(ctx context.Context, gauge sample) error {
	p, err := s.Posture(ctx)
	if err != nil {
		return err
	}
	for _, c := range p.Claims {
		for _, standing := range []library.Standing{library.Holds, library.Partly, library.Broken, library.Unseen} {
			gauge(s.posture, is(c.Standing == standing), c.ID, string(standing))
		}
	}
	if !p.CheckedAt.IsZero() {
		gauge(s.looked, float64(p.CheckedAt.Unix()))
	}
	return nil
}

func (s *scrape) tellServices(gauge, counter sample) error {
	all, err := s.Services()
	if err != nil {
		return err
	}
	for _, service := range all {
		for _, state := range s.States {
			gauge(s.service, is(service.State == state), service.Name, state)
		}
		counter(s.restarts, float64(service.Restarts), service.Name)
	}
	return nil
}

// The series that are always there, also with nothing to count.
var (
	statuses = []library.Status{library.StatusQueued, library.StatusProcessing, library.StatusReady, library.StatusFailed, library.StatusCancelled}
	types    = []library.Type{
		"", library.TypePDF, library.TypeDOCX, library.TypeHTML, library.TypeMarkdown, library.TypeText, library.TypeCSV, library.TypeEPUB, library.TypeArchive,
	}
	states = []library.JobState{library.JobWaiting, library.JobRunning, library.JobDone, library.JobFailed}
)

func (s *scrape) tellLibrary(ctx context.Context, gauge, counter sample) error {
	counts, err := s.Library.SourceCounts(ctx)
	if err != nil {
		return err
	}
	for _, status := range statuses {
		for _, t := range types {
			gauge(s.sources, float64(counts[library.SourceFilter{Status: status, Type: t}]), string(status), string(t))
		}
	}
	jobs := s.Library.JobCounts()
	for _, state := range states {
		gauge(s.jobs, float64(jobs[state]), string(state))
	}
	a := s.Library.Activity()
	counter(s.uploads, float64(a.Added), "new")
	counter(s.uploads, float64(a.Known), "known")
	counter(s.uploaded, float64(a.Bytes))
	counter(s.searches, float64(a.Searches))
	return nil
}

func (s *scrape) tellBackups(ctx context.Context, gauge sample) error {
	o, err := s.Backups(ctx)
	if err != nil {
		return err
	}
	count := map[library.BackupStatus]int{}
	size, proven := int64(0), time.Time{}
	for _, b := range o.Items {
		count[b.Status]++
		size += b.Size
		if b.ProvenAt.After(proven) {
			proven = b.ProvenAt
		}
	}
	for _, state := range []library.BackupStatus{library.BackupRunning, library.BackupComplete, library.BackupProven, library.BackupFailed} {
		gauge(s.backups, float64(count[state]), string(state))
	}
	gauge(s.backupSize, float64(size))
	if !proven.IsZero() {
		gauge(s.proven, float64(proven.Unix()))
	}
	if c := o.Copies; c.Host != "" {
		failed := 0.0
		if c.Failure != nil {
			failed = 1
		}
		gauge(s.uncopied, failed)
		if !c.Copied.IsZero() {
			gauge(s.copied, float64(c.Copied.Unix()))
		}
	}
	return nil
}

func (s *scrape) tellVolume(gauge sample) error {
	st, err := os.Stat(s.StoreFile)
	if err != nil {
		return err
	}
	index, err := sizeOf(s.IndexFolder)
	if err != nil {
		return err
	}
	var volume unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(s.StoreFile), &volume); err != nil {
		return err
	}
	gauge(s.storeSize, float64(st.Size()))
	gauge(s.indexSize, float64(index))
	gauge(s.free, float64(volume.Bavail)*float64(volume.Bsize))
	gauge(s.capacity, float64(volume.Blocks)*float64(volume.Bsize))
	return nil
}

// sizeOf adds up the files of the index: some dozens, which come and go.
func sizeOf(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return sum, err
}

func is(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
