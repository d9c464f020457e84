package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"coffer/appliance/beneath"
	"coffer/config"
	"coffer/services/auth"
	"coffer/services/console"
	"coffer/services/store"
)

// playOwner does what only whoever commands the machine may do to the owner's
// account.
func playOwner(ctx context.Context, c call) int {
	usage := fmt.Errorf("%w: coffer owner reset-password | remove-factors", errUsage)
	if len(c.args) == 0 {
		return c.fail("owner", usage)
	}
	r, done := console.Request{Ask: c.args[0]}, ""
	switch r.Ask {
	case console.ResetPassword:
		done = "The new password is set. Every browser is signed out, and keys of programs are void. A second factor that was on stays on."
	case console.RemoveFactors:
		done = "Second factors are off, and recovery codes are void. Name and password are enough to sign in."
	default:
		return c.fail("owner", usage)
	}
	flags := flag.NewFlagSet("owner "+r.Ask, flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args[1:]); err != nil {
		return exitUsage
	}
	switch {
	case flags.NArg() > 0 && r.Ask == console.ResetPassword:
		return c.fail("owner", fmt.Errorf("%w: the password is no argument, because others can see those; "+
			"it is asked for, or read from standard input", errUsage))
	case flags.NArg() > 0:
		return c.fail("owner", usage)
	}
	abs, err := filepath.Abs(*root)
	if err != nil {
		return c.fail("owner", err)
	}
	cfg, err := config.Load(abs, c.env)
	if err != nil {
		c.fail("owner", err)
		return exitConfig
	}
	if r.Ask == console.ResetPassword {
		r.Password, err = newPassword(ctx, c.in, c.err)
	}
	if err == nil {
		err = command(ctx, c, cfg, r)
	}
	if err != nil {
		return c.fail("owner", err)
	}
	fmt.Fprintln(c.out, done)
	return exitOK
}

// command asks the box that runs, or where none does opens the store itself.
func command(ctx context.Context, c call, cfg *config.Config, r console.Request) error {
	err := console.Ask(ctx, consoleSocket(cfg), r)
	if errors.Is(err, console.ErrNobody) {
		return commandStopped(ctx, c, filepath.Join(cfg.Data, "store"), r)
	}
	return err
}

func commandStopped(ctx context.Context, c call, folder string, r console.Request) (err error) {
	if err := becomeOwnerOf(folder); err != nil {
		return err
	}
	kept, err := store.Open(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	// No token and no sealed secret is read or made here, so that any key will
	// do.
	keeper, err := auth.New(auth.Options{
		Accounts: kept, Keys: kept, Audit: kept, SecretKey: make([]byte, 32), Log: c.logger(logOptions{LogLevel: "error"}),
		Witness: store.NewWitness(filepath.Join(filepath.Dir(folder), "witness")),
	})
	if err != nil {
		return err
	}
	return console.Do(ctx, keeper, r)
}

// becomeOwnerOf makes this process the user whose store lies in folder.
func becomeOwnerOf(folder string) error {
	owner, err := ownerOf(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no box has been set up in %s, so that there is nothing to change", filepath.Dir(folder))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("only root, or the user that owns %s, may do that", folder)
	case err != nil:
		return err
	}
	return become(owner.UID, owner.GID)
}

// ownerOf is whose store lies in folder. A file that also has a name elsewhere
// may be anybody's, root's too, and is refused.
func ownerOf(folder string) (beneath.Info, error) {
	dir, err := beneath.Open(folder)
	if err != nil {
		return beneath.Info{}, err
	}
	defer dir.Close()
	n, err := dir.File(store.FileName)
	if refused, ok := errors.AsType[*beneath.Refused](err); ok {
		err = fmt.Errorf("%w; look at who made it, then run: %s", err, refused.Command())
	}
	if err != nil {
		return beneath.Info{}, err
	}
	defer n.Close()
	return n.Info, nil
}

// become makes this process the user that owns the store, so that files keep
// their owner and nothing that lies there can be used against root.
func become(uid, gid int) error {
	if os.Geteuid() != 0 || uid == 0 {
		return nil
	}
	err := syscall.Setgroups(nil)
	if err == nil {
		err = syscall.Setresgid(gid, gid, gid)
	}
	if err == nil {
		err = syscall.Setresuid(uid, uid, uid)
	}
	if err != nil {
		return fmt.Errorf("root may not become the owner of the store here (%w); run this as that user: docker run --user %d:%d …", err, uid, gid)
	}
	return nil
}
