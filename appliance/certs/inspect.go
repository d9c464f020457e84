package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"coffer/appliance/beneath"
)

// Held is how one file lies on the volume. It does not hold what it says.
type Held struct {
	Name     string // below Dir
	UID, GID int
	Mode     uint32
	Wrong    string // what is not as it should be; empty: nothing
}

// Inspect looks at each file without reading or changing it.
func (s Store) Inspect() ([]Held, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	edge, err := dir.Dir(edgeFolder)
	if err != nil {
		return nil, err
	}
	defer edge.Close()
	presented, err := edge.Names()
	if err != nil {
		return nil, err
	}
	names, err := dir.Names()
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == edgeFolder })
	want := map[string]beneath.Attributes{}
	for _, name := range names {
		want[name] = s.mine()
	}
	for _, name := range presented {
		name = path.Join(edgeFolder, name)
		names = append(names, name)
		want[name] = s.edges()
	}
	var all []Held
	for _, name := range names {
		info, err := dir.Look(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept meanwhile
		}
		if err != nil {
			return nil, err
		}
		h := Held{Name: name, UID: info.UID, GID: info.GID, Mode: info.Mode}
		a := want[name]
		switch {
		case !info.IsFile() || info.Links > 1:
			h.Wrong = "is " + info.What()
		case os.Geteuid() == 0 && (info.UID != a.UID || info.GID != a.GID):
			h.Wrong = fmt.Sprintf("is owned by %d:%d", info.UID, info.GID)
		case info.Mode != a.Mode:
			h.Wrong = fmt.Sprintf("has mode %04o", info.Mode)
		}
		all = append(all, h)
	}
	return all, nil
}
