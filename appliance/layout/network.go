package layout

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// network names the file systems that are another machine's, by the number
// that the kernel gives them (statfs(2)). FUSE is not among them: it is the
// disk itself under some container engines.
func network() map[uint32]string {
	return map[uint32]string{
		unix.NFS_SUPER_MAGIC:  "NFS",
		unix.SMB_SUPER_MAGIC:  "SMB",
		unix.SMB2_SUPER_MAGIC: "SMB",
		unix.CIFS_SUPER_MAGIC: "SMB",
		unix.NCP_SUPER_MAGIC:  "NCP",
		unix.V9FS_MAGIC:       "9P",
		unix.CEPH_SUPER_MAGIC: "Ceph",
		unix.AFS_SUPER_MAGIC:  "AFS",
		unix.AFS_FS_MAGIC:     "AFS",
		unix.CODA_SUPER_MAGIC: "Coda",
	}
}

// Remote says that the store lies on a network file system, and what helps; nil
// when it does not. A box runs there, but what the store relies on (locks, and
// writes that are on disk when the server says so) is up to that server.
func Remote(o Options) *Problem {
	statfs := o.statfs
	if statfs == nil {
		statfs = unix.Statfs
	}
	path := filepath.Join(o.Data, "store")
	var st unix.Statfs_t
	if err := statfs(path, &st); err != nil {
		return nil // that the folder is there is said elsewhere
	}
	name, ok := network()[uint32(st.Type)]
	if !ok {
		return nil
	}
	return &Problem{
		Path: path,
		What: "lies on a network file system (" + name + "), where a lost connection can damage a database",
		Remedy: fmt.Sprintf("Keep the volume on a local disk and let backups go to the network. Stop the box and copy it, which changes nothing: "+
			"docker run --rm --user 0 --entrypoint cp -v VOLUME:/from:ro -v coffer-local:/to IMAGE -a /from/. /to/, then start it with -v coffer-local:%s.", o.Data),
	}
}
