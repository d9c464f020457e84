package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"coffer/appliance/beneath"
	"coffer/appliance/boot"
	"coffer/appliance/confine"
	"coffer/appliance/control"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/sockets"
	"coffer/services/auth"
	"coffer/services/diagnostics"
	"coffer/services/library"
	"coffer/services/metrics"
	"coffer/services/store"
)

// sweeper is the child of init that looks through texts for all secrets.
func (p plan) sweeper() boot.Service {
	return boot.Service{
		As: p.roles.Sweeper, Path: p.self, Args: []string{"coffer", "sweep"}, Env: []string{"GOMAXPROCS=1"},
		Data:    []boot.Data{{Name: knownName, Make: p.known}},
		Files:   confine.Files{Exec: []string{p.self}},
		Profile: confine.ProfileParser, OpenFiles: 64,
	}
}

// provingSweep asks it whether it finds what is planted.
func provingSweep() []byte {
	text, err := json.Marshal(diagnostics.Request{Prove: true})
	if err != nil {
		panic(err) // a struct of strings and bools always has JSON
	}
	return text
}

// knownName is that of the memory file with the secrets.
const knownName = "known"

// known is every secret that init knows, as playSweep reads it.
func (p plan) known() []byte {
	all := [][]byte{[]byte(p.token), []byte(p.cfg.SecretKey.Reveal()), []byte(p.cfg.SetupCode.Reveal())}
	for _, s := range append(p.places().Notices().Secrets(), p.places().Storage().Secrets()...) {
		all = append(all, []byte(s))
	}
	if key, err := p.cfg.TLSKey.Read(); err == nil { // what is served is among the files below
		all = append(all, key)
	}
	all = append(all, diagnostics.InEnvironment(p.environ)...)
	// A planted file is none of the box's keys, and the claim service-token tells of it.
	if key, err := (servicetoken.File{Data: p.cfg.Data}).Key(); err == nil {
		all = append(all, []byte(key))
	}
	data, err := beneath.Base(p.cfg.Data)
	if err == nil {
		defer data.Close()
		err = kept(data, "secrets", func(name string, content []byte) error {
			all = append(all, content)
			if filepath.Base(name) == secrets.SetupCode {
				all = append(all, []byte(secrets.Show(strings.TrimSpace(string(content)))))
			}
			return nil
		})
	}
	if err != nil {
		p.log.Error("secrets cannot be read for a sweep", "error", err)
		return nil // which the child takes for a fault
	}
	all = slices.DeleteFunc(all, func(s []byte) bool { return len(s) == 0 })
	text, err := json.Marshal(all)
	if err != nil {
		return nil
	}
	return text
}

// playSweep answers for texts. It has its pipes and the secrets.
func playSweep(_ context.Context, c call) int {
	known, err := sweepKnown(c.env)
	if err == nil {
		err = diagnostics.Serve(c.in, known, c.out)
	}
	if err != nil {
		return c.fail("sweep", err)
	}
	return exitOK
}

// sweepMemory bounds the child's data in bytes.
const sweepMemory = 512 << 20

func sweepKnown(env []string) ([][]byte, error) {
	in, err := sockets.Inherit(env)
	if err != nil {
		return nil, err
	}
	text, err := in.Bytes(knownName)
	if err != nil {
		return nil, err
	}
	var known [][]byte
	if json.Unmarshal(text, &known) != nil || len(known) == 0 {
		return nil, errors.New("the secrets cannot be read") // the error of JSON may quote them
	}
	return known, confine.Child(confine.ChildLimits{Data: sweepMemory, OpenFiles: childFiles})
}

// settings is the configuration with its sources, secrets as far as they are
// set.
func (p plan) settings() (all []diagnostics.Setting) {
	for _, s := range p.cfg.Settings() {
		out := diagnostics.Setting{Name: s.Name, Value: s.Value, Source: string(s.Source), Secret: s.Secret}
		if s.Secret && s.Value != "" {
			out.Value = diagnostics.Configured
		}
		all = append(all, out)
	}
	return all
}

