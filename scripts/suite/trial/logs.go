package trial

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// chatter is a service that prints a megabyte before it is ready, and then a
// numbered line ten times a second.
func chatter() service { return again("a", "-chat", "1000000", "-tick", "100ms") }

func stuckReader(d *desk) (string, error) {
	r, err := d.start(plan{services: []service{chatter()}}, how{stuck: true})
	if err != nil {
		return "", err
	}
	if err := r.await("a", "printed", 1); err != nil {
		return "", flawed("the service waits for the reader")
	}
	_, err = r.stop()
	return "", err
}

func fullDisk(d *desk) (string, error) {
	r, err := d.start(plan{services: []service{chatter()}, logs: true}, how{small: true})
	if err != nil {
		return "", err
	}
	if err := r.await("a", "printed", 1); err != nil {
		return "", flawed("the service waits for the disk")
	}
	// The file system is mounted in the namespace only.
	logs := fmt.Sprintf("/proc/%d/root%s", r.stage, r.logs())
	if err := os.Remove(filepath.Join(logs, "filler")); err != nil {
		return "", err
	}
	if !r.poll(guard, func() bool { return holds(logs, "tick ") }) {
		return "", flawed("its log does not go on")
	}
	_, err = r.stop()
	return "", err
}

// holds reports that a file below folder holds text.
func holds(folder, text string) bool {
	found := false
	// A file that ends meanwhile is looked for again.
	_ = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			data, _ := os.ReadFile(path)
			found = found || bytes.Contains(data, []byte(text))
		}
		return nil
	})
	return found
}
