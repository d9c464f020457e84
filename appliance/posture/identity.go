package posture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"coffer/appliance/supervise"
)

const noCapabilities = "0000000000000000"

// identity says in what a process differs from what its role is; "" when in
// nothing.
func (w *Watch) identity(p process, role Role) string {
	var wrong []string
	expect := func(field, want string) {
		if got := p.field(field); got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %q", field, got))
		}
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		expect(set, noCapabilities)
	}
	expect("NoNewPrivs", "1")
	if *w.root {
		expect("Uid", four(role.UID))
		expect("Gid", four(role.GID))
		expect("Groups", "")
		expect("CapBnd", noCapabilities)
	}
	return strings.Join(wrong, ", ")
}

func four(id int) string { return strings.TrimSpace(strings.Repeat(strconv.Itoa(id)+" ", 4)) }

// wrong judges the services' processes. One that is just being started is not
// yet what it will be, so that what is wrong is looked at twice.
func (l *look) wrong(ctx context.Context, judge func(process) string) (*processes, string, error) {
	first, err := l.procs()
	if err != nil {
		return nil, "", err
	}
	before := map[int]bool{}
	for _, p := range first.all {
		if judge(p) != "" {
			before[p.pid] = true
		}
	}
	if len(before) == 0 {
		return first, "", nil
	}
	select {
	case <-ctx.Done():
	case <-time.After(l.patience):
	}
	second, err := l.procs()
	if err != nil {
		return nil, "", err
	}
	for _, p := range second.all {
		if what := judge(p); what != "" && before[p.pid] {
			return second, fmt.Sprintf("%s (pid %d): %s", p.role, p.pid, what), nil
		}
	}
	return second, "", nil
}

func (l *look) processIdentity(ctx context.Context) Finding {
	roles := map[string]Role{}
	var users []int
	for _, r := range l.Roles {
		if *l.root && (slices.Contains(users, r.UID) || r.UID == 0) {
			return fail(fmt.Sprintf("%s has the user %d of another", r.Name, r.UID))
		}
		roles[r.Name], users = r, append(users, r.UID)
	}
	procs, wrong, err := l.wrong(ctx, func(p process) string { return l.identity(p, roles[p.role]) })
	switch {
	case err != nil:
		return unseen(err)
	case wrong != "":
		return fail(wrong)
	}
	var seen []string
	for _, role := range l.Roles {
		running := procs.of(role.Name)
		if len(running) == 0 {
			switch state := procs.states[role.Name]; state {
			case supervise.Listening, supervise.Waiting, supervise.Stopped:
				seen = append(seen, role.Name+" rests"+l.lastTime(role.Name))
			default:
				seen = append(seen, fmt.Sprintf("%s is %s", role.Name, state))
			}
			continue
		}
		var pids []string
		for _, p := range running {
			pids = append(pids, strconv.Itoa(p.pid))
		}
		user, _, _ := strings.Cut(running[0].field("Uid"), " ")
		one := fmt.Sprintf("%s is user %s (pid %s)", role.Name, user, strings.Join(pids, ", "))
		l.noteTime(role.Name, one)
		seen = append(seen, one)
	}
	evidence := strings.Join(seen, "; ") + "; none has a capability"
	if !*l.root {
		return degraded("the box runs without root, so all services are one user, kept apart by Landlock and seccomp only; " + evidence)
	}
	return pass(evidence + " or a further group")
}

func (l *look) noteTime(role, what string) {
	l.Watch.mu.Lock()
	defer l.Watch.mu.Unlock()
	l.members[role] = lastSeen{l.now(), pass(what)}
}

func (l *look) lastTime(role string) string {
	l.Watch.mu.Lock()
	defer l.Watch.mu.Unlock()
	if seen, ok := l.members[role]; ok {
		return fmt.Sprintf(" (at %s: %s)", seen.at.UTC().Format("15:04"), seen.Evidence)
	}
	return ""
}

// eachRole looks inside the processes of every role; once more, when one of
// them was only being started.
func (l *look) eachRole(ctx context.Context, f func(role Role, p process, in Inside) error) (int, error) {
	looked, err := l.onceEachRole(ctx, f)
	var hidden *unreadable
	if !errors.As(err, &hidden) {
		return looked, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(l.patience):
	}
	return l.onceEachRole(ctx, f)
}

// unreadable is a process that its own user cannot look into.
type unreadable struct{ what string }

func (u *unreadable) Error() string { return u.what }

func (l *look) onceEachRole(ctx context.Context, f func(role Role, p process, in Inside) error) (int, error) {
	procs, err := l.procs()
	if err != nil {
		return 0, err
	}
	looked := 0
	for _, role := range l.Roles {
		running := procs.of(role.Name)
		if len(running) == 0 {
			continue
		}
		look := l.insides
		if l.inside != nil {
			look = l.inside
		}
		inside, err := look(ctx, role, running)
		if err != nil {
			return looked, fmt.Errorf("%s: %w", role.Name, err)
		}
		for _, p := range running {
			in, ok := inside[strconv.Itoa(p.pid)]
			if !ok || in.Error != "" {
				if _, err := fs.Stat(l.proc, strconv.Itoa(p.pid)); err != nil {
					continue // it ended meanwhile
				}
				return looked, &unreadable{fmt.Sprintf("%s (pid %d): %s", role.Name, p.pid, in.Error)}
			}
			if err := f(role, p, in); err != nil {
				return looked, err
			}
			looked++
		}
	}
	return looked, nil
}

// networks are the kernel's tables of sockets that reach a network.
func networks() []string { return []string{"tcp", "tcp6", "udp", "udp6", "raw", "raw6"} }

// outbound lists what the services' processes have open towards a network and
// did not accept on the box's own ports, but for what the one that goes out has
// connected.
func (l *look) outbound(ctx context.Context) (found []string, looked int, err error) {
	type entry struct {
		table string
		socket
	}
	byInode := map[string]entry{}
	for _, table := range networks() {
		for _, s := range netSockets(l.proc, path.Join("net", table)) {
			byInode[s.inode] = entry{table, s}
		}
	}
	looked, err = l.eachRole(ctx, func(role Role, p process, in Inside) error {
		for _, inode := range in.Sockets {
			s, ok := byInode[inode]
			tcp := strings.HasPrefix(s.table, "tcp")
			if !ok || tcp && role.Name == "nginx" && (s.local.Port() == l.ListenPort || s.local.Port() == l.SecurePort) {
				continue
			}
			if role.Name == outRole && s.remote.Port() != 0 {
				continue
			}
			found = append(found, fmt.Sprintf("%s (pid %d) %s %s to %s", role.Name, p.pid, s.table, s.local, s.remote))
		}
		return nil
	})
	return found, looked, err
}