// names are those that an export gives others.
func (p plan) names() []string {
	all := p.hosts()
	if name, err := os.Hostname(); err == nil {
		all = append(all, name)
	}
	return all
}

// platform is where the box runs.
func platform() diagnostics.Platform {
	probe := confine.Probe()
	there := func(path string) bool { _, err := os.Stat(path); return err == nil }
	first := func(path string) string {
		text, err := fs.ReadFile(os.DirFS("/sys/fs/cgroup"), path)
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(text))
	}
	return diagnostics.Platform{
		Root: confine.Switches(), Container: os.Getpid() == 1 || there("/.dockerenv") || there("/run/.containerenv"),
		Landlock: probe.Landlock, Missing: append([]string{}, probe.Missing...), Memory: first("memory.max"), CPU: first("cpu.max"),
	}
}

// diagnosed is what diagnostics are made from, in the API.
type diagnosed struct {
	apiOptions
	library *library.Library
	store   *store.Store
	keeper  *auth.Keeper
	backups library.Backups
	looking *watch
	metrics *metrics.Metrics // nil: off
	secrets [][]byte         // of this process
}

func newDiagnostics(d diagnosed, options diagnostics.Options) *diagnostics.Keeper {
	options.Version, options.Started, options.Platform, options.Settings = version, d.Started, d.Platform, d.Settings
	options.Modules, options.Hosts = modules(), d.Names
	options.Library, options.Accounts, options.Logs = d.library, d.store, logs{d.BoxSocket}
	options.Posture = func(ctx context.Context) (library.Posture, error) { return d.looking.ask(ctx, false) }
	options.Backups = d.backups.Overview
	options.Services = func() (all []diagnostics.Service, err error) {
		states, err := boot.State(d.Box)
		for _, s := range states {
			all = append(all, diagnostics.Service{
				Name: s.Name, State: string(s.State), Since: s.Since, Restarts: s.Restarts, LastExit: s.LastExit, Detail: s.Detail,
			})
		}
		return all, err
	}
	if d.metrics != nil {
		options.Metrics = func(w io.Writer) error { return scrapeInto(d.metrics, w) }
	}
	options.StoreFile = filepath.Join(d.Data, "store", store.FileName)
	options.IndexFolder = filepath.Join(d.Data, "store", "index")
	options.Sweep = func(ctx context.Context, request []byte) ([]byte, error) {
		return control.Sweep(ctx, d.BoxSocket, request)
	}
	options.Secrets = d.own
	return diagnostics.New(options)
}

// own are the secrets that this process knows: what it was handed, and what lies
// sealed or secret in the store.
func (d diagnosed) own(ctx context.Context) ([][]byte, error) {
	all, err := d.keeper.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := d.store.BackupPlan(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := d.store.Sessions(ctx)
	for _, s := range sessions {
		all = append(all, []byte(s.ID))
	}
	return append(slices.Concat(all, d.secrets), []byte(plan.Proof)), err
}

// modules are the first parts of the names of what this program is built of.
func modules() (all []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		host, _, _ := strings.Cut(m.Path, "/")
		if !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return all
}

// scrapeInto writes what a scrape would get.
func scrapeInto(m *metrics.Metrics, w io.Writer) error {
	answer := &written{header: http.Header{}}
	req, err := http.NewRequest(http.MethodGet, "/metrics", nil)
	if err != nil {
		return err
	}
	m.ServeHTTP(answer, req)
	if answer.code >= http.StatusBadRequest {
		return errors.New("metrics cannot be gathered")
	}
	_, err = w.Write(answer.Bytes())
	return err
}

// written is an answer that is kept.
type written struct {
	bytes.Buffer
	header http.Header
	code   int
}

func (w *written) Header() http.Header  { return w.header }
func (w *written) WriteHeader(code int) { w.code = code }
