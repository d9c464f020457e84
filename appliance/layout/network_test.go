package layout

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNetworkFileSystems(t *testing.T) {
	for _, row := range []struct {
		magic int64
		err   error
		name  string
	}{
		{0x6969, nil, "NFS"}, {0x517b, nil, "SMB"}, {0xfe534d42, nil, "SMB"}, {0xff534d42, nil, "SMB"}, {-11317950, nil, "SMB"}, // as 32 bits have it
		{0x564c, nil, "NCP"}, {0x01021997, nil, "9P"}, {0x00c36400, nil, "Ceph"}, {0x5346414f, nil, "AFS"}, {0x6b414653, nil, "AFS"}, {0x73757245, nil, "Coda"},
		{unix.EXT4_SUPER_MAGIC, nil, ""}, {unix.BTRFS_SUPER_MAGIC, nil, ""}, {unix.XFS_SUPER_MAGIC, nil, ""}, {unix.OVERLAYFS_SUPER_MAGIC, nil, ""},
		{unix.TMPFS_MAGIC, nil, ""}, {0x2fc12fc1, nil, ""}, {unix.FUSE_SUPER_MAGIC, nil, ""}, {0x6969, unix.EACCES, ""},
	} {
		o := testOptions(t, os.Getpid())
		var log bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		asked := ""
		o.statfs = func(path string, st *unix.Statfs_t) error {
			asked, st.Type = path, row.magic
			return row.err
		}
		// The box runs, and says it.
		if _, err := Enforce(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if asked != o.Data+"/store" {
			t.Errorf("%q was looked at", asked)
		}
		p := Remote(o)
		if (p != nil) != (row.name != "") {
			t.Errorf("%#x: %v", row.magic, p)
		}
		for _, words := range []string{"(" + row.name + ")", "/from:ro", "coffer-local:" + o.Data} {
			if strings.Contains(log.String(), words) != (row.name != "") {
				t.Errorf("%#x: %q is said: %v, in %s", row.magic, words, row.name == "", &log)
			}
		}
	}
	if p := Remote(testOptions(t, 1000)); p != nil {
		t.Errorf("a folder that is not there: %v", p)
	}
	if p := Remote(Options{Data: t.TempDir(), statfs: func(string, *unix.Statfs_t) error { return errors.New("x") }}); p != nil {
		t.Error(p)
	}
}
