package restore

import (
	"errors"
	"io/fs"
	"path"
	"time"

	"coffer/appliance/beneath"
)

// Former returns when the state in DATA/before was laid aside; zero: there is
// none.
func Former(data string) (time.Time, error) {
	d, err := beneath.Base(data)
	if err != nil {
		return time.Time{}, err
	}
	defer d.Close()
	at, err := laidAside(d)
	if errors.Is(err, ErrNothing) {
		err = nil
	}
	return at, err
}

// laidAside is when; ErrNothing where no store lies there.
func laidAside(d *beneath.Dir) (time.Time, error) {
	info, err := d.Look(path.Join(Before, store))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return time.Time{}, ErrNothing
	}
	if err != nil {
		return time.Time{}, err
	}
	info, err = d.Look(Before)
	return info.Modified, err
}

// PutBack takes the decision to put what lies in DATA/before back in its place,
// as Decide does for what is staged. What is there now lies in DATA/before then,
// so that it can be put back in its turn.
func PutBack(data string) error {
	d, err := beneath.Base(data)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := laidAside(d); err != nil {
		return err
	}
	var will decision
	for _, name := range []string{store, blobs, secrets, config} {
		info, err := d.Look(path.Join(Before, name))
		if err == nil && info.IsDir() {
			will.Former = append(will.Former, name)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := clear(d, former); err != nil {
		return err
	}
	return write(d, will)
}

// Forget removes what lies in DATA/before.
func Forget(data string) error {
	d, err := beneath.Base(data)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := laidAside(d); err != nil {
		return err
	}
	return clear(d, Before)
}

// makeWay moves Before out of the way of what is laid aside next, where it is
// what is put back. Once done it is seen to be.
func (w decision) makeWay(d *beneath.Dir) error {
	if len(w.Former) == 0 {
		return nil
	}
	_, err := d.Look(former)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.Rename(Before, former)
}

// giveWay leaves Before as it was before the decision, once the moves are undone.
func (w decision) giveWay(d *beneath.Dir) error {
	if err := clear(d, Before); err != nil || len(w.Former) == 0 {
		return err
	}
	return errors.Join(d.Rename(former, Before), d.Sync("."), d.Sync(Folder))
}
