package posture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/layout"
	"coffer/appliance/secrets"
)

// damage is a protected file that was not as built, and when that was seen.
type damage struct {
	at   time.Time
	path string
	what string
	told bool // the owner asked since, and was told
}

// maxDamage bounds what is remembered of it.
const maxDamage = 50

func (l *look) fileManifest(context.Context) Finding {
	report, err := l.Manifest.Enforce(l.Root, l.Log)
	if err != nil {
		return unseen(err)
	}
	var standing, news, past []string
	l.Watch.mu.Lock()
	for _, f := range report.Findings {
		if !f.Repaired {
			standing = append(standing, f.Path+" ("+f.What+")")
		} else if len(l.damage) < maxDamage {
			l.damage = append(l.damage, damage{l.now(), f.Path, f.What, false})
		}
	}
	for i, d := range l.damage {
		line := fmt.Sprintf("%s (%s) at %s", d.path, d.what, d.at.UTC().Format(time.RFC3339))
		if d.told {
			past = append(past, line)
			continue
		}
		news = append(news, line)
		l.damage[i].told = l.forOwner
	}
	l.Watch.mu.Unlock()
	switch {
	case len(standing) > 0:
		return fail(fmt.Sprintf("%d of %d protected files differ from the build and cannot be put back: %s",
			len(standing), report.Files, few(standing)))
	case len(news) > 0:
		return fail(fmt.Sprintf("%d of %d protected files had been changed while the box runs, and are put back: %s",
			len(news), report.Files, few(news)))
	}
	evidence := fmt.Sprintf("%d files are byte for byte as built, root's, mode 0444", report.Files)
	if !*l.root {
		evidence = fmt.Sprintf("%d files are byte for byte as built, mode 0444", report.Files)
	}
	if len(past) > 0 {
		evidence += fmt.Sprintf("; since the start %d had been changed and were put back: %s", len(past), few(past))
	}
	if !*l.root {
		return degraded("the box runs without root, so it tells what is changed and cannot always put it back; " + evidence)
	}
	return pass(evidence)
}

