package boot

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"coffer/appliance/beneath"
	"coffer/appliance/supervise"
)

// StateFolder is where init writes how the services are, for the API to read.
func StateFolder(run string) string { return filepath.Join(run, "box") }

const stateFile = "services.json"

// writeState publishes all; who reads sees the old file or the new one.
func (b *box) writeState(all []supervise.Status) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	dir, err := beneath.Open(StateFolder(b.Run))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Put(stateFile, text, beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: 0o444})
}

// State reads what init wrote into folder; empty when it has not yet.
func State(folder string) ([]supervise.Status, error) {
	text, err := os.ReadFile(filepath.Join(folder, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []supervise.Status
	return all, json.Unmarshal(text, &all)
}
