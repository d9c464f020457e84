package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// readSmall reads a file the owner named. Links are followed: secret mounts
// are made of them.
func readSmall(path string) ([]byte, error) {
	f, _, err := open(unix.AT_FDCWD, path, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f)
}

// readOwned reads a file that nobody but root and the user who runs the box
// may be able to change, neither it nor its folder, and that has one name.
func readOwned(path string) ([]byte, fs.FileMode, error) {
	dir, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		var st unix.Stat_t
		if unix.Lstat(filepath.Dir(path), &st) != nil {
			return nil, 0, fs.ErrNotExist // DATA is no folder, as whoever makes it finds
		}
		return nil, 0, errNoFolder
	}
	if err != nil {
		return nil, 0, err
	}
	folder := os.NewFile(uintptr(dir), filepath.Dir(path))
	defer folder.Close()
	f, own, err := open(dir, filepath.Base(path), unix.O_NOFOLLOW)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	var around unix.Stat_t
	if err := unix.Fstat(dir, &around); err != nil {
		return nil, 0, err
	}
	for _, each := range []struct {
		name string
		st   unix.Stat_t
	}{{folder.Name(), around}, {path, own}} {
		if each.st.Uid != 0 && int(each.st.Uid) != os.Geteuid() {
			return nil, 0, fmt.Errorf("%s belongs to user %d", each.name, each.st.Uid)
		}
		if each.st.Mode&0o022 != 0 {
			return nil, 0, fmt.Errorf("%s can be changed by others (mode %04o)", each.name, each.st.Mode&0o7777)
		}
	}
	content, err := read(f)
	return content, fs.FileMode(own.Mode & 0o777), err
}

// What is not opened.
var (
	errLink     = errors.New("it is a symbolic link")
	errLinked   = errors.New("it is a file with a second name (hard link)")
	errNoFile   = errors.New("it is not a file")
	errNoFolder = errors.New("it is a symbolic link, or not a folder at all")
)

// ordinary says how to make a file of path that readOwned takes; no way of it
// loses anything.
func ordinary(path string, err error) string {
	switch {
	case errors.Is(err, errLink), errors.Is(err, errLinked):
		return fmt.Sprintf("Make a file of it: cp -p %s %[1]s.copy && mv %[1]s.copy %[1]s", path)
	case errors.Is(err, errNoFile), errors.Is(err, errNoFolder):
		return fmt.Sprintf("Put it aside: mv -n %s %[1]s.aside", path)
	}
	return "Make it an ordinary file that only its owner can change: chown root:root and chmod 0600 on it and on its folder."
}

// open opens the file at name in the folder dir. What it is is looked at
// before: a FIFO would wait for a writer, and a device may act on being opened.
// With O_NOFOLLOW a link is refused, and so is a file with a second name.
func open(dir int, name string, flags int) (*os.File, unix.Stat_t, error) {
	var st unix.Stat_t
	handle, err := unix.Openat(dir, name, unix.O_PATH|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return nil, st, err
	}
	defer unix.Close(handle)
	if err := unix.Fstat(handle, &st); err != nil {
		return nil, st, err
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return nil, st, errLink
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, st, errNoFile
	case st.Nlink > 1 && flags&unix.O_NOFOLLOW != 0:
		return nil, st, errLinked
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", handle), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil { // no /proc
		fd, err = unix.Openat(dir, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC|flags, 0)
	}
	if err != nil {
		return nil, st, err
	}
	return os.NewFile(uintptr(fd), name), st, nil
}

func read(f *os.File) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errors.New("it is larger than 64 KiB")
	}
	return content, err
}
