package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"coffer/scripts/e2e/box"
)

// backup makes, proves and restores a backup of the box in root, and lets the
// peer do the same with the files that are in it.
func (r report) backup(ctx context.Context, binary, root, dir string) error {
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return err
	}
	defer b.Kill()
	if err := b.Login(ctx, box.Owner, box.Password); err != nil {
		return err
	}
	key, err := b.RecoveryKey(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	made, err := b.BeginBackup(ctx)
	if err != nil {
		return err
	}
	var written time.Duration
	for written == 0 {
		var now box.Backup
		if err := b.Get(ctx, "/api/v1/backups/"+made.ID, &now); err != nil {
			return err
		}
		if now.Status != "running" {
			written = time.Since(started)
		}
		if err := box.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	if made, err = b.Proven(ctx, made.ID); err != nil {
		return err
	}
	proven := time.Since(started) - written
	data := filepath.Join(root, "data")
	size, err := sizeOf(filepath.Join(data, "store/coffer.db"), filepath.Join(data, "blobs"))
	if err != nil {
		return err
	}
	r.row("backup, "+fmt.Sprint(made.Originals)+" originals", ms(written), fmt.Sprintf("while the box runs; %.1f MB in the box, %.1f MB in the file", mb(size), mb(made.Size)))
	r.row("  proof of it", ms(proven), "every byte, the store restored and looked through, every original hashed")
	file, err := b.Download(ctx, made.ID)
	if err != nil {
		return err
	}
	b.HTTP.Timeout = 0 // it takes as long as it takes
	started = time.Now()
	if err := b.Restore(ctx, file, key, ""); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(data, "before/store")); err == nil && b.Ready(ctx) == nil {
			break
		}
		if err := box.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	restored := time.Since(started)
	r.row("  restored from it", ms(restored), "sent over HTTP, checked, put in place, and ready again")
	if _, _, err := b.Stop(); err != nil {
		return err
	}
	peer, err := restic(ctx, data, filepath.Join(dir, "restic"))
	if err != nil {
		r.row("  restic", "not measured", err.Error())
		return nil
	}
	r.row("  beside restic", fmt.Sprintf("%.1f, %.1f, %.1f times as fast", ratio(peer.made, written), ratio(peer.checked, proven), ratio(peer.restored, restored)),
		fmt.Sprintf("backup %s, check --read-data %s, restore %s of the same files with the box stopped; its repository has %.1f MB",
			ms(peer.made), ms(peer.checked), ms(peer.restored), mb(peer.size)))
	return nil
}

func ratio(peer, ours time.Duration) float64 { return float64(peer) / float64(ours) }

func mb(n int64) float64 { return float64(n) / 1e6 }

type peer struct {
	made, checked, restored time.Duration
	size                    int64
}

// restic backs the store's file and the originals up into a repository of its
// own, with its defaults.
func restic(ctx context.Context, data, dir string) (p peer, err error) {
	if _, err := exec.LookPath("restic"); err != nil {
		return p, errors.New("restic is not installed")
	}
	run := func(args ...string) (time.Duration, error) {
		cmd := exec.CommandContext(ctx, "restic", append([]string{"--quiet", "--no-cache", "--repo", filepath.Join(dir, "repository")}, args...)...)
		cmd.Env = append(os.Environ(), "RESTIC_PASSWORD=correct horse battery staple", "HOME="+dir)
		started := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("restic %s: %w: %s", args[0], err, box.Trim(string(out)))
		}
		return time.Since(started), err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, err
	}
	if _, err := run("init"); err != nil {
		return p, err
	}
	if p.made, err = run("backup", filepath.Join(data, "store/coffer.db"), filepath.Join(data, "blobs")); err != nil {
		return p, err
	}
	if p.checked, err = run("check", "--read-data"); err != nil {
		return p, err
	}
	if p.restored, err = run("restore", "latest", "--target", filepath.Join(dir, "restored")); err != nil {
		return p, err
	}
	p.size, err = sizeOf(filepath.Join(dir, "repository"))
	return p, err
}

// sizeOf is what files and folders hold, in bytes.
func sizeOf(paths ...string) (size int64, err error) {
	for _, path := range paths {
		err = errors.Join(err, filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() {
				size += info.Size()
			}
			return err
		}))
	}
	return size, err
}
