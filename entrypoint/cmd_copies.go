package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"coffer/services/console"
	"coffer/services/library"
)

// listCopies prints what is in the storage.
func (c call) listCopies(ctx context.Context, at string) error {
	a, err := console.Exchange(ctx, at, console.Request{Ask: console.ListCopies}, nil)
	if err != nil {
		return advised(err)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tMADE\tBYTES\tOF\tHERE")
	for _, one := range a.Stored {
		of, here := "another box", "-"
		if one.Own {
			of = "this box"
		}
		if one.Here {
			here = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", one.Name, one.MadeAt.UTC().Format(time.RFC3339), one.Size, of, here)
	}
	return w.Flush()
}

// fetchCopy brings a copy back, and waits for it.
func (c call) fetchCopy(ctx context.Context, at, folder, name string) error {
	if _, err := console.Exchange(ctx, at, console.Request{Ask: console.FetchCopy, ID: name}, nil); err != nil {
		return advised(err)
	}
	f, err := console.AwaitFetch(ctx, at, func(f library.Fetch) {
		if f.Total > 0 {
			fmt.Fprintf(c.err, "%d of %d MB\n", f.Done/1e6, f.Total/1e6)
		}
	})
	switch {
	case err != nil:
		return err
	case f.Failure != nil:
		return errors.New("it did not come: " + f.Failure.Message)
	case f.Name != name:
		return errors.New("the box started again meanwhile; ask for it once more")
	}
	all, err := console.Exchange(ctx, at, console.Request{Ask: console.ListBackups}, nil)
	if err != nil {
		return err
	}
	for _, b := range all.Backups {
		if b.Fetched && len(name) > len(b.ID) && name[len(name)-len(b.ID)-len(".age"):] == b.ID+".age" {
			fmt.Fprintf(c.out, "It is there; restore it with: coffer restore %s\n", filepath.Join(folder, b.ID+".age"))
			return nil
		}
	}
	return errors.New("it came, and is not among the backups; the log of the API says why")
}

// storage sets up, tries or forgets where copies go.
func (c call) storage(ctx context.Context, args []string) int {
	usage := fmt.Errorf("%w: coffer backup storage --endpoint URL --bucket NAME --access-key KEY [--region REGION] [--folder FOLDER] [--in-host] | --test | --forget; "+
		"the secret key is asked for, or read from standard input", errUsage)
	var w library.CopyWish
	flags := flag.NewFlagSet("backup storage", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	flags.StringVar(&w.Endpoint, "endpoint", "", "the address of the storage, without the bucket")
	flags.StringVar(&w.Bucket, "bucket", "", "the bucket")
	flags.StringVar(&w.Region, "region", "", "its region, where the storage has some")
	flags.StringVar(&w.Prefix, "folder", "", "a folder in it")
	flags.StringVar(&w.AccessKey, "access-key", "", "the access key")
	host := flags.Bool("in-host", false, "the bucket stands in the host (bucket.host), not in the path")
	test := flags.Bool("test", false, "put something small there, read it back and remove it")
	forget := flags.Bool("forget", false, "forget the storage; what lies there stays")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	set := w != (library.CopyWish{})
	if flags.NArg() > 0 || *test && *forget || set && (*test || *forget || w.Endpoint == "" || w.Bucket == "" || w.AccessKey == "") {
		return c.fail("backup storage", usage)
	}
	cfg, code := c.configOf("backup storage", *root)
	if cfg == nil {
		return code
	}
	w.PathStyle = set && !*host
	if err := c.storageAsked(ctx, consoleSocket(cfg), w, set, *test, *forget); err != nil {
		return c.fail("backup storage", err)
	}
	return exitOK
}

func (c call) storageAsked(ctx context.Context, at string, w library.CopyWish, set, test, forget bool) error {
	switch {
	case forget:
		if _, err := console.Exchange(ctx, at, console.Request{Ask: console.SetStorage}, nil); err != nil {
			return advised(err)
		}
		fmt.Fprintln(c.out, "No copies are made any more. What lies in the storage stays.")
		return nil
	case set:
		var err error
		if w.Secret, err = knownSecret(ctx, c.in, c.err, "Secret key: "); err != nil {
			return err
		}
		if _, err := console.Exchange(ctx, at, console.Request{Ask: console.SetStorage, Storage: w}, nil); err != nil {
			return advised(err)
		}
	}
	a, err := console.Exchange(ctx, at, console.Request{Ask: console.CopiesState}, nil)
	if err != nil {
		return running(err)
	}
	if a.Copies.Host == "" {
		fmt.Fprintln(c.out, "No storage is set up, and no copies are made.")
		return nil
	}
	fmt.Fprintf(c.out, "Copies go to %s\n", a.Copies.Place())
	if !a.Copies.Copied.IsZero() {
		fmt.Fprintf(c.out, "The latest was there and compared on %s.\n", a.Copies.Copied.UTC().Format(time.RFC3339))
	}
	if f := a.Copies.Failure; f != nil {
		fmt.Fprintf(c.out, "The last attempt failed: %s\n", f.Message)
	}
	if !set && !test {
		return nil
	}
	if _, err := console.Exchange(ctx, at, console.Request{Ask: console.TryStorage}, nil); err != nil {
		return advised(err)
	}
	fmt.Fprintln(c.out, "It works: a small object was put there, read back and removed.")
	return nil
}

// advised adds what to do to what the box refuses.
func advised(err error) error {
	if e, ok := errors.AsType[*library.Error](err); ok && e.Hint != "" {
		return fmt.Errorf("%w %s", err, e.Hint)
	}
	return running(err)
}
