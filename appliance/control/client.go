package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"coffer/appliance/posture"
	"coffer/appliance/supervise"
)

// Ask sends r to the init that listens below run and returns the services.
func Ask(ctx context.Context, run string, r Request) ([]supervise.Status, error) {
	a, err := Exchange(ctx, Socket(run).Path, r)
	return a.Services, err
}

// Report asks at the socket at path for a report, by AskDoctor or AskPosture.
func Report(ctx context.Context, path string, r Request) (posture.Report, error) {
	a, err := Exchange(ctx, path, r)
	if err == nil && a.Posture == nil {
		err = errors.New("the box gave no report")
	}
	if err != nil {
		return posture.Report{}, err
	}
	return *a.Posture, nil
}

// Exchange sends r to the socket at path.
func Exchange(ctx context.Context, path string, r Request) (Answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Answer{}, errors.New("only root, or the user who runs the box, may ask")
	case err != nil:
		return Answer{}, fmt.Errorf("no box answers at %s; is it running?", path)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(looking + 2*patience)); err != nil {
		return Answer{}, err
	}
	// Who may not ask is told so before the request is read: the answer counts,
	// also when the request could not be written.
	unsent := json.NewEncoder(conn).Encode(r)
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return Answer{}, fmt.Errorf("the box did not answer: %w", errors.Join(unsent, err))
	}
	if a.Error != "" {
		return Answer{}, errors.New(a.Error)
	}
	return a, nil
}
