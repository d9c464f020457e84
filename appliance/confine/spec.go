package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Spec says what a process becomes. It travels as JSON in a memfd, so that no
// argument list shows it and nothing can change it on the way.
type Spec struct {
	Path string   `json:"path"` // the program to execute, absolute
	Args []string `json:"args"` // its argument list, name first
	Env  []string `json:"env"`  // its whole environment
	Dir  string   `json:"dir"`  // its working directory; empty: /

	// UID and GID are the role's; both 0 mean: stay the user we are, which must
	// then not be root.
	UID int `json:"uid"`
	GID int `json:"gid"`

	// Descriptors is the number of descriptors handed over after stdio, at 3
	// and up. Whatever is open above them is closed.
	Descriptors int `json:"descriptors"`

	OpenFiles uint64  `json:"open_files"` // RLIMIT_NOFILE; 0 leaves it
	Files     Files   `json:"files"`
	Profile   Profile `json:"profile"`
}

// Files is what Landlock leaves of the file system and of TCP. Paths that do
// not exist are refused, but those in Optional lists are skipped.
type Files struct {
	Read     []string `json:"read"`     // files or folders, to read and list
	Write    []string `json:"write"`    // folders or files, to read and change
	Move     []string `json:"move"`     // like Write, and to rename between its folders
	Exec     []string `json:"exec"`     // files, to execute
	Optional []string `json:"optional"` // like Read, where they exist
	Devices  []string `json:"devices"`  // device files, to read and write
	BindTCP  []uint16 `json:"bind_tcp"` // ports to listen on
	// ConnectTCP leaves connections out over TCP alone; to which addresses is
	// then the role's own to judge.
	ConnectTCP bool `json:"connect_tcp"`
}

// Memfd writes s to a sealed memory file for the stub to read.
func (s Spec) Memfd() (*os.File, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return Sealed("spec", data)
}

// Sealed returns a memory file that holds data and that nobody can change. It
// closes on exec unless it is handed to a child.
func Sealed(name string, data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal memfd: %w", err)
	}
	return f, nil
}

// readSpec reads the spec from descriptor fd and refuses one that could not
// have come from init.
func readSpec(fd int) (Spec, error) {
	f := os.NewFile(uintptr(fd), "spec")
	if f == nil {
		return Spec{}, errors.New("no spec descriptor")
	}
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return Spec{}, fmt.Errorf("spec: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(data, &s); err != nil {
		return Spec{}, fmt.Errorf("spec: %w", err)
	}
	return s, s.check()
}

func (s Spec) check() error {
	switch {
	case s.Path == "" || s.Path[0] != '/':
		return fmt.Errorf("spec: path %q is not absolute", s.Path)
	case len(s.Args) == 0:
		return errors.New("spec: no arguments")
	case s.Descriptors < 0 || s.Descriptors > 64:
		return fmt.Errorf("spec: %d descriptors", s.Descriptors)
	case (s.UID == 0) != (s.GID == 0):
		return fmt.Errorf("spec: uid %d with gid %d", s.UID, s.GID)
	case s.UID < 0 || s.GID < 0:
		return fmt.Errorf("spec: uid %d, gid %d", s.UID, s.GID)
	case s.UID == 0 && os.Geteuid() == 0:
		return errors.New("spec: a role may not stay root")
	}
	if _, err := s.Profile.policies(); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	return nil
}
