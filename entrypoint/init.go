package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/boot"
	"coffer/appliance/confine"
	"coffer/appliance/edge"
	"coffer/appliance/journal"
	"coffer/appliance/layout"
	"coffer/appliance/ledger"
	"coffer/appliance/manifest"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/signals"
	"coffer/config"
	"coffer/rootfs"
	"coffer/services/backup"
	"coffer/services/web"
)

// initMemory is the soft limit of init's memory in bytes.
const initMemory = 32 << 20

// exitConfig says that the configuration has faults (EX_CONFIG).
const exitConfig = 78

// logWithin is how long the end of the log may take to be written.
const logWithin = 300 * time.Millisecond

func playInit(ctx context.Context, c call) int {
	caught := signals.Catch()
	frugal(initMemory)
	root, err := rootOf(c, "init")
	if err != nil {
		return c.fail("init", err)
	}
	cfg, err := config.Load(root, c.env)
	if err != nil {
		c.fail("init", err)
		return exitConfig
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return c.fail("init", err)
	}
	output := journal.New(c.out, cfg.LogFormat == "json")
	defer output.Close(logWithin)
	options, err := boxOptions(cfg, c.env, output)
	if err != nil {
		return c.fail("init", err)
	}
	options.Signals = caught
	code := boot.Run(ctx, options)
	if code != boot.Again {
		return code
	}
	// The same process goes on as a new init, so that nothing of the former
	// state is left in it. All services have ended.
	output.Close(logWithin)
	err = syscall.Exec(options.Self, os.Args, os.Environ())
	return c.fail("init", fmt.Errorf("starting again: %w", err))
}

// rootOf reads --root DIR, the only argument of a role.
func rootOf(c call, role string) (string, error) {
	flags := flag.NewFlagSet(role, flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args); err != nil || flags.NArg() > 0 {
		return "", errors.Join(errUsage, err)
	}
	return filepath.Abs(*root)
}

// boxOptions makes the values that each part of the boot takes from the
// configuration.
func boxOptions(cfg *config.Config, environ []string, output *journal.Journal) (boot.Options, error) {
	o := logOptions{LogLevel: cfg.LogLevel, LogJSON: cfg.LogFormat == "json"}
	log := newLogger(output.Writer(journal.Self), o)
	self, err := boot.Self()
	if err != nil {
		return boot.Options{}, err
	}
	protected, err := protectedFiles()
	if err != nil {
		return boot.Options{}, err
	}
	nginx, err := findNginx()
	if err != nil {
		return boot.Options{}, err
	}
	roles := layout.RolesFor(layout.Owner{UID: cfg.API.UID, GID: cfg.API.GID})
	p := plan{
		cfg: cfg, environ: environ, logOptions: o, self: self, nginx: nginx, roles: roles,
		share: filepath.Join(cfg.Root, "usr/share/coffer"),
		token: edge.NewToken(), started: time.Now(), ledger: ledger.Open(cfg.Data, log), log: log,
	}
	group, reader, scripts := roles.Edge.GID, roles.API.GID, roles.API
	if !confine.Switches() {
		group, reader, scripts = beneath.Keep, beneath.Keep, layout.Owner{UID: beneath.Keep, GID: beneath.Keep}
	}
	return boot.Options{
		Self: self, Root: cfg.Root, Run: cfg.Run,
		Manifest: protected,
		Layout:   layout.Options{Data: cfg.Data, Run: cfg.Run, Roles: roles, Log: log},
		Secrets: secrets.Options{
			Dir: filepath.Join(cfg.Data, "secrets"), ReaderGID: reader,
			SecretKey: cfg.SecretKey.Reveal(), SetupCode: cfg.SetupCode.Reveal(), Log: log,
		},
		Edge: edge.Options{
			Root: cfg.Root, Run: cfg.Run, Host: cfg.Listen.Host, Port: cfg.Listen.Port, Token: p.token,
			BasePath: cfg.BasePath, MaxUpload: cfg.MaxUpload, HealthAllow: cfg.HealthAllow, TrustedProxies: cfg.TrustedProxies, Metrics: cfg.Metrics,
			LogJSON: o.LogJSON, Debug: cfg.LogLevel == "debug", UID: beneath.Keep, GID: group,
		},
		HTTPS: p.https(group), Authority: p.authority(group),
		Sockets:  p.sockets(),
		Services: p.services(),
		Ledger:   p.ledger, Purposes: p.purposes, Seal: p.seal, Unseal: backup.Unseal,
		Sweeper: p.sweeper(), Prove: provingSweep(),
		ServiceToken: servicetoken.File{Data: cfg.Data, Owner: scripts},
		BoxReader:    roles.API,
		Places:       p.places(), WayOut: "egress",
		Posture:      p.posture(),
		SetupService: "api", FrontDoor: "nginx", SetupLink: setupLink(cfg),
		Output: output, Log: log, Warnings: append(warnings(cfg), p.unsendable()...),
	}, nil
}

// protectedFiles is what this program lays out and keeps.
func protectedFiles() (*manifest.Manifest, error) {
	return manifest.New(
		manifest.Own{
			Folders: []string{"usr/share/coffer", "etc/nginx"},
			Built:   []string{pdfiumCache, "usr/bin/coffer", "usr/sbin/nginx"},
		},
		manifest.Set{Files: rootfs.Files()},
		manifest.Set{Prefix: "usr/share/coffer", Files: web.Assets()},
	)
}

// findNginx returns the edge's program, by its usual places: PATH is not
// asked, because init may run as root.
func findNginx() (string, error) {
	for _, path := range []string{"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"} {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", errors.New("nginx is not installed; on Debian and Ubuntu: apt-get install nginx-light")
}

func warnings(cfg *config.Config) []string {
	all := cfg.Warnings()
	for _, name := range cfg.PlainSecrets() {
		all = append(all, fmt.Sprintf("%s is given by plain environment, which every process of root can read; use %[1]s_FILE", name))
	}
	return all
}

// setupLink makes the address of the first visit.
func setupLink(cfg *config.Config) func(code string) string {
	return func(code string) string {
		link := url.URL{Scheme: "http", Host: dialAddress(cfg.Listen), Path: cfg.BasePath}
		if cfg.PublicURL != nil {
			link = *cfg.PublicURL
		}
		link.Path += "/setup"
		if !cfg.SetupOpen {
			link.RawQuery = url.Values{"code": {secrets.Show(code)}}.Encode()
		}
		return link.String()
	}
}

// dialAddress is where this machine reaches what listens on a.
func dialAddress(a config.Address) string {
	host := a.Host
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(a.Port)))
}