// few lists up to five, and says how many more there are.
func few(all []string) string {
	const most = 5
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

func (l *look) dataOwnership(context.Context) Finding {
	checked, wrong, err := layout.Inspect(l.Layout)
	switch {
	case err != nil:
		return unseen(err)
	case len(wrong) > 0:
		return fail(few(wrong))
	}
	if p := layout.Remote(l.Layout); p != nil {
		return degraded(p.Error())
	}
	if !*l.root {
		return degraded(fmt.Sprintf("the box runs without root, so all %d folders of its table are one user's", checked))
	}
	return pass(fmt.Sprintf("%d folders and files of the declared table have their owner and mode; nothing else is touched", checked))
}

func (l *look) secretsReaders(ctx context.Context) Finding {
	held, err := secrets.Inspect(l.Secrets)
	if err != nil {
		return unseen(err)
	}
	certificates, err := l.Certificates.Inspect()
	if err != nil {
		return unseen(err)
	}
	for _, h := range certificates {
		held = append(held, secrets.Held{Name: "tls/" + h.Name, UID: h.UID, GID: h.GID, Mode: h.Mode, Wrong: h.Wrong})
	}
	var files []string
	for _, h := range held {
		if h.Wrong != "" {
			return fail(h.Name + " " + h.Wrong)
		}
		files = append(files, fmt.Sprintf("%s %d:%d %04o", h.Name, h.UID, h.GID, h.Mode))
	}
	looked, err := l.eachRole(ctx, func(role Role, p process, in Inside) error {
		cmdline, err := fs.ReadFile(l.proc, fmt.Sprintf("%d/cmdline", p.pid))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for name, value := range l.Values {
			switch {
			case value == "":
			case strings.Contains(in.Environ, value):
				return &exposed{fmt.Sprintf("%s stands in the environment of %s (pid %d)", name, role.Name, p.pid)}
			case bytes.Contains(cmdline, []byte(value)):
				return &exposed{fmt.Sprintf("%s stands in the arguments of %s (pid %d)", name, role.Name, p.pid)}
			}
		}
		if name := role.foreign(in.Environ); name != "" {
			return &exposed{fmt.Sprintf("the environment of %s (pid %d) has %s, which it was not given", role.Name, p.pid, name)}
		}
		return nil
	})
	var e *exposed
	if errors.As(err, &e) {
		return fail(e.what)
	}
	if err != nil {
		return unseen(err)
	}
	evidence := fmt.Sprintf("%s; the environment and arguments of %d processes hold none of %d secrets, and no environment more than it was given", strings.Join(files, ", "), looked, len(l.Values))
	switch {
	case len(l.PlainSecrets) > 0:
		return degraded(strings.Join(l.PlainSecrets, ", ") + " came by plain environment, which the host's tools show; " + evidence)
	case !*l.root:
		return degraded("the box runs without root, so every service is the user that owns the secrets; " + evidence)
	}
	return pass(evidence)
}

// foreign is the first name in an environment that a role's processes do not
// have; "" when there is none.
func (r Role) foreign(environ string) string {
	for entry := range strings.SplitSeq(environ, "\x00") {
		// nginx writes its title over its arguments and environment.
		name, _, ok := strings.Cut(entry, "=")
		if !ok || strings.ContainsAny(name, " :/") || slices.Contains(r.Env, name) || slices.Contains(childEnvironment(), name) {
			continue
		}
		return name
	}
	return ""
}

// childEnvironment is what the parser gives to its children.
func childEnvironment() []string { return []string{"GOMAXPROCS", "GOMEMLIMIT"} }

// exposed is a secret in the wrong place; it does not say the secret.
type exposed struct{ what string }

func (e *exposed) Error() string { return e.what }

// maxLog bounds how much of each log file is read, from its end, in bytes.
const maxLog = 8 << 20

func (l *look) logsClean(context.Context) Finding {
	folder, err := beneath.Open(filepath.Join(l.Data, "logs"))
	if err != nil {
		return unseen(err)
	}
	defer folder.Close()
	names, err := folder.Names()
	if err != nil {
		return unseen(err)
	}
	files, size := 0, int64(0)
	look := func(name string) error {
		text, err := tail(folder, name)
		if _, other := errors.AsType[*beneath.Refused](err); other || errors.Is(err, fs.ErrNotExist) {
			return nil // no log of ours, or it was rotated meanwhile
		}
		if err != nil {
			return err
		}
		files, size = files+1, size+int64(len(text))
		for secret, value := range l.Values {
			// The setup code is printed for its owner to read.
			if value != "" && !strings.HasPrefix(secret, secrets.SetupCode) && bytes.Contains(text, []byte(value)) {
				return &exposed{fmt.Sprintf("%s stands in the log %s", secret, name)}
			}
		}
		return nil
	}
	for _, name := range names {
		if err = look(name); err != nil {
			break
		}
	}
	var e *exposed
	switch {
	case errors.As(err, &e):
		return fail(e.what)
	case err != nil:
		return unseen(err)
	}
	return pass(fmt.Sprintf("%d log files (%d kB) hold none of the box's secrets; requests are logged by path, without query, cookie or body", files, size/1000))
}

func tail(dir *beneath.Dir, name string) ([]byte, error) {
	n, err := dir.File(name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	return n.Tail(maxLog)
}

func (l *look) devMode(context.Context) Finding {
	if l.DevMode && !l.DevAcknowledged {
		return fail("dev mode is on, and nobody acknowledged it")
	}
	if l.DevMode {
		return degraded("dev mode is on, acknowledged by COFFER_ALLOW_DEV_MODE: pages are read from disk at each request, and the log says more")
	}
	facts, err := l.facts()
	switch {
	case err != nil:
		return unseen(err)
	case facts.Dev:
		return fail("the API is in dev mode, and the configuration is not")
	}
	return pass("off, in the configuration and in the running API")
}
