package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"coffer/appliance/beneath"
	"coffer/appliance/confine"
	"coffer/appliance/layout"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
)

// Service is one row: a program, who runs it, what it is handed, and what it
// may do.
type Service struct {
	supervise.Program

	As   layout.Owner
	Path string
	Args []string // name first
	Env  []string // its whole environment; COFFER_FDS is added

	Data    []Data   // memory files, handed over by name
	Sockets []string // listening sockets, handed over by name
	// Told, when not nil, is given what the service tells of its work, line by
	// line.
	Told func(line string)
	// Fresh are files below RUN that a start must not find, by whatever is under
	// their names now.
	Fresh []string
	// Probe tells when the service does its work, for a program that does not
	// report on a pipe.
	Probe func(ctx context.Context, pid int) error

	Files     confine.Files
	Profile   confine.Profile
	OpenFiles uint64 // limit of open descriptors
}

// Data is bytes that a service reads from a descriptor.
type Data struct {
	Name  string
	Bytes []byte
	// Make, when not nil, gives the bytes anew for each start.
	Make func() []byte
}

// launcher starts services through the spawn stub.
type launcher struct {
	box      *box
	services map[string]Service
	output   map[string]*os.File
}

// Launch implements supervise.Launcher. Everything that a service is handed is
// made anew for each start, but for the sockets.
func (l *launcher) Launch(p supervise.Program, report func(supervise.Report)) (supervise.Child, error) {
	s := l.services[p.Name]
	if err := l.box.forget(s.Fresh); err != nil {
		return nil, err
	}
	made := map[string][]byte{}
	var handed []*os.File // closed here once the child has them
	defer func() {
		for _, f := range handed {
			f.Close()
		}
	}()
	var files []*os.File
	var names []string
	for _, d := range s.Data {
		content := d.Bytes
		if d.Make != nil {
			content = d.Make()
			made[d.Name] = content
		}
		f, err := confine.Sealed(d.Name, content)
		if err != nil {
			return nil, err
		}
		handed = append(handed, f)
		files, names = append(files, f), append(names, d.Name)
	}
	command := supervise.Command{
		Path:   l.box.Self,
		Output: l.output[p.Name],
		Probe:  s.Probe,
		Told:   s.Told,
		Env:    []string{"GOMAXPROCS=1"}, // of the stub
	}
	if s.Probe == nil {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		command.Notify = r
		handed = append(handed, w)
		files, names = append(files, w), append(names, sockets.Notify)
	}
	for _, name := range s.Sockets {
		f, err := l.box.sockets.File(name)
		if err != nil {
			return nil, err
		}
		files, names = append(files, f), append(names, name)
	}
	spec := confine.Spec{
		Path:        s.Path,
		Args:        s.Args,
		Env:         append([]string{}, s.Env...),
		Descriptors: len(files),
		OpenFiles:   s.OpenFiles,
		Files:       s.Files,
		Profile:     s.Profile,
	}
	if len(names) > 0 {
		spec.Env = append(spec.Env, sockets.Variable+"="+strings.Join(names, ","))
	}
	if confine.Switches() {
		spec.UID, spec.GID = s.As.UID, s.As.GID
	}
	f, err := spec.Memfd()
	if err != nil {
		return nil, err
	}
	handed = append(handed, f)
	command.Files = append(files, f)
	command.Args = []string{"coffer", "spawn", strconv.Itoa(3 + len(files))}
	l.box.handed.keep(p.Name, made)
	child, err := supervise.Start(l.box.life, command, l.box.reaper, report)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return child, nil
}

// forget removes files below RUN.
func (b *box) forget(names []string) error {
	dir, err := beneath.Open(b.Run)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, name := range names {
		if err := dir.Unlink(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Await implements supervise.Launcher: the socket of a program on demand is
// its first.
func (l *launcher) Await(ctx context.Context, p supervise.Program) error {
	s := l.services[p.Name]
	if len(s.Sockets) == 0 {
		return fmt.Errorf("service %s has no socket to wait at", p.Name)
	}
	return l.box.sockets.Wait(ctx, s.Sockets[0])
}
