package posture

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"coffer/appliance/supervise"
)

// process is what the kernel says of one process.
type process struct {
	pid, parent int
	name        string
	role        string // of the service it belongs to
	service     bool   // init started it itself
	fields      map[string]string
}

// field is a line of status, with single spaces.
func (p process) field(name string) string { return p.fields[name] }

func (p process) number(name string) int {
	n, err := strconv.Atoi(p.field(name))
	if err != nil {
		return -1
	}
	return n
}

// first is the first number of a line of status, or other when there is none.
func (p process) first(name string, other int) int {
	word, _, _ := strings.Cut(p.field(name), " ")
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	return other
}

// processes are those of the services, by role.
type processes struct {
	all    []process
	states map[string]supervise.State
}

func (p *processes) of(role string) []process {
	var out []process
	for _, each := range p.all {
		if each.role == role {
			out = append(out, each)
		}
	}
	return out
}

func readProcess(proc fs.FS, dir string) (process, error) {
	text, err := fs.ReadFile(proc, path.Join(dir, "status"))
	if err != nil {
		return process{}, err
	}
	p := process{fields: map[string]string{}}
	for line := range strings.SplitSeq(string(text), "\n") {
		name, value, _ := strings.Cut(line, ":")
		p.fields[name] = strings.Join(strings.Fields(value), " ")
	}
	p.name, p.parent = p.field("Name"), p.number("PPid")
	return p, nil
}

// gather reads every process below proc and keeps the services' own: the
// processes that init started, and their descendants.
func gather(proc fs.FS, services []supervise.Status) (*processes, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, err
	}
	found := map[int]process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := readProcess(proc, e.Name())
		if err != nil || strings.HasPrefix(p.field("State"), "Z") {
			continue // it ended meanwhile
		}
		p.pid = pid
		found[pid] = p
	}
	out := &processes{states: map[string]supervise.State{}}
	roots := map[int]string{}
	for _, s := range services {
		out.states[s.Name] = s.State
		if s.Pid != 0 {
			roots[s.Pid] = s.Name
		}
	}
	for pid, p := range found {
		for at, steps := pid, 0; steps < 8 && at > 0; steps++ {
			if role, ok := roots[at]; ok {
				p.role, p.service = role, at == pid
				out.all = append(out.all, p)
				break
			}
			at = found[at].parent
		}
	}
	slices.SortFunc(out.all, func(a, b process) int { return a.pid - b.pid })
	return out, nil
}

// socket is one line of /proc/net/tcp and its kin.
type socket struct {
	local, remote netip.AddrPort
	inode         string
}

// netSockets reads one table, such as net/tcp6. A kernel without that family
// has no such file.
func netSockets(proc fs.FS, name string) []socket {
	text, err := fs.ReadFile(proc, name)
	if err != nil {
		return nil
	}
	var out []socket
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[0] == "sl" {
			continue
		}
		local, err := kernelAddress(f[1])
		if err != nil {
			continue
		}
		remote, err := kernelAddress(f[2])
		if err != nil {
			continue
		}
		out = append(out, socket{local, remote, f[9]})
	}
	return out
}

// kernelAddress reads ADDRESS:PORT in hex; the address is in words of four
// bytes in the machine's order, which is little-endian where we run.
func kernelAddress(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	if err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("address %q", text)
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}
