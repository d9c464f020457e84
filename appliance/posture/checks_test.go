package posture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/ledger"
)

// needRoot skips what is about owners.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: needs root")
	}
}

// TestEachClaim takes one protection away at a time: the check of its claim
// must notice, and say what it saw.
func TestEachClaim(t *testing.T) {
	needRoot(t)
	const bad, part, none = Fail, Degraded, NotApplicable
	proc := func(pid int, old, new string) func(*rig) error {
		return func(r *rig) error { return r.change(fmt.Sprintf("%d/status", pid), old, new) }
	}
	probe := func(key, try string) func(*rig) error {
		return func(r *rig) error {
			for name := range r.probes[key].said {
				if strings.HasPrefix(name, try) {
					r.probes[key].said[name] = allowed
				}
			}
			return nil
		}
	}
	said := func(key, part string) func(*rig) error {
		return func(r *rig) error {
			for name := range r.probes[key].said {
				if strings.Contains(name, part) {
					r.probes[key].said[name] = allowed
				}
			}
			return nil
		}
	}
	user := func(r *rig) error { *r.look.root = false; return nil }
	kernel := func(abi int) func(*rig) error { return func(r *rig) error { r.landlock = abi; return nil } }
	facts := func(f func(*Facts)) func(*rig) error { return func(r *rig) error { f(&r.facts); return nil } }
	at := func(path string, f func(path string) error) func(*rig) error {
		return func(r *rig) error { return f(filepath.Join(r.dir, path)) }
	}
	file := func(path, content string) func(*rig) error {
		return at(path, func(p string) error { return os.WriteFile(p, []byte(content), 0o600) })
	}
	inside := func(role string, in Inside) func(*rig) error {
		return func(r *rig) error {
			before := r.inside
			r.inside = func(ctx context.Context, who Role, all []process) (map[string]Inside, error) {
				out, err := before(ctx, who, all)
				if who.Name == role {
					out[fmt.Sprint(all[0].pid)] = in
				}
				return out, err
			}
			return nil
		}
	}
	tcp := func(role, local, remote string) func(*rig) error {
		return func(r *rig) error {
			r.procs["net/tcp"] = &fstest.MapFile{Data: []byte("  sl  local_address rem_address   st tx_queue\n" +
				"   0: " + local + " " + remote + " 01 00000000:00000000 00:00000000 00000000 10002        0 4711 1\n")}
			return inside(role, Inside{Sockets: []string{"4711"}})(r)
		}
	}
	header := func(name, value string) func(*rig) error {
		return func(r *rig) error {
			r.edge["GET /static/nothing.css"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Del(name)
				if value != "" {
					w.Header().Set(name, value)
				}
				w.WriteHeader(http.StatusNotFound)
			}
			return nil
		}
	}
	clock := func(d time.Duration) func(*rig) error {
		return func(r *rig) error { r.now = func() time.Time { return time.Now().Add(d) }; return nil }
	}
	rows := []struct {
		id, name string
		take     func(*rig) error
		want     Status
		says     string
	}{
		{"file-manifest", "", nil, Pass, "2 files"},
		{"file-manifest", "mode", at("root/usr/share/coffer/templates/login.tmpl", func(p string) error { return os.Chmod(p, 0o666) }), bad, "login.tmpl (mode 0666)"},
		{"file-manifest", "content", at("root/usr/share/coffer/templates/login.tmpl", func(p string) error { return os.WriteFile(p, []byte("SIGN IN"), 0o444) }), bad, "other content"},
		{"file-manifest", "owner", at("root/usr/share/coffer/templates/login.tmpl", func(p string) error { return os.Chown(p, 10002, 0) }), bad, "owned by 10002:0"},
		{"file-manifest", "a stranger", at("root/usr/share/coffer/templates/new", func(p string) error { return os.WriteFile(p, nil, 0o444) }), bad, "not part of the box"},
		{"file-manifest", "no root", user, part, "without root"},

		{"tls", "", nil, Pass, "self-signed: the edge presents the certificate for box.example.org, localhost, 127.0.0.1, ::1, by CN=Coffer box"},
		{"tls", "off", func(r *rig) error { r.due = Certificate{Mode: "off"}; return nil }, none, "plain HTTP"},
		{"tls", "nobody listens", func(r *rig) error { r.due.Address = "127.0.0.1:1"; return nil }, bad, "refused"},
		{"tls", "another certificate", func(r *rig) error {
			p, err := r.Certificates.SelfSigned([]string{"box.example.org", "b"}, nil, time.Now())
			r.due.Pair = p
			return err
		}, bad, "presents another certificate"},
		{"tls", "an old version", func(r *rig) error { r.secure.MinVersion = tls.VersionTLS10; return nil }, bad, "speaks TLS 1.1"},
		{"tls", "nothing but an old version", func(r *rig) error {
			r.secure.MinVersion, r.secure.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			return nil
		}, bad, "protocol version"},
		{"tls", "ended", clock(200 * 24 * time.Hour), bad, "has ended"},
		{"tls", "not begun", clock(-48 * time.Hour), bad, "has not begun"},
		{"tls", "ends soon", clock(180 * 24 * time.Hour), part, "ends soon; self-signed: the edge presents the certificate for box.example.org, localhost, 127.0.0.1, ::1"},
		{"tls", "a name that is not covered", func(r *rig) error { r.due.Names = append(r.due.Names, "new.example.org"); return nil }, part, "is not for new.example.org"},
		{"tls", "a successor that was refused", func(r *rig) error { r.due.Problem = "the key is another's."; return nil }, part, "was not taken up (the key is another's);"},
		{"tls", "one that is ordered", func(r *rig) error { r.due.Ordered = "ca.example:443"; return nil }, Pass, "the edge presents"},
		{"tls", "an order that failed", func(r *rig) error {
			r.due.Ordered, r.due.Unordered = "ca.example:443", "nobody answers."
			return nil
		}, part, "no certificate came from ca.example:443 (nobody answers);"},
		{"tls", "one that stands in", func(r *rig) error { r.due.Ordered, r.due.StandsIn = "ca.example:443", true; return nil }, part, "a certificate is ordered from ca.example:443; until it is there one of the box's own stands in"},
		{"tls", "none while it is ordered", func(r *rig) error { r.due = Certificate{Mode: "off", Ordered: "ca.example:443"}; return nil }, part, "ordered from ca.example:443; until it is there the box speaks plain HTTP"},

		{"data-ownership", "", nil, Pass, "folders"},
		{"data-ownership", "mode", at("data/store", func(p string) error { return os.Chmod(p, 0o777) }), bad, "store has mode 0777"},
		{"data-ownership", "owner", at("data/secrets", func(p string) error { return os.Chown(p, 10002, 10002) }), bad, "secrets is owned by 10002:10002"},
		{"data-ownership", "link", at("data/blobs", func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc", p)) }), bad, "a symbolic link"},
		{"data-ownership", "run", at("run/nginx", func(p string) error { return os.Chmod(p, 0o755) }), bad, "nginx has mode 0755"},
		{"data-ownership", "no root", user, part, "without root"},

		{"secrets-readers", "", nil, Pass, "session-key 0:10002 0440"},
		{"secrets-readers", "mode", at("data/secrets/session-key", func(p string) error { return os.Chmod(p, 0o444) }), bad, "session-key has mode 0444"},
		{"secrets-readers", "owner", at("data/secrets/setup-code", func(p string) error { return os.Chown(p, 0, 10003) }), bad, "setup-code is owned by 0:10003"},
		{"secrets-readers", "a second name", at("data/secrets/session-key", func(p string) error { return os.Link(p, p+"2") }), bad, "second name"},
		{"secrets-readers", "the authority's key", at("data/secrets/tls/authority.pem", func(p string) error { return os.Chmod(p, 0o444) }), bad, "tls/authority.pem has mode 0444"},
		{"secrets-readers", "what the edge presents", func(r *rig) error {
			return os.Chown(filepath.Join(r.dir, "data/secrets/tls/edge", r.due.Pair.Fingerprint()[:16]+".pem"), 0, 10002)
		}, bad, ".pem is owned by 0:10002"},
		{"secrets-readers", "environment", inside("worker", Inside{Environ: "KEY=0badc0de0badc0de\x00"}), bad, "session-key stands in the environment of worker (pid 300)"},
		{"secrets-readers", "more than given", inside("worker", Inside{Environ: "TZ=UTC\x00PATH=/bin\x00"}), bad, "worker (pid 300) has PATH, which it was not given"},
		{"secrets-readers", "a title", inside("nginx", Inside{Environ: "\x00s nginx -e stderr -c a=b\x00"}), Pass, "session-key"},
		{"secrets-readers", "arguments", func(r *rig) error { return r.change("200/cmdline", "role", "ABCD2345") }, bad, "arguments of api (pid 200)"},
		{"secrets-readers", "unseen", inside("api", Inside{Error: "permission denied"}), bad, "permission denied"},
		{"secrets-readers", "plain", func(r *rig) error { r.PlainSecrets = []string{"COFFER_SECRET_KEY"}; return nil }, part, "COFFER_SECRET_KEY"},

		{"process-identity", "", nil, Pass, "nginx is user 10001 (pid 100, 101)"},
		{"process-identity", "real user", proc(200, "Uid:\t10002", "Uid:\t0"), bad, "api (pid 200): Uid"},
		{"process-identity", "saved user", proc(101, "Uid:\t10001\t10001\t10001", "Uid:\t10001\t10001\t0"), bad, "nginx (pid 101): Uid"},
		{"process-identity", "group", proc(300, "Gid:\t10003", "Gid:\t0"), bad, "worker (pid 300): Gid"},
		{"process-identity", "further groups", proc(300, "Groups:\t ", "Groups:\t0 "), bad, "Groups"},
		{"process-identity", "capability", proc(401, "CapEff:\t0000000000000000", "CapEff:\t0000000000000001"), bad, "parser (pid 401): CapEff"},
		{"process-identity", "permitted", proc(200, "CapPrm:\t0000000000000000", "CapPrm:\t0000000000000001"), bad, "CapPrm"},
		{"process-identity", "bounding set", proc(200, "CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb"), bad, "CapBnd"},
		{"process-identity", "ambient", proc(200, "CapAmb:\t0000000000000000", "CapAmb:\t0000000000000001"), bad, "CapAmb"},
		{"process-identity", "new privileges", proc(400, "NoNewPrivs:\t1", "NoNewPrivs:\t0"), bad, "NoNewPrivs"},
		{"process-identity", "one user for two", func(r *rig) error { r.Roles[2].UID = r.Roles[1].UID; return nil }, bad, "worker has the user 10002 of another"},
		{"process-identity", "what goes out", proc(500, "Uid:\t10005", "Uid:\t10002"), bad, "egress (pid 500): Uid"},
		{"process-identity", "no root", user, part, "without root"},

		{"sandbox-worker", "", nil, Pass, "pid 300 has 3 system call filters"},
		{"sandbox-worker", "no filter", proc(300, "Seccomp:\t2", "Seccomp:\t0"), bad, "no system call filter"},
		{"sandbox-worker", "exec kept", proc(300, "Seccomp_filters:\t4", "Seccomp_filters:\t3"), bad, "should have 3"},
		{"sandbox-worker", "data", probe("worker/running", "read="), bad, "was let"},
		{"sandbox-worker", "socket", probe("worker/running", "udp"), bad, "udp"},
		{"sandbox-worker", "listener", probe("worker/running", "listen"), bad, "listen"},
		{"sandbox-worker", "programs", probe("worker/running", "exec="), bad, "exec"},
		{"sandbox-worker", "no Landlock", kernel(-1), part, "no Landlock"},
		{"sandbox-worker", "no probe", func(r *rig) error { r.probes["worker/running"].err = errors.New("exit 120"); return nil }, bad, "exit 120"},

		{"sandbox-parser", "", nil, Pass, "pid 401 has 4 system call filters"},
		{"sandbox-parser", "child without its own", proc(401, "Seccomp_filters:\t5", "Seccomp_filters:\t3"), bad, "should have 4"},
		{"sandbox-parser", "parser socket", probe("parser/started", "unix"), bad, "unix"},
		{"sandbox-parser", "child file", probe("parser/parser-child", "read="), bad, "read"},
		{"sandbox-parser", "child forks", probe("parser/parser-child", "fork"), bad, "fork"},
		{"sandbox-parser", "child signals", probe("parser/parser-child", "signal"), bad, "signal"},
		{"sandbox-parser", "child memory", func(r *rig) error { return r.change("401/limits", "469762048", "unlimited") }, bad, "no bound"},
		{"sandbox-parser", "child program", probe("parser/parser-child", "exec="), bad, "exec"},
		{"sandbox-parser", "no Landlock", kernel(-1), part, "no Landlock"},

		{"supervisor-control", "", nil, Pass, "mode 0600"},
		{"supervisor-control", "mode", at("run/control.sock", func(p string) error { return os.Chmod(p, 0o666) }), bad, "0666"},
		{"supervisor-control", "owner", at("run/control.sock", func(p string) error { return os.Chown(p, 10002, 0) }), bad, "owned by 10002"},
		{"supervisor-control", "no socket", at("run/control.sock", func(p string) error { return errors.Join(os.Remove(p), os.WriteFile(p, nil, 0o600)) }), bad, "no socket"},
		{"supervisor-control", "mode of the other", at("run/owner.sock", func(p string) error { return os.Chmod(p, 0o660) }), bad, "owner.sock is owned by 0 with mode 0660"},
		{"supervisor-control", "none of the other", at("run/owner.sock", os.Remove), bad, "owner.sock"},
		{"supervisor-control", "answered by init", said("worker/"+asAsker, "control.sock"), bad, "was not refused (control.sock: ok)"},
		{"supervisor-control", "answered by the API", said("worker/"+asAsker, "owner.sock"), bad, "was not refused (owner.sock: ok)"},
		{"supervisor-control", "reached", said("api/running", "control.sock"), bad, "reached"},
		{"supervisor-control", "reached the other", said("worker/running", "owner.sock"), bad, "owner.sock"},

		{"edge-only", "", nil, Pass, "401"},
		{"edge-only", "no token needed", func(r *rig) error { r.api = func(http.ResponseWriter, *http.Request) {}; return nil }, bad, "answered 200"},
		{"edge-only", "any token", func(r *rig) error {
			r.api = func(w http.ResponseWriter, q *http.Request) {
				if q.Header.Get("X-Edge-Token") == "" {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}
			return nil
		}, bad, "forged edge token"},
		{"edge-only", "headers believed", func(r *rig) error { r.answers("GET /api/v1/sources", 200); return nil }, bad, "forged identity"},
		{"edge-only", "a port", tcp("api", "00000000:1F90", "00000000:0000"), bad, "1 internet sockets"},

		{"setup-code", "", nil, Pass, "owner"},
		{"setup-code", "not yet", facts(func(f *Facts) { f.Owner = false }), Pass, "asks for the code"},
		{"setup-code", "any", facts(func(f *Facts) { f.Owner, f.AnyCode = false, true }), bad, "any code"},
		{"setup-code", "open", func(r *rig) error { r.facts.Owner, r.SetupOpen = false, true; return nil }, part, "COFFER_SETUP_OPEN"},
		{"password-storage", "", nil, Pass, "cost 12"},
		{"password-storage", "cheap", facts(func(f *Facts) { f.PasswordCost = 4 }), bad, "cost 4"},
		{"password-storage", "other", facts(func(f *Facts) { f.PasswordHash = "not bcrypt" }), bad, "not bcrypt"},
		{"password-storage", "not yet", facts(func(f *Facts) { f.Owner = false }), none, "no password"},
		{"brute-force", "", nil, Pass, "3 failed in the last"},
		{"brute-force", "wide", facts(func(f *Facts) { f.LoginsPerMinute = 500 }), bad, "500"},
		{"brute-force", "no backoff", facts(func(f *Facts) { f.BackoffAfter = 0 }), bad, "after 0"},
		{"brute-force", "forgets", facts(func(f *Facts) { f.LimitsLast = false }), bad, "forgets"},

		{"api-keys", "", nil, Pass, "0 keys are good, all"},
		{"api-keys", "some", facts(func(f *Facts) { f.Keys, f.KeysEnded = 3, 2 }), Pass, "3 keys are good, 2 have ended"},
		{"api-keys", "bare", facts(func(f *Facts) { f.KeysBare = 1 }), bad, "1 keys are kept otherwise"},
		{"api-keys", "expired", facts(func(f *Facts) { f.EndedKeyOpens = true }), bad, "expired key opens"},
		{"api-keys", "by id", facts(func(f *Facts) { f.AnyKeyOpens = true }), bad, "the id of a key"},
		{"api-keys", "made up", func(r *rig) error { r.answers("GET /api/v1/auth/me", 200); return nil }, bad, "made-up key was answered 200"},

		{"service-token", "", nil, Pass, "mode 0600, user 10002"},
		{"service-token", "no owner", facts(func(f *Facts) { f.Owner, f.Token = false, false }), none, "no owner"},
		{"service-token", "off", func(r *rig) error {
			r.facts.Token = false
			return os.Remove(filepath.Join(r.dir, "data/service-token"))
		}, none, "turned it off"},
		{"service-token", "gone", at("data/service-token", os.Remove), bad, "there is no file"},
		{"service-token", "open to others", at("data/service-token", func(p string) error { return os.Chmod(p, 0o644) }), bad, "mode 0644"},
		{"service-token", "another's", at("data/service-token", func(p string) error { return os.Chown(p, 10003, 10003) }), bad, "user 10003"},
		{"service-token", "a link", at("data/service-token", func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p)) }), bad, "could not be looked at"},
		{"service-token", "opens nothing", facts(func(f *Facts) { f.TokenOpens = false }), bad, "opens nothing"},
		{"service-token", "old", facts(func(f *Facts) { f.TokenDays = 70 }), bad, "70 days old"},
		{"service-token", "stays", facts(func(f *Facts) { f.TokenStays = true }), bad, "is not replaced"},

		{"client-address", "", nil, Pass, "TCP peer"},
		{"client-address", "not the peer", at("root/etc/nginx/coffer/proxy.conf", func(p string) error { return os.WriteFile(p, []byte("x"), 0o444) }), bad, "does not name"},
		{"client-address", "a line of configuration", at("root/etc/nginx/coffer/more.conf", func(p string) error { return os.WriteFile(p, []byte("set_real_ip_from 10.0.0.0/8;"), 0o444) }), bad, "10.0.0.0/8"},
		{"client-address", "in the fragment", at("run/edge/http.conf", func(p string) error { return os.WriteFile(p, []byte(" set_real_ip_from 0.0.0.0/0;"), 0o440) }), bad, "0.0.0.0/0"},
		{"client-address", "a listed proxy that the edge does not know", func(r *rig) error {
			r.look.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
			return nil
		}, bad, "are listed"},
		{"client-address", "a listed proxy", func(r *rig) error {
			r.look.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
			return at("run/edge/http.conf", func(p string) error { return os.WriteFile(p, []byte("set_real_ip_from 10.0.0.0/8;"), 0o440) })(r)
		}, Pass, "that is not 10.0.0.0/8"},
		{"client-address", "a believed name", func(r *rig) error { r.answers("POST /api/v1/auth/logout", 421); return nil }, bad, "X-Forwarded-Host"},
		{"client-address", "a believed scheme", func(r *rig) error {
			r.edge["POST /api/v1/auth/logout"] = func(w http.ResponseWriter, q *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "__Host-coffer_x", Path: "/", Secure: q.Header.Get("X-Forwarded-Proto") == "https"})
			}
			return nil
		}, bad, "X-Forwarded-Proto"},

		{"sessions", "", nil, Pass, "30 days"},
		{"sessions", "unsigned", func(r *rig) error { r.answers("GET /api/v1/auth/me", 200); return nil }, bad, "unsigned token was answered 200"},
		{"sessions", "script", func(r *rig) error {
			r.edge["POST /api/v1/auth/logout"] = func(w http.ResponseWriter, _ *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "coffer_x", SameSite: http.SameSiteLaxMode})
				w.WriteHeader(http.StatusNoContent)
			}
			return nil
		}, bad, "HttpOnly"},
		{"sessions", "long", facts(func(f *Facts) { f.SessionDays = 31 }), bad, "31 days without use"},
		{"sessions", "for ever", facts(func(f *Facts) { f.SessionDaysMost = 365 }), bad, "365 at the latest"},
		{"sessions", "an old store", facts(func(f *Facts) { f.OldStoreOpens = true }), bad, "would open sessions that have ended"},
		{"csrf", "", nil, Pass, "403"},
		{"csrf", "page", func(r *rig) error { r.answers("POST /logout", 303); return nil }, bad, "303"},
		{"csrf", "API", func(r *rig) error { r.answers("POST /api/v1/auth/logout", 204); return nil }, bad, "204"},
		{"host-header", "", nil, Pass, "421"},
		{"host-header", "any name", func(r *rig) error { r.answers("GET /api/v1/health", 200); return nil }, bad, "200"},

		{"headers", "", nil, Pass, "7 answers"},
		{"headers", "inline", header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"), bad, "unsafe-inline"},
		{"headers", "elsewhere", header("Content-Security-Policy", "default-src 'none'; script-src https://cdn.example"), bad, "https://cdn.example"},
		{"headers", "no policy", header("Content-Security-Policy", ""), bad, "0 content policies"},
		{"headers", "sniffing", header("X-Content-Type-Options", ""), bad, "X-Content-Type-Options"},
		{"headers", "frames", header("X-Frame-Options", "SAMEORIGIN"), bad, "X-Frame-Options"},

		{"dev-mode", "", nil, Pass, "off"},
		{"dev-mode", "on", func(r *rig) error { r.DevMode, r.DevAcknowledged = true, true; return nil }, part, "acknowledged"},
		{"dev-mode", "by mistake", func(r *rig) error { r.DevMode = true; return nil }, bad, "nobody acknowledged"},
		{"dev-mode", "on in the API only", facts(func(f *Facts) { f.Dev = true }), bad, "the API is in dev mode"},

		{"logs-clean", "", nil, Pass, "0 log files"},
		{"logs-clean", "a key", at("data/logs/api.log", func(p string) error { return os.WriteFile(p, []byte("x 0badc0de0badc0de y"), 0o644) }), bad, "session-key stands in the log api.log"},
		{"logs-clean", "the code", at("data/logs/init.log", func(p string) error { return os.WriteFile(p, []byte("ABCD2345"), 0o644) }), Pass, "1 log files"},

		{"logs-clean", "no log", at("data/logs/api.log", func(p string) error { return unix.Mkfifo(p, 0o600) }), Pass, "0 log files"},

		{"backup-sealed", "", nil, Pass, "0 backups are sealed"},
		{"backup-sealed", "some", file("data/backups/a.age", sealedBegins+"x"), Pass, "1 backups are sealed"},
		{"backup-sealed", "in the clear", file("data/backups/a.age", "PK"), bad, "a.age is not sealed"},
		{"backup-sealed", "for all to read", at("data/backups/a.age", func(p string) error { return os.WriteFile(p, []byte(sealedBegins), 0o644) }), bad, "mode 0644"},
		{"backup-sealed", "without a key", facts(func(f *Facts) { f.BackupBare = true }), bad, "can be read without a key"},
		{"backup-sealed", "another's key", facts(func(f *Facts) { f.BackupForeign = true }), bad, "another's key"},
		{"backup-sealed", "changed", facts(func(f *Facts) { f.BackupTampered = true }), bad, "a changed bit"},
		{"backup-proven", "", facts(func(f *Facts) { f.BackupProvenAt, f.BackupSources = time.Now().Add(-time.Hour), 7 }), Pass, "with 7 sources"},
		{"backup-proven", "none", nil, none, "no backup yet"},
		{"backup-proven", "none so far", facts(func(f *Facts) { f.BackupsPlanned = true }), part, "no backup has been proven yet"},
		{"backup-proven", "old", facts(func(f *Facts) { f.BackupsPlanned, f.BackupProvenAt = true, time.Now().Add(-9*24*time.Hour) }), part, "9 days ago"},
		{"backup-proven", "", facts(func(f *Facts) {
			f.BackupProvenAt, f.CopiesTo, f.CopiedAt = time.Now(), "s3.lan", time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
		}), Pass, "at s3.lan and compared on 2031-05-01 12:00 UTC"},
		{"backup-proven", "", facts(func(f *Facts) { f.BackupProvenAt, f.CopiesTo = time.Now(), "s3.lan" }), Pass, "no copy is at s3.lan yet"},
		{"backup-proven", "not copied", facts(func(f *Facts) { f.BackupProvenAt, f.CopyFailed = time.Now(), "The storage is full." }), bad, "not in the storage: The storage is full"},
		{"backup-proven", "failed", facts(func(f *Facts) { f.BackupProvenAt, f.BackupFailed = time.Now(), "The disk is full." }), bad, "failed: The disk is full"},
		{"backup-proven", "in part", facts(func(f *Facts) { f.BackupPartIsWhole = true }), bad, "lacks something"},

		{"diagnostics-clean", "", nil, Pass, "knows 7 secrets planted them in 90 forms"},
		{"diagnostics-clean", "left", func(r *rig) error { r.swept.Left = []string{"base64", "jwt"}; return nil }, bad, "still there after a sweep: base64, jwt"},
		{"diagnostics-clean", "no secrets", func(r *rig) error { r.swept.Secrets = 0; return nil }, bad, "knows 0 secrets"},
		{"diagnostics-clean", "nothing planted", func(r *rig) error { r.swept.Planted = 0; return nil }, bad, "planted 0"},
		{"diagnostics-clean", "no child", func(r *rig) error { r.unswept = errors.New("no child"); return nil }, bad, "no child"},

		{"fetch-ssrf", "", nil, Pass, "refused 19 of 19"},
		{"fetch-ssrf", "everything", func(r *rig) error { r.public = func(netip.Addr) error { return nil }; return nil }, bad, "from 0.0.0.0"},
		{"fetch-ssrf", "one inside", func(r *rig) error {
			r.public = func(a netip.Addr) error {
				if a == netip.MustParseAddr("::ffff:169.254.169.254") || slices.Contains(outward(), a.String()) {
					return nil
				}
				return errors.New("no")
			}
			return nil
		}, bad, "from ::ffff:169.254.169.254"},
		{"fetch-ssrf", "nothing", func(r *rig) error { r.public = func(netip.Addr) error { return errors.New("none is") }; return nil }, bad, "none is"},

		{"no-egress", "", nil, Pass, "7 running processes"},
		{"no-egress", "api socket", probe("api/running", "tcp"), bad, "as the api"},
		{"no-egress", "worker UDP", probe("worker/running", "udp"), bad, "as the worker"},
		{"no-egress", "parser", probe("parser/started", "raw"), bad, "as the parser"},
		{"no-egress", "a child", probe("parser/parser-child", "tcp6"), bad, "parser-child"},
		{"no-egress", "nginx connects", probe("nginx/started", "dial="), bad, "as the nginx"},
		{"no-egress", "an open connection", tcp("worker", "0100007F:C000", "08080808:0035"), bad, "worker (pid 300) tcp 127.0.0.1:49152 to 8.8.8.8:53"},
		{"no-egress", "out of nginx", tcp("nginx", "0100007F:C000", "08080808:01BB"), bad, "nginx (pid 100)"},
		{"no-egress", "a visitor", tcp("nginx", "0100007F:1F90", "0100007F:C000"), Pass, "none that goes out"},
		{"no-egress", "what goes out", tcp("egress", "0100007F:C000", "08080808:01BB"), Pass, "past it; configured: acme to ca.example; counted so far: 0"},
		{"no-egress", "what goes out listens", tcp("egress", "00000000:1F90", "00000000:0000"), bad, "egress (pid 500) tcp 0.0.0.0:8080"},
		{"no-egress", "what goes out reads", probe("egress/running", "read="), bad, "as the egress"},
		{"no-egress", "what goes out takes connections", probe("egress/running", "listen"), bad, "as the egress"},
		{"no-egress", "counted", func(r *rig) error {
			r.lines = []ledger.Line{{Connected: 2}, {Refused: 3, Connected: 1}}
			return nil
		}, Pass, "2 destinations, 3 connections, 3 refused"},
		{"no-egress", "an older kernel", kernel(3), part, "Landlock 4"},
	}
	seen := map[string]int{}
	for _, row := range rows {
		name := row.name
		if name == "" {
			name = "whole"
		}
		seen[row.id]++
		t.Run(row.id+"/"+strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			r := newRig(t)
			if row.take != nil {
				must(t, row.take(r))
			}
			for _, c := range Claims() {
				if c.ID != row.id {
					continue
				}
				if got := c.check(r.look, t.Context()); got.Status != row.want || !strings.Contains(got.Evidence, row.says) {
					t.Errorf("%s: %s; want %s with %q", got.Status, got.Evidence, row.want, row.says)
				}
			}
		})
	}
	for _, c := range Claims() {
		if c.check != nil && seen[c.ID] < 2 {
			t.Errorf("%s: no protection is taken away", c.ID)
		}
	}
}
