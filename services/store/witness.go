package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Witness is a file in a folder of its own that holds the owner's marks, one on
// each line. It implements library.Witness.
type Witness struct{ folder string }

const (
	witnessFile = "owner"
	maxWitness  = 1 << 10 // bytes
)

// NewWitness returns the witness in folder, which must exist by the time
// something is kept.
func NewWitness(folder string) *Witness { return &Witness{folder} }

// Marks implements library.Witness.
func (w *Witness) Marks() ([]string, error) {
	path := filepath.Join(w.folder, witnessFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxWitness:
		return nil, fmt.Errorf("%s is not what the box wrote", path)
	}
	text, err := os.ReadFile(path)
	return strings.Fields(string(text)), err
}

// Keep implements library.Witness.
func (w *Witness) Keep(marks ...string) error {
	path := filepath.Join(w.folder, witnessFile)
	f, err := createPartial(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(marks, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+partial, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+partial))
	}
	return syncDir(w.folder)
}
