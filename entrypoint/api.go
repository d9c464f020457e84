package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/appliance/boot"
	"coffer/appliance/confine"
	"coffer/appliance/restore"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/services/alarm"
	"coffer/services/api"
	"coffer/services/auth"
	"coffer/services/backup"
	"coffer/services/console"
	"coffer/services/diagnostics"
	"coffer/services/egress"
	"coffer/services/index"
	"coffer/services/library"
	"coffer/services/link"
	"coffer/services/notices"
	"coffer/services/packages"
	"coffer/services/store"
	"coffer/services/store/blobs"
	"coffer/services/web"
	"coffer/services/web/words"
)

// apiOptions is what init tells the API.
type apiOptions struct {
	logOptions
	Data      string // DATA
	Share     string // folder with templates
	BasePath  string
	Hosts     []string
	Public    string   // the host of its public address; empty when none is set
	Proxies   []string // that are believed
	MaxUpload int64    // bytes
	SetupOpen bool
	Dev       bool
	Box       string // folder in which init says how the services are
	BoxSocket string // where init is asked how the box is
	WayOut    string // where egress is asked
	Root      int    // the user whose commands are heard
	Metrics   bool
	Started   time.Time // of the box
	Platform  diagnostics.Platform
	Settings  []diagnostics.Setting
	Names     []string // of the box and of those who may reach it
}

// apiMemory is the soft limit of the API's memory in bytes.
const apiMemory = 256 << 20

func playAPI(ctx context.Context, c call) int {
	if err := serveAPI(ctx, c); err != nil {
		return c.fail("api", err)
	}
	return exitOK
}

