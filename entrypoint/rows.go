package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"coffer/appliance/boot"
	"coffer/appliance/certs"
	"coffer/appliance/confine"
	"coffer/appliance/edge"
	"coffer/appliance/layout"
	"coffer/appliance/ledger"
	"coffer/appliance/secrets"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
	"coffer/config"
	"coffer/services/auth"
	"coffer/weaken"
)

// plan is what the rows are made from.
type plan struct {
	cfg        *config.Config
	environ    []string // of init
	logOptions logOptions
	self       string // this program
	nginx      string
	roles      layout.Roles
	share      string // the protected files of the box
	token      string // of the edge, for this start
	started    time.Time
	ledger     *ledger.Ledger
	log        *slog.Logger
}

// Zone files are read by programs in C; ours carry their own.
var zoneFiles = []string{"/etc/localtime", "/usr/share/zoneinfo"}

// sockets is every Unix socket: who answers, and whose clients may connect.
func (p plan) sockets() []sockets.Spec {
	at := func(name string, owner, clients layout.Owner) sockets.Spec {
		s := sockets.Spec{Name: name, Path: p.run(name + ".sock"), UID: owner.UID, GID: clients.GID, Mode: 0o660}
		if !confine.Switches() {
			s.UID, s.GID = -1, -1
		}
		return s
	}
	return []sockets.Spec{
		at("api", p.roles.API, p.roles.Edge),
		at("link", p.roles.API, p.roles.Worker),
		p.console(),
		at("parser", p.roles.Parser, p.roles.Worker),
		at("egress", p.roles.Egress, p.roles.API), // and init, who is root
	}
}

// consoleName is the socket at which the API hears the owner's commands.
const consoleName = "owner"

// console is for init's user alone, who may be commanded by nobody else either.
func (p plan) console() sockets.Spec {
	s := sockets.Spec{Name: consoleName, Path: consoleSocket(p.cfg), UID: p.roles.Root.UID, GID: p.roles.Root.GID, Mode: 0o600}
	if !confine.Switches() {
		s.UID, s.GID = -1, -1
	}
	return s
}

func consoleSocket(cfg *config.Config) string { return filepath.Join(cfg.Run, consoleName+".sock") }

