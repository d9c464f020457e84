package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"coffer/config"
	"coffer/services/console"
	"coffer/services/library"
)

// playBackup makes, lists and proves backups of the box that runs.
func playBackup(ctx context.Context, c call) int {
	usage := fmt.Errorf("%w: coffer backup create [--passphrase] | list [--remote] | verify ID [--passphrase] | storage … | fetch NAME", errUsage)
	if len(c.args) == 0 {
		return c.fail("backup", usage)
	}
	what := c.args[0]
	if what == "storage" {
		return c.storage(ctx, c.args[1:])
	}
	flags := flag.NewFlagSet("backup "+what, flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	phrase := flags.Bool("passphrase", false, "with a passphrase, which is asked for, instead of the recovery key")
	remote := flags.Bool("remote", false, "list what is in the storage for copies")
	args := c.args[1:]
	id, named := "", what == "verify" || what == "fetch"
	if named && len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		id, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 || named != (id != "") || *remote && what != "list" {
		return c.fail("backup", usage)
	}
	cfg, code := c.configOf("backup", *root)
	if cfg == nil {
		return code
	}
	at := consoleSocket(cfg)
	var err error
	switch what {
	case "list":
		if *remote {
			err = c.listCopies(ctx, at)
		} else {
			err = c.listBackups(ctx, at)
		}
	case "fetch":
		err = c.fetchCopy(ctx, at, filepath.Join(cfg.Data, "backups"), id)
	case "create", "verify":
		err = c.workOnBackup(ctx, at, filepath.Join(cfg.Data, "backups"), id, *phrase)
	default:
		err = usage
	}
	if err != nil {
		return c.fail("backup", err)
	}
	return exitOK
}

// configOf loads the configuration; nil with the code to end with.
func (c call) configOf(command, root string) (*config.Config, int) {
	abs, err := filepath.Abs(root)
	if err == nil {
		var cfg *config.Config
		if cfg, err = config.Load(abs, c.env); err == nil {
			return cfg, exitOK
		}
	}
	c.fail(command, err)
	return nil, exitConfig
}

func (c call) listBackups(ctx context.Context, at string) error {
	a, err := console.Exchange(ctx, at, console.Request{Ask: console.ListBackups}, nil)
	if err != nil {
		return running(err)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tMADE\tSTATE\tPROVEN\tSEALED TO\tBYTES\tSOURCES\tCOPIED TO")
	for _, b := range a.Backups {
		state, proven, copied := string(b.Status), "-", "-"
		if b.Reason != nil {
			state += " (" + b.Reason.Message + ")"
		}
		if !b.ProvenAt.IsZero() {
			proven = b.ProvenAt.UTC().Format(time.RFC3339)
		}
		if b.CopiedTo != "" {
			copied = b.CopiedTo
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", b.ID, b.CreatedAt.UTC().Format(time.RFC3339), state, proven, b.Seal, b.Size, b.Sources, copied)
	}
	return w.Flush()
}

// workOnBackup makes a backup, or proves the one of an id again, and waits for
// the end of it.
func (c call) workOnBackup(ctx context.Context, at, folder, id string, phrase bool) error {
	r := console.Request{Ask: console.MakeBackup}
	if id != "" {
		r = console.Request{Ask: console.VerifyBackup, ID: id}
	}
	if phrase {
		var err error
		if id == "" {
			r.Key, err = newSecret(ctx, c.in, c.err, "Passphrase: ")
		} else {
			r.Key, err = knownSecret(ctx, c.in, c.err, "Passphrase: ")
		}
		if err != nil {
			return err
		}
	}
	a, err := console.Exchange(ctx, at, r, nil)
	if err != nil {
		return running(err)
	}
	if len(a.Backups) != 1 {
		return errors.New("the box did not say which backup it works on")
	}
	b, err := console.Await(ctx, at, a.Backups[0].ID, func(b library.Backup) {
		if b.Total > 0 {
			fmt.Fprintf(c.err, "%s: %d of %d MB\n", b.Status, b.Done/1e6, b.Total/1e6)
		}
	})
	if err != nil {
		return err
	}
	if b.Status != library.BackupProven {
		why := string(b.Status)
		if b.Reason != nil {
			why = b.Reason.Message
		}
		return fmt.Errorf("the backup %s failed: %s", b.ID, why)
	}
	fmt.Fprintf(c.out, "%s is proven: %d bytes, %d sources\n", filepath.Join(folder, b.ID+".age"), b.Size, b.Sources)
	if b.Missing > 0 {
		fmt.Fprintf(c.out, "%d originals were missing or damaged on the disk and are not in it.\n", b.Missing)
	}
	return nil
}

// running says what to do where no box runs.
func running(err error) error {
	if errors.Is(err, console.ErrNobody) {
		return fmt.Errorf("%w; start the box first: it makes and reads its backups itself", err)
	}
	return err
}

// playRestore puts a backup in the place of what the box that runs has.
func playRestore(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	undo := flags.Bool("undo", false, "go back to what was there before the last restore")
	if err := flags.Parse(c.args); err != nil {
		return exitUsage
	}
	if *undo && flags.NArg() == 0 {
		return c.putBack(ctx, *root)
	}
	if *undo || flags.NArg() != 1 {
		return c.fail("restore", fmt.Errorf("%w: coffer restore FILE, or coffer restore --undo; the recovery key or passphrase is asked for, or read from standard input", errUsage))
	}
	cfg, code := c.configOf("restore", *root)
	if cfg == nil {
		return code
	}
	file, err := os.Open(flags.Arg(0))
	if err != nil {
		return c.fail("restore", err)
	}
	defer file.Close()
	key, err := knownSecret(ctx, c.in, c.err, "Recovery key or passphrase: ")
	if err != nil {
		return c.fail("restore", err)
	}
	a, err := console.Exchange(ctx, consoleSocket(cfg), console.Request{Ask: console.RestoreBackup, Key: key}, file)
	if err != nil {
		return c.fail("restore", running(err))
	}
	fmt.Fprintf(c.out, "%d sources and %d originals are restored. The box starts again with them; sign in with the name and password of the backup.\n",
		a.Restored.Sources, a.Restored.Originals)
	return exitOK
}

// putBack goes back to what was there before the last restore.
func (c call) putBack(ctx context.Context, root string) int {
	cfg, code := c.configOf("restore", root)
	if cfg == nil {
		return code
	}
	if _, err := console.Exchange(ctx, consoleSocket(cfg), console.Request{Ask: console.PutBack}, nil); err != nil {
		return c.fail("restore", running(err))
	}
	fmt.Fprintln(c.out, "The box starts again with what was there before the last restore; sign in with the name and password of then.")
	return exitOK
}
