package extract

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
)

// File is one file that Into has written.
type File struct {
	Entry
	Size int64 // bytes
}

// Into takes an archive apart into folder, which it makes inside root and
// which must not exist. Files are 0600, folders 0700, nothing is executable and
// nothing is overwritten. After any error the folder is gone again.
func Into(ctx context.Context, root *os.Root, folder string, r io.ReaderAt, size int64, name string, o Options) (files []File, err error) {
	if err := root.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			files = nil
			err = errors.Join(err, root.RemoveAll(folder))
		}
	}()
	into, err := root.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer into.Close()
	err = Walk(ctx, r, size, name, o, func(e Entry, body io.Reader) error {
		n, err := write(into, e.Name, body)
		if err != nil {
			return errors.Join(err, into.RemoveAll(e.Name))
		}
		files = append(files, File{e, n})
		return nil
	})
	return files, err
}

func write(root *os.Root, name string, body io.Reader) (int64, error) {
	if folder := path.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return 0, err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, body)
	return n, errors.Join(err, f.Close())
}
