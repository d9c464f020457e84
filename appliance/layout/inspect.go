package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"coffer/appliance/beneath"
)

// Inspect compares the volume and the run directory with the table, and
// changes nothing. Differences are in words, one for each row.
func Inspect(o Options) (checked int, differences []string, err error) {
	for _, base := range []struct {
		path string
		rows []place
	}{{o.Data, dataPlaces(o.Roles)}, {o.Run, runPlaces(o.Roles)}} {
		dir, err := beneath.Base(base.path)
		if err != nil {
			return checked, differences, err
		}
		defer dir.Close()
		for _, row := range base.rows {
			info, err := dir.Look(row.name)
			if errors.Is(err, fs.ErrNotExist) && row.file {
				continue
			}
			checked++
			if what := row.differs(info, err); what != "" {
				differences = append(differences, path.Join(base.path, row.name)+" "+what)
			}
		}
	}
	return checked, differences, nil
}

func (p place) differs(info beneath.Info, err error) string {
	switch {
	case err != nil:
		return "cannot be looked at: " + err.Error()
	case p.strange(info):
		return "is " + info.What()
	case os.Geteuid() != 0:
		return "" // one user, who settled for what works
	case info.UID != p.owner.UID || info.GID != p.owner.GID:
		return fmt.Sprintf("is owned by %d:%d, not %s", info.UID, info.GID, p.owner)
	case info.Mode != p.mode:
		return fmt.Sprintf("has mode %04o, not %04o", info.Mode, p.mode)
	}
	return ""
}
