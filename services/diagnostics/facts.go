package diagnostics

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"coffer/services/library"
)

// Setting is an option of the configuration as the box has it.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // Configured, or nothing, for a secret
	Source string `json:"source"`
	Secret bool   `json:"secret,omitempty"`
}

// Platform is what init knows of where the box runs.
type Platform struct {
	Root      bool     `json:"root"`      // services have users of their own
	Container bool     `json:"container"` // a sign of one was seen
	Landlock  int      `json:"landlock"`  // version of the kernel's; 0: none
	Missing   []string `json:"missing"`   // what the kernel cannot confine
	Memory    string   `json:"memory"`    // limit of the container, bytes; max: none
	CPU       string   `json:"cpu"`       // share of the container; max: none
}

// Service is how one process of the box is.
type Service struct {
	Name     string    `json:"name"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	LastExit string    `json:"last_exit"`
	Detail   string    `json:"detail"`
}

// pseudo ends a version of a module that has none: the beginning of a hash.
const pseudo = `-[0-9a-f]{12}$`

func (k *Keeper) versions(context.Context) (any, error) {
	out := struct {
		Coffer  string   `json:"coffer"`
		Go      string   `json:"go"`
		Modules []string `json:"modules"`
	}{Coffer: k.o.Version, Go: runtime.Version(), Modules: []string{}}
	hash := regexp.MustCompile(pseudo)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			out.Modules = append(out.Modules, m.Path+" "+hash.ReplaceAllString(m.Version, ""))
		}
	}
	return out, nil
}

func (k *Keeper) platform() any {
	out := struct {
		Platform
		OS           string    `json:"os"`
		Architecture string    `json:"architecture"`
		Kernel       string    `json:"kernel"`
		Processors   int       `json:"processors"`
		Used         int       `json:"processors_used"`
		TotalMemory  uint64    `json:"machine_memory"`
		UptimeS      int64     `json:"machine_uptime_s"`
		Started      time.Time `json:"box_started"`
		Heap         uint64    `json:"api_heap"`
		Collections  uint32    `json:"api_collections"`
	}{Platform: k.o.Platform, OS: runtime.GOOS, Architecture: runtime.GOARCH, Processors: runtime.NumCPU(), Used: runtime.GOMAXPROCS(0), Started: k.o.Started}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		out.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		out.TotalMemory, out.UptimeS = uint64(info.Totalram)*uint64(info.Unit), int64(info.Uptime)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	out.Heap, out.Collections = m.HeapAlloc, m.NumGC
	return out
}

func (k *Keeper) settings(ctx context.Context) (any, error) {
	s, err := k.o.Accounts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	_, err = k.o.Accounts.Owner(ctx)
	if err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil, err
	}
	return struct {
		SetUp   bool      `json:"set_up"`
		Reach   string    `json:"reach"`
		AnyHost bool      `json:"any_host"`
		Hosts   int       `json:"hosts_listed"`
		Options []Setting `json:"options"`
	}{err == nil, s.Reach, s.AnyHost, len(s.Hosts), k.o.Settings}, nil
}

func (k *Keeper) posture(ctx context.Context) (any, error) {
	p, err := k.o.Posture(ctx)
	if err != nil {
		return nil, err
	}
	type claim struct {
		ID       string           `json:"id"`
		Status   library.Standing `json:"status"`
		Evidence string           `json:"evidence"`
	}
	out := struct {
		CheckedAt time.Time `json:"checked_at"`
		Claims    []claim   `json:"claims"`
	}{CheckedAt: p.CheckedAt}
	for _, c := range p.Claims {
		out.Claims = append(out.Claims, claim{c.ID, c.Standing, c.Evidence})
	}
	return out, nil
}

func (k *Keeper) services(context.Context) (any, error) { return k.o.Services() }

func (k *Keeper) store(ctx context.Context) (any, error) {
	counts, err := k.o.Library.SourceCounts(ctx)
	if err != nil {
		return nil, err
	}
	out := struct {
		Store   int64                     `json:"store_bytes"`
		Index   int64                     `json:"index_bytes"`
		Free    uint64                    `json:"volume_free_bytes"`
		Size    uint64                    `json:"volume_bytes"`
		Sources map[string]map[string]int `json:"sources"` // by status and type
	}{Sources: map[string]map[string]int{}}
	for f, n := range counts {
		if n > 0 {
			of := out.Sources[string(f.Status)]
			if of == nil {
				of = map[string]int{}
				out.Sources[string(f.Status)] = of
			}
			kind := string(f.Type)
			if kind == "" {
				kind = "unread"
			}
			of[kind] = n
		}
	}
	st, err := os.Stat(k.o.StoreFile)
	if err != nil {
		return nil, err
	}
	out.Store = st.Size()
	if out.Index, err = sizeOf(k.o.IndexFolder); err != nil {
		return nil, err
	}
	var volume unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(k.o.StoreFile), &volume); err != nil {
		return nil, err
	}
	out.Free, out.Size = volume.Bavail*uint64(volume.Bsize), volume.Blocks*uint64(volume.Bsize)
	return out, nil
}

// sizeOf adds up the files of a folder, which come and go.
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

// maxFailed is how many failed sources are looked at for what went wrong.
const maxFailed = 200

func (k *Keeper) queue(ctx context.Context) (any, error) {
	failed, err := k.o.Library.Sources(ctx, library.SourceFilter{Status: library.StatusFailed}, library.Page{Limit: maxFailed})
	if err != nil {
		return nil, err
	}
	out := struct {
		Jobs     map[library.JobState]int `json:"jobs"`
		Failures map[string]int           `json:"failures"` // by code
		Failed   int                      `json:"failed"`
		Activity library.Activity         `json:"since_start"`
	}{k.o.Library.JobCounts(), map[string]int{}, failed.Total, k.o.Library.Activity()}
	for _, s := range failed.Items {
		if s.Reason != nil {
			out.Failures[s.Reason.Code]++
		}
	}
	return out, nil
}

func (k *Keeper) backups(ctx context.Context) (any, error) {
	o, err := k.o.Backups(ctx)
	if err != nil {
		return nil, err
	}
	out := struct {
		Planned bool                         `json:"planned"`
		Count   map[library.BackupStatus]int `json:"count"`
		Reasons map[string]int               `json:"failures"` // by code
		Proven  time.Time                    `json:"last_proven"`
		Free    int64                        `json:"free_bytes"`
	}{o.Recipient != "", map[library.BackupStatus]int{}, map[string]int{}, time.Time{}, o.Free}
	for _, b := range o.Items {
		out.Count[b.Status]++
		if b.Reason != nil {
			out.Reasons[b.Reason.Code]++
		}
		if b.ProvenAt.After(out.Proven) {
			out.Proven = b.ProvenAt
		}
	}
	return out, nil
}
