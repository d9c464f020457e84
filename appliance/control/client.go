package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"coffer/appliance/supervise"
)

// Ask sends r to the init that listens below run and returns the services.
func Ask(ctx context.Context, run string, r Request) ([]supervise.Status, error) {
	path := Socket(run).Path
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("only root, or the user who runs the box, may ask")
	case err != nil:
		return nil, fmt.Errorf("no box answers at %s; is it running?", path)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return nil, err
	}
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return nil, fmt.Errorf("the box did not answer: %w", err)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Services, nil
}
