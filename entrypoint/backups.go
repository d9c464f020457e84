package main

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/control"
	"coffer/appliance/secrets"
	"coffer/services/backup"
)

// maxKept is the largest file that init keeps, in bytes.
const maxKept = 1 << 20

// seal packs the secrets and the configuration for a backup. The setup code is
// of no use to a box that has an owner; what the edge presents is a copy.
func (p plan) seal(recipient string) ([]byte, error) {
	return backup.Seal(recipient, func(add func(string, []byte) error) error {
		data, err := beneath.Base(p.cfg.Data)
		if err != nil {
			return err
		}
		defer data.Close()
		for _, folder := range []string{"secrets", "config"} {
			err := kept(data, folder, func(name string, content []byte) error {
				if name == "secrets/"+secrets.SetupCode || path.Dir(name) == "secrets/tls/edge" {
					return nil
				}
				return add(name, content)
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}

// kept calls f for each file below a folder, in the order of their names. What
// is no file or folder is left out: nothing of the box's own is.
func kept(d *beneath.Dir, folder string, f func(name string, content []byte) error) error {
	sub, err := d.Dir(folder)
	if err != nil {
		return err
	}
	defer sub.Close()
	names, err := sub.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		full := path.Join(folder, name)
		info, err := d.Look(full)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // replaced meanwhile: it has another name
		case err != nil:
			return err
		case info.IsDir():
			err = kept(d, full, f)
		case info.IsFile():
			var content []byte
			if content, err = contentOf(d, full); err == nil {
				err = f(full, content)
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func contentOf(d *beneath.Dir, name string) ([]byte, error) {
	n, err := d.Hold(name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	return n.Read(maxKept)
}

// sealer asks init, for the API.
type sealer struct{ socket string }

func (s sealer) restore(ctx context.Context, key string) error {
	return control.Restore(ctx, s.socket, key)
}

// aside asks init for what was there before the last restore.
type aside struct{ socket string }

func (a aside) At(ctx context.Context) (time.Time, error) {
	return control.Former(ctx, a.socket, "")
}

func (a aside) PutBack(ctx context.Context) error {
	_, err := control.Former(ctx, a.socket, control.PutBack)
	return err
}

func (a aside) Forget(ctx context.Context) error {
	_, err := control.Former(ctx, a.socket, control.Forget)
	return err
}

func (s sealer) seal(ctx context.Context, recipient string) ([]byte, error) {
	return control.Seal(ctx, s.socket, recipient)
}
