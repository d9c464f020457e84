package posture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Inside is what only a process's own user can see of it: the kernel refuses
// it to a root without SYS_PTRACE, which init is.
type Inside struct {
	Environ string   `json:"environ"`
	Sockets []string `json:"sockets"` // inodes
	Error   string   `json:"error,omitempty"`
}

// maxEnviron is more than a service is ever given, in bytes.
const maxEnviron = 128 << 10

// LookInside reads the processes with these pids, as far as the user that
// calls it may.
func LookInside(pids []string) map[string]Inside {
	out := map[string]Inside{}
	for _, pid := range pids {
		if _, err := strconv.Atoi(pid); err == nil {
			out[pid] = lookInside(filepath.Join("/proc", pid))
		}
	}
	return out
}

func lookInside(proc string) Inside {
	f, err := os.Open(filepath.Join(proc, "environ"))
	if err != nil {
		return Inside{Error: err.Error()}
	}
	defer f.Close()
	env, err := io.ReadAll(io.LimitReader(f, maxEnviron))
	if err != nil {
		return Inside{Error: err.Error()}
	}
	in := Inside{Environ: string(env)}
	descriptors, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return Inside{Error: err.Error()}
	}
	for _, d := range descriptors {
		target, err := os.Readlink(filepath.Join(proc, "fd", d.Name()))
		if err != nil {
			continue // it was closed meanwhile
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			in.Sockets = append(in.Sockets, strings.TrimSuffix(inode, "]"))
		}
	}
	return in
}

// insides looks at the processes of a role with the eyes of the user that each
// is: in a child that has that user's rights and no other, for as long as it
// takes.
func (l *look) insides(ctx context.Context, role Role, all []process) (map[string]Inside, error) {
	out := map[string]Inside{}
	users := map[[2]int][]process{}
	for _, p := range all {
		as := [2]int{p.first("Uid", role.UID), p.first("Gid", role.GID)}
		users[as] = append(users[as], p)
	}
	for as, theirs := range users {
		seen, err := l.insidesAs(ctx, as[0], as[1], theirs)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, seen)
	}
	return out, nil
}

func (l *look) insidesAs(ctx context.Context, uid, gid int, all []process) (map[string]Inside, error) {
	args := []string{"coffer", "probe", asLooker}
	for _, p := range all {
		args = append(args, strconv.Itoa(p.pid))
	}
	c := &exec.Cmd{Path: l.Self, Args: args, Env: []string{"GOMAXPROCS=1"}, Dir: "/"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if *l.root {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	var out map[string]Inside
	err := l.child(ctx, c, &out)
	return out, err
}

// maxOutput bounds what is taken from a child.
const maxOutput = 4 << 20

// child runs c to its end and decodes what it printed.
func (l *look) child(ctx context.Context, c *exec.Cmd, into any) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	e, ew, err := os.Pipe()
	if err != nil {
		w.Close()
		return err
	}
	defer e.Close()
	c.Stdout, c.Stderr = w, ew
	done, err := l.Start(c)
	w.Close()
	ew.Close()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	text, readErr := io.ReadAll(io.LimitReader(r, maxOutput))
	said, _ := io.ReadAll(io.LimitReader(e, 4<<10)) // it explains a failure, or nothing does
	waitErr := c.Wait()
	done()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case waitErr != nil:
		return fmt.Errorf("%w: %s", waitErr, bytes.TrimSpace(said))
	case readErr != nil:
		return readErr
	}
	return json.Unmarshal(text, into)
}
