package posture

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"coffer/appliance/supervise"
)

// isService reports that init started p itself.
func (p *processes) isService(each process) bool {
	return !slices.ContainsFunc(p.all, func(o process) bool { return o.pid == each.parent && o.role == each.role })
}

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

func (l *look) processIdentity(context.Context) Finding {
	procs, err := l.procs()
	if err != nil {
		return unseen(err)
	}
	var seen []string
	var users []int
	for _, role := range l.Roles {
		if *l.root && (slices.Contains(users, role.UID) || role.UID == 0) {
			return fail(fmt.Sprintf("%s has the user %d of another", role.Name, role.UID))
		}
		users = append(users, role.UID)
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
			if wrong := l.identity(p, role); wrong != "" {
				return fail(fmt.Sprintf("%s (pid %d): %s", role.Name, p.pid, wrong))
			}
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

// eachRole looks inside the processes of every role.
func (l *look) eachRole(ctx context.Context, f func(role Role, p process, in Inside) error) (int, error) {
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
				return looked, fmt.Errorf("%s (pid %d): %s", role.Name, p.pid, in.Error)
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
// did not accept on the box's own port.
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
			if !ok || tcp && role.Name == "nginx" && s.local.Port() == l.ListenPort {
				continue
			}
			found = append(found, fmt.Sprintf("%s (pid %d) %s %s to %s", role.Name, p.pid, s.table, s.local, s.remote))
		}
		return nil
	})
	return found, looked, err
}
