package secrets

import (
	"fmt"
	"os"

	"coffer/appliance/beneath"
)

// Held is how one secret lies on the volume. It does not hold the secret.
type Held struct {
	Name     string
	UID, GID int
	Mode     uint32
	Wrong    string // what is not as it should be; empty: nothing
}

// Inspect looks at each secret without reading or changing it.
func Inspect(o Options) ([]Held, error) {
	dir, err := beneath.Open(o.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	want := store{Options: o, dir: dir, root: os.Geteuid() == 0}.attributes()
	var all []Held
	for _, name := range []string{SessionKey, SetupCode} {
		info, err := dir.Look(name)
		if err != nil {
			return nil, err
		}
		h := Held{Name: name, UID: info.UID, GID: info.GID, Mode: info.Mode}
		switch {
		case !info.IsFile() || info.Links > 1:
			h.Wrong = "is " + info.What()
		case want.UID != beneath.Keep && (info.UID != want.UID || info.GID != want.GID):
			h.Wrong = fmt.Sprintf("is owned by %d:%d", info.UID, info.GID)
		case info.Mode != want.Mode:
			h.Wrong = fmt.Sprintf("has mode %04o", info.Mode)
		}
		all = append(all, h)
	}
	return all, nil
}