// services is every service, in full. The longest stop is that of nginx and
// the worker together, then that of the API: below the box's 8 seconds.
func (p plan) services() []boot.Service {
	return []boot.Service{
		{
			Program: supervise.Program{
				Name: "api", Essential: true,
				StopSteps: []supervise.StopStep{{Signal: syscall.SIGTERM}, {Signal: syscall.SIGKILL, After: 3500 * time.Millisecond}},
			},
			As: p.roles.API, Path: p.self, Args: []string{"coffer", "api"}, Env: p.env(runtime.GOMAXPROCS(0)),
			Data: []boot.Data{
				options(apiOptions{
					logOptions: p.logOptions, Data: p.cfg.Data, Share: p.share, BasePath: p.cfg.BasePath, Hosts: p.hosts(), Public: p.public(), Proxies: p.proxies(),
					MaxUpload: p.cfg.MaxUpload, SetupOpen: p.cfg.SetupOpen, Dev: p.cfg.DevMode, Box: boot.StateFolder(p.cfg.Run),
					Root: p.roles.Root.UID, BoxSocket: boot.BoxSocket(p.cfg.Run), WayOut: p.run("egress.sock"), Metrics: p.cfg.Metrics, Started: p.started,
					Platform: platform(), Settings: p.settings(), Names: p.names(),
				}),
				{Name: "edge-token", Bytes: []byte(p.token)},
			},
			Sockets: []string{"api", "link", consoleName},
			Files: confine.Files{
				Read: []string{
					filepath.Join(p.share, "templates"), boot.StateFolder(p.cfg.Run),
					p.data("secrets", secrets.SessionKey), p.data("secrets", secrets.SetupCode),
				},
				Move: []string{p.data("store"), p.data("blobs"), p.data("backups"), p.data("restore", "staged"), p.data("witness")},
				Exec: []string{p.self},
			},
			Profile: confine.ProfileAPI, OpenFiles: 4096,
		},
		{
			Program: supervise.Program{
				Name: "parser", OnDemand: true, ExitCodes: []int{0},
				StopSteps: []supervise.StopStep{{Signal: syscall.SIGTERM}, {Signal: syscall.SIGKILL, After: time.Second}},
			},
			As: p.roles.Parser, Path: p.self, Args: []string{"coffer", "parser"}, Env: p.env(runtime.GOMAXPROCS(0)),
			Data: []boot.Data{options(parserOptions{
				logOptions: p.logOptions, Self: p.self, Caches: []string{filepath.Join(p.cfg.Root, pdfiumCache), p.run("parser")},
			})},
			Sockets: []string{"parser"},
			Files: confine.Files{
				Optional: []string{filepath.Join(p.cfg.Root, pdfiumCache)},
				Write:    []string{p.run("parser")},
				Devices:  []string{"/dev/null"},
				Exec:     []string{p.self},
			},
			Profile: confine.ProfileParser, OpenFiles: 512,
		},
		{
			Program: supervise.Program{
				Name: "worker", DependsOn: []string{"api", "parser"},
				StopSteps: []supervise.StopStep{{Signal: syscall.SIGTERM}, {Signal: syscall.SIGKILL, After: 2500 * time.Millisecond}},
			},
			As: p.roles.Worker, Path: p.self, Args: []string{"coffer", "worker"}, Env: p.env(runtime.GOMAXPROCS(0)),
			Data:    []boot.Data{options(workerOptions{logOptions: p.logOptions, Link: p.run("link.sock"), Parser: p.run("parser.sock")})},
			Files:   confine.Files{Exec: []string{p.self}},
			Profile: confine.ProfileWorker, OpenFiles: 256,
		},
		{
			Program: supervise.Program{
				Name: "egress", OnDemand: true, ExitCodes: []int{0},
				StopSteps: []supervise.StopStep{{Signal: syscall.SIGTERM}, {Signal: syscall.SIGKILL, After: time.Second}},
			},
			As: p.roles.Egress, Path: p.self, Args: []string{"coffer", "egress"}, Env: p.env(1),
			Data: []boot.Data{
				options(egressOptions{logOptions: p.logOptions, Init: p.roles.Root.UID, API: p.roles.API.UID}),
				{Name: "roots", Make: p.roots}, {Name: openName, Make: p.open}, {Name: recipientName, Make: p.recipient}, {Name: bucketName, Make: p.bucket},
			},
			Sockets: []string{"egress"}, Told: p.told,
			Files: confine.Files{
				Optional:   []string{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"},
				Exec:       []string{p.self},
				ConnectTCP: true,
			},
			Profile: confine.ProfileEgress, OpenFiles: 64,
		},
		{
			Program: supervise.Program{
				Name: "nginx", DependsOn: []string{"api"}, Essential: true,
				// Open event streams keep a quitting nginx for ever.
				StopSteps: []supervise.StopStep{
					{Signal: syscall.SIGQUIT},
					{Signal: syscall.SIGTERM, After: 700 * time.Millisecond},
					{Signal: syscall.SIGKILL, After: 2 * time.Second},
				},
				Forward: []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1},
			},
			As: p.roles.Edge, Path: p.nginx, Args: append([]string{"nginx"}, edge.Arguments(p.cfg.Root, p.cfg.Run)...),
			Env:   []string{"TZ=" + p.cfg.TimeZone.String()},
			Fresh: []string{boot.NginxPID},
			Probe: boot.NginxReady(p.cfg.Run, dialAddress(p.cfg.Listen)),
			Files: confine.Files{
				Read:     []string{filepath.Join(p.cfg.Root, "etc/nginx"), p.share, p.run("edge"), p.run("acme"), p.data(certs.Edge)},
				Write:    []string{p.run("nginx")},
				Optional: append([]string{"/usr/lib/ssl", "/etc/ssl", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group"}, zoneFiles...),
				Devices:  []string{"/dev/null"},
				Exec:     []string{p.nginx},
				BindTCP:  []uint16{p.cfg.Listen.Port, p.cfg.ListenTLS.Port},
			},
			Profile: confine.ProfileNginx, OpenFiles: 8192,
		},
	}
}

// pdfiumCache is where the image has PDFium compiled.
const pdfiumCache = "usr/share/coffer/pdfium-cache"

func (p plan) run(name string) string { return filepath.Join(p.cfg.Run, name) }
func (p plan) data(names ...string) string {
	return filepath.Join(append([]string{p.cfg.Data}, names...)...)
}

// env is the whole environment of a service. The number of processors is
// told, because a confined process cannot see the container's share.
func (p plan) env(processors int) []string {
	all := []string{"TZ=" + p.cfg.TimeZone.String(), fmt.Sprintf("GOMAXPROCS=%d", processors), "HOME=/", "TMPDIR=/nonexistent"}
	if weaken.Without(weaken.Environment) {
		all = append(all, os.Environ()...)
	}
	return all
}

// hosts is what the configuration adds to the names the box answers to.
func (p plan) hosts() []string {
	all := append([]string{}, p.cfg.AllowedHosts...)
	if p.cfg.PublicURL != nil {
		all = append(all, p.cfg.PublicURL.Hostname())
	}
	return all
}

// public is the name or address of the box's public address; empty when none is
// set.
func (p plan) public() string {
	if p.cfg.PublicURL == nil {
		return ""
	}
	name, _ := auth.HostName(p.cfg.PublicURL.Host)
	return name
}

// options is a service's options as it reads them from a descriptor.
func options(o any) boot.Data {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // a struct of strings and numbers always has JSON
	}
	return boot.Data{Name: "config", Bytes: text}
}

func (p plan) proxies() []string {
	var all []string
	for _, n := range p.cfg.TrustedProxies {
		all = append(all, n.String())
	}
	return all
}
