// Package beneathtest plants what the box must neither follow, change nor open,
// and asks the kernel whether it did.
//
// It owns the kinds of plants and the victim that each of them leads to. It
// refuses to know what is planted where.
package beneathtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Kind is what can be planted in the place of a file or a folder.
type Kind struct {
	Name string // for a test
	What string // the box's word
	// File says that it holds bytes, which nobody may remove.
	File bool
	make func(path string, v *Victim) error
}

// Kinds are all of them. Making a device needs root.
func Kinds() []Kind {
	all := []Kind{
		{"link to a file", "a symbolic link", false, func(p string, v *Victim) error { return os.Symlink(v.File, p) }},
		{"link to a folder", "a symbolic link", false, func(p string, v *Victim) error { return os.Symlink(v.Folder, p) }},
		{"hard link", "a file with a second name (hard link)", true, func(p string, v *Victim) error { return os.Link(v.File, p) }},
		{"FIFO", "a FIFO", false, func(p string, _ *Victim) error { return unix.Mkfifo(p, 0o622) }},
		{"socket", "a socket", false, func(p string, _ *Victim) error { return unix.Mknod(p, unix.S_IFSOCK|0o622, 0) }},
	}
	if os.Geteuid() == 0 {
		// The null device, so that a test that fails does no harm.
		null := int(unix.Mkdev(1, 3))
		all = append(all, Kind{"device", "a device", false, func(p string, _ *Victim) error { return unix.Mknod(p, unix.S_IFCHR|0o622, null) }})
	}
	return all
}

// Victim is a folder with one file outside of what the box may touch.
type Victim struct {
	Folder, File string

	t      testing.TB
	watch  int
	names  map[int32]string
	before map[string]string
	plants map[string]string
}

const content = "the victim's content\n"

// New makes a victim on the file system of t.TempDir.
func New(t testing.TB) *Victim {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "victim")
	v := &Victim{Folder: dir, File: filepath.Join(dir, "file"), t: t, names: map[int32]string{}, plants: map[string]string{}}
	v.must(os.Mkdir(dir, 0o750), os.WriteFile(v.File, []byte(content), 0o604), os.Chmod(v.File, 0o604))
	if os.Geteuid() == 0 {
		v.must(os.Chown(v.File, 4711, 4712), os.Chown(dir, 4713, 4714))
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	v.must(err)
	v.watch = fd
	t.Cleanup(func() { unix.Close(fd) })
	v.before = map[string]string{dir: facts(t, dir, false), v.File: facts(t, v.File, false)}
	v.look(v.Folder, unix.IN_CREATE|unix.IN_DELETE|unix.IN_MOVE)
	v.look(v.File, 0)
	return v
}

func (v *Victim) must(errs ...error) {
	v.t.Helper()
	if err := errors.Join(errs...); err != nil {
		v.t.Fatal(err)
	}
}

// look has the kernel note each time that path is opened, read or written.
// Looking at it by a handle (O_PATH) is no opening.
func (v *Victim) look(path string, more uint32) {
	v.t.Helper()
	id, err := unix.InotifyAddWatch(v.watch, path, unix.IN_DONT_FOLLOW|unix.IN_OPEN|unix.IN_ACCESS|unix.IN_MODIFY|more)
	v.must(err)
	v.names[int32(id)] = path
}

// Plant puts a plant at path; what was there is moved out of the way and stays.
func (v *Victim) Plant(k Kind, path string) {
	v.t.Helper()
	if _, err := os.Lstat(path); err == nil {
		v.must(os.Rename(path, filepath.Join(v.t.TempDir(), "was")))
	}
	v.must(k.make(path, v))
	v.plants[path] = facts(v.t, path, true)
	if !k.File && k.What != "a symbolic link" {
		v.look(path, 0)
	}
}

// Stands fails the test unless the plant at path is as it was planted.
func (v *Victim) Stands(path string) {
	v.t.Helper()
	if now := facts(v.t, path, true); now != v.plants[path] {
		v.t.Errorf("what was planted at %s was %s and is %s", path, v.plants[path], now)
	}
}

// Gone fails the test when the plant is still there. A second name of the
// victim may have become a file of its own.
func (v *Victim) Gone(path string) {
	v.t.Helper()
	if now := facts(v.t, path, true); now == v.plants[path] {
		v.t.Errorf("what was planted at %s is still there: %s", path, now)
	}
}

// Untouched fails the test when the victim or a plant was opened, or the victim
// is not what it was.
func (v *Victim) Untouched() {
	v.t.Helper()
	for _, event := range v.events() {
		v.t.Error(event)
	}
	for path, before := range v.before {
		if now := facts(v.t, path, false); now != before {
			v.t.Errorf("the victim %s was %s and is %s", path, before, now)
		}
	}
	if text, err := os.ReadFile(v.File); err != nil || string(text) != content {
		v.t.Errorf("the victim holds %q, %v", text, err)
	}
	if names, err := os.ReadDir(v.Folder); err != nil || len(names) != 1 {
		v.t.Errorf("the victim's folder holds %v, %v", names, err)
	}
	v.events() // those were ours
}

// events are what the kernel noted since the last call.
func (v *Victim) events() (all []string) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := unix.Read(v.watch, buffer)
		if n <= 0 || err != nil {
			slices.Sort(all)
			return slices.Compact(all)
		}
		for b := buffer[:n]; len(b) >= unix.SizeofInotifyEvent; {
			id, mask, length := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[12:])
			end := unix.SizeofInotifyEvent + int(length)
			name := strings.TrimRight(string(b[unix.SizeofInotifyEvent:end]), "\x00")
			b = b[end:]
			if what := words(mask); what != "" {
				all = append(all, fmt.Sprintf("%s was %s", filepath.Join(v.names[id], name), what))
			}
		}
	}
}

func words(mask uint32) string {
	var all []string
	for _, w := range []struct {
		bit  uint32
		word string
	}{
		{unix.IN_OPEN, "opened"}, {unix.IN_ACCESS, "read"}, {unix.IN_MODIFY, "written"},
		{unix.IN_CREATE, "made"}, {unix.IN_DELETE, "removed"}, {unix.IN_MOVE, "moved"},
	} {
		if mask&w.bit != 0 {
			all = append(all, w.word)
		}
	}
	return strings.Join(all, " and ")
}

// facts describe what is at path, its times of access and of change of the
// inode left out; named says that its other names and its place count too.
func facts(t testing.TB, path string, named bool) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%o of %d:%d with %d bytes, device %d, changed %d.%d", st.Mode, st.Uid, st.Gid, st.Size, st.Rdev, st.Mtim.Sec, st.Mtim.Nsec)
	if named {
		target, _ := os.Readlink(path)
		text += fmt.Sprintf(", inode %d, leads to %q", st.Ino, target)
	}
	return text
}
