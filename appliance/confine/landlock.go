package confine

import (
	"debug/elf"
	"fmt"
	"io"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Rights by use. Reading does not execute: a library is mapped with read
// access, only execve needs more.
const (
	rightsRead  = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSReadDir)
	rightsExec  = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSExecute)
	rightsWrite = rightsRead | landlock.AccessFSSet(ll.AccessFSWriteFile|ll.AccessFSTruncate|
		ll.AccessFSMakeReg|ll.AccessFSMakeDir|ll.AccessFSRemoveFile|ll.AccessFSRemoveDir)
	rightsFile   = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSTruncate)
	rightsDevice = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSWriteFile)
)

// Where the dynamic linker finds libraries; a static program needs none.
const linkerCache = "/etc/ld.so.cache"

var libraryFolders = []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"}

// config is everything up to ABI 8: files, TCP, signals and abstract sockets.
// A kernel with less does less (best effort).
func config() landlock.Config { return landlock.V8.BestEffort() }

// enforce restricts the process to f: all file rights, TCP bind and (unless it
// may) connect, abstract Unix sockets and signals of processes outside.
func (f Files) enforce() error {
	rules, err := f.rules()
	if err != nil {
		return err
	}
	c := config()
	if f.ConnectTCP {
		c.HandledAccessNet &^= ll.AccessNetConnectTCP
	}
	return c.Restrict(rules...)
}

func (f Files) rules() ([]landlock.Rule, error) {
	var rules []landlock.Rule
	for _, p := range f.Read {
		rules = append(rules, path(rightsRead, p))
	}
	for _, p := range f.Optional {
		rules = append(rules, path(rightsRead, p).IgnoreIfMissing())
	}
	for _, p := range f.Write {
		rules = append(rules, path(rightsWrite, p))
	}
	for _, p := range f.Move {
		// Landlock 1 has no such right and would refuse every such rename: there
		// the whole process runs without Landlock, as Probe says.
		rules = append(rules, path(rightsWrite|landlock.AccessFSSet(ll.AccessFSRefer), p))
	}
	for _, p := range f.Devices {
		rules = append(rules, landlock.PathAccess(rightsDevice, p).IgnoreIfMissing())
	}
	for _, p := range f.Exec {
		rules = append(rules, landlock.PathAccess(rightsExec, p))
		linker, err := interpreter(p)
		if err != nil {
			return nil, err
		}
		if linker == "" {
			continue
		}
		rules = append(rules, landlock.PathAccess(rightsExec, linker))
		rules = append(rules, path(rightsRead, linkerCache).IgnoreIfMissing())
		for _, folder := range libraryFolders {
			rules = append(rules, path(rightsRead, folder).IgnoreIfMissing())
		}
	}
	for _, port := range f.BindTCP {
		rules = append(rules, landlock.BindTCP(port))
	}
	return rules, nil
}

// path grants rights below a folder, or those of them that a file can have.
func path(rights landlock.AccessFSSet, p string) landlock.FSRule {
	if isFile(p) {
		rights &= rightsFile
	}
	return landlock.PathAccess(rights, p)
}

// interpreter returns the dynamic linker that the program at path asks for,
// which the kernel executes too; empty for a static program.
func interpreter(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		name, err := io.ReadAll(io.LimitReader(p.Open(), 4096))
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		return strings.TrimRight(string(name), "\x00"), nil
	}
	return "", nil
}