func serveAPI(ctx context.Context, c call) (err error) {
	var o apiOptions
	s, err := c.begin(ctx, &o, &o.logOptions)
	if err != nil {
		return err
	}
	defer s.stop()
	frugal(apiMemory)
	token, err := s.Bytes("edge-token")
	if err != nil {
		return err
	}
	requests, err := s.Listener("api")
	if err != nil {
		return err
	}
	leases, err := s.Listener("link")
	if err != nil {
		return err
	}
	commands, err := s.Listener(consoleName)
	if err != nil {
		return err
	}

	compactStore(s.log, filepath.Join(o.Data, "store"))
	st, err := store.Open(filepath.Join(o.Data, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	originals, err := blobs.Open(filepath.Join(o.Data, "blobs"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, originals.Close()) }()
	ix, err := index.Open(filepath.Join(o.Data, "store", "index"), index.Options{Log: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ix.Close()) }()
	lib, err := library.Open(s.ctx, library.Options{
		Store: st, Index: ix, Blobs: originals, MaxUpload: o.MaxUpload, Log: s.log,
	})
	if err != nil {
		return err
	}
	boxID, err := st.BoxID(s.ctx)
	if err != nil {
		return err
	}
	key, code, err := o.secrets()
	if err != nil {
		return err
	}
	keeper, err := auth.New(auth.Options{
		Accounts: st, Keys: st, Audit: st, Witness: store.NewWitness(filepath.Join(o.Data, "witness")), SecretKey: key, SetupCode: code, SetupOpen: o.SetupOpen, Log: s.log,
		TokenFile: tokenFile{o.BoxSocket, servicetoken.File{Data: o.Data}},
	})
	if err != nil {
		return err
	}
	if err := keeper.Resume(s.ctx); err != nil {
		return err
	}
	hosts := auth.Hosts{Fixed: o.Hosts, Accounts: st}
	budgets := auth.NewBudgets(nil)
	cookies := auth.Cookies{Box: boxID, BasePath: o.BasePath, Sites: auth.Sites{Public: o.Public, Listed: o.Hosts}}
	backups, err := backup.New(backup.Options{
		Dir: filepath.Join(o.Data, "backups"), Snapshots: st, Plans: st, Originals: originals.Open, Hold: lib.HoldOriginals,
		Seal: sealer{o.BoxSocket}.seal, Stage: filepath.Join(o.Data, restore.Staged), Commit: sealer{o.BoxSocket}.restore, Former: aside{o.BoxSocket}, Place: copyPlace{o.BoxSocket}, Storage: copies{egress.Client{Socket: o.WayOut}}, Box: boxID, Version: version, Changed: lib.Announce, Log: s.log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backups.Close()) }()
	signing, err := auth.PackageKey(key)
	if err != nil {
		return err
	}
	exchange, err := packages.New(packages.Options{
		Dir: filepath.Join(o.Data, "store", "import"), Library: lib, Key: signing, MaxFile: o.MaxUpload, Box: boxID, Version: version, Changed: lib.Announce, Log: s.log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, exchange.Close()) }()
	door := frontDoor{o.BoxSocket, keeper}
	looking := newWatch(o.BoxSocket, s.log)
	measured, err := newMetrics(o, lib, backups, looking, s.log)
	if err != nil {
		return err
	}
	diagnosis := newDiagnostics(diagnosed{
		apiOptions: o, library: lib, store: st, keeper: keeper, backups: backups, looking: looking, metrics: measured, secrets: [][]byte{token, key, []byte(code)},
	}, diagnostics.Options{Log: s.log})
	teller, err := notices.New(notices.Options{
		Books: st, Place: noticePlace{o.BoxSocket}, Send: messenger{egress.Client{Socket: o.WayOut}}, Words: words.NoticeText, Box: boxID, Log: s.log,
	})
	if err != nil {
		return err
	}
	alarms, err := alarm.New(alarm.Options{Volume: originals.Volume, Backups: backups, Door: door, Changed: lib.Announce, Seen: teller.Seen, Log: s.log})
	if err != nil {
		return err
	}
	site, err := web.New(web.Options{
		Templates: os.DirFS(filepath.Join(o.Share, "templates")), Dev: o.Dev,
		Library: lib, Keeper: keeper, Accounts: st, Cookies: cookies, Hosts: hosts, Budgets: budgets, Proxies: o.Proxies,
		SetupOpen: o.SetupOpen, BasePath: o.BasePath, Version: version, Status: api.Status, Watch: looking, Logs: logs{o.BoxSocket}, WayOut: wayOut{o.BoxSocket}, FrontDoor: door, Backups: backups, Copies: backups, Packages: exchange, Alarms: alarms, Notices: teller, Diagnostics: diagnosis,
		Log: s.log,
	})
	if err != nil {
		return err
	}
	front := api.Options{
		Library: lib, Keeper: keeper, Accounts: st, Hosts: hosts, Cookies: cookies, Budgets: budgets, Proxies: o.Proxies,
		EdgeToken: string(token), BasePath: o.BasePath, MaxUpload: o.MaxUpload, Version: version, Dev: o.Dev,
		Health: boxHealth(o.Box), Watch: looking, Logs: logs{o.BoxSocket}, WayOut: wayOut{o.BoxSocket}, Backups: backups, Copies: backups, Packages: exchange, Diagnostics: diagnosis, Alarms: alarms, Notices: teller, FrontDoor: door, Failure: site.Fail, Log: s.log,
	}
	if measured != nil {
		front.Metrics = measured
	}
	engine, err := api.New(front)
	if err != nil {
		return err
	}
	site.Register(engine.Group(o.BasePath))

	needed, err := keeper.SetupNeeded(s.ctx)
	if err != nil {
		return err
	}
	if err := confine.GiveUpExec(); err != nil {
		return fmt.Errorf("giving up exec: %w", err)
	}
	g, gctx := errgroup.WithContext(s.ctx)
	g.Go(func() error { return lib.Run(gctx) })
	g.Go(func() error { return keeper.Run(gctx) })
	g.Go(func() error { return keeper.RunKeys(gctx) })
	g.Go(func() error { return keeper.RunToken(gctx) })
	g.Go(func() error { return backups.Run(gctx) })
	g.Go(func() error { return exchange.Run(gctx) })
	g.Go(func() error { return alarms.Run(gctx) })
	g.Go(func() error { return teller.Run(gctx) })
	g.Go(func() error { return looking.run(gctx) })
	g.Go(func() error { return (&orderLog{socket: o.BoxSocket, keeper: keeper, log: s.log}).run(gctx) })
	g.Go(func() error {
		return console.Serve(gctx, commands.(*net.UnixListener), console.Options{UID: o.Root, Keeper: keeper, Backups: backups, Copies: backups, Diagnostics: diagnosis, Log: s.log})
	})
	g.Go(func() error { return link.Serve(gctx, leases, lib, s.log) })
	g.Go(func() error { return api.Serve(gctx, requests, engine, s.log) })
	status := boot.SetUp
	if needed {
		status = boot.SetupNeeded
	}
	if err := s.Ready(status); err != nil {
		return err
	}
	return g.Wait()
}

// secrets reads the two that are the API's.
func (o apiOptions) secrets() (key []byte, code string, err error) {
	dir := os.DirFS(filepath.Join(o.Data, "secrets"))
	text, err := fs.ReadFile(dir, secrets.SessionKey)
	if err != nil {
		return nil, "", err
	}
	key, err = hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", secrets.SessionKey, err)
	}
	text, err = fs.ReadFile(dir, secrets.SetupCode)
	return key, strings.TrimSpace(string(text)), err
}
