package layout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
)

// problem records why path could not be made right, and what helps.
func (l *layer) problem(path string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	path = filepath.Clean(path)
	p := &Problem{Path: path, cause: err}
	me := Owner{os.Geteuid(), os.Getegid()}
	var refused *beneath.Refused
	switch {
	case errors.As(err, &refused):
		p.Path = refused.Path
		p.What = "is " + refused.What + ", which the box neither follows nor opens"
		p.Remedy = l.Remedy(refused)
	case errors.Is(err, unix.EROFS):
		p.What = "is on a volume mounted read-only"
		p.Remedy = "Mount it without :ro."
		if within(l.Run, path) {
			p.Remedy = "With a read-only container, add --tmpfs /run."
		}
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		p.What = "cannot be written: the disk is full"
		p.Remedy = "Make room on the volume; nothing stored has been changed."
	case (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) && !l.root:
		p.What = fmt.Sprintf("is not writable for user %s, as whom the box runs%s", me, ownedBy(path))
		p.Remedy = fmt.Sprintf("On the host run: chown -R %s FOLDER, where FOLDER is what is mounted at %s. "+
			"For a named volume: docker run --rm --user 0 --entrypoint chown -v VOLUME:%[2]s IMAGE -R %[1]s %[2]s", me, l.Data)
		if within(l.Run, path) {
			p.Remedy = "Add --tmpfs /run, which every user may write."
		}
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		p.What = "does not let root change its owner or mode (" + err.Error() + ")" + ownedBy(path)
		p.Remedy = "Shares such as NFS with root_squash or SMB do this, and so does a container without CHOWN, DAC_OVERRIDE and FOWNER. " +
			"Use a local volume, give those capabilities back, or run the box as the folder's owner with --user."
	default:
		p.What = "cannot be made ready (" + err.Error() + ")"
		p.Remedy = "Check that it is a folder on a working file system."
	}
	l.problems = append(l.problems, p)
}

// Remedy says how to mend what was refused, by a command that loses nothing.
func (o Options) Remedy(r *beneath.Refused) string {
	text := "Look at what it is and who made it. Then put it aside, which loses nothing: "
	if r.Shared() {
		text = "Look at which other name it has. Then give it a file of its own, which leaves the other as it is: "
	}
	text += r.Command()
	if within(o.Data, r.Path) {
		text += fmt.Sprintf(". In a container: docker run --rm --user 0 --entrypoint sh -v VOLUME:%s IMAGE -c \"%s\"", o.Data, r.Command())
	}
	if r.What == beneath.Symlink {
		text += ". If what you need is where the link leads, mount that at " + r.Path + " in its place"
	}
	return text + "."
}

// ownedBy describes the nearest folder there is.
func ownedBy(path string) string {
	for {
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil {
			return fmt.Sprintf("; %s belongs to %d:%d, mode %04o", path, st.Uid, st.Gid, st.Mode&0o7777)
		}
		if path == filepath.Dir(path) {
			return ""
		}
		path = filepath.Dir(path)
	}
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
