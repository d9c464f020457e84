package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/appliance/beneath"
	"coffer/appliance/beneath/beneathtest"
	"coffer/appliance/layout"
)

// protectedNames are all files that the program lays out, below root.
func protectedNames(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"usr/share/coffer", "etc/nginx"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				all = append(all, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// What was planted in the place of any file or folder that the box can make
// anew is replaced at the start, and the box answers. Nothing of it is opened.
func TestPlantsAtTheStart(t *testing.T) {
	kinds := beneathtest.Kinds()
	root := newRoot(t)
	// Where the volume is is the owner's choice, by a link too.
	volume := filepath.Join(filepath.Dir(root), "volume")
	if err := errors.Join(os.Mkdir(root, 0o755), os.Mkdir(volume, 0o755), os.Symlink(volume, filepath.Join(root, "data"))); err != nil {
		t.Fatal(err)
	}
	protected, err := protectedFiles()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := protected.Install(root, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	run, data := filepath.Join(root, "run/coffer"), filepath.Join(root, "data")
	o := layout.Options{Data: data, Run: run, Roles: layout.RolesFor(layout.Owner{UID: 10002, GID: 10002}), Log: slog.New(slog.DiscardHandler)}
	if _, err := layout.Enforce(t.Context(), o); err != nil {
		t.Fatal(err)
	}

	victim := beneathtest.New(t)
	var planted []string
	plant := func(kind beneathtest.Kind, path string) {
		victim.Plant(kind, path)
		planted = append(planted, path)
	}
	// Every protected file, by another kind each; then all that lies in RUN by
	// the kinds that hold no bytes.
	for i, path := range protectedNames(t, root) {
		plant(kinds[i%len(kinds)], path)
	}
	var bare []beneathtest.Kind
	for _, k := range kinds {
		if !k.File {
			bare = append(bare, k)
		}
	}
	for i, name := range []string{
		"nginx/nginx.pid", "edge", "acme", "parser", "box", "api.sock", "link.sock", "owner.sock", "parser.sock", "egress.sock", "control.sock", "box.sock",
	} {
		plant(bare[i%len(bare)], filepath.Join(run, name))
	}
	log := filepath.Join(data, "logs/api.log")
	victim.Plant(bare[2], log) // what cannot be kept is told, and stays
	victim.Plant(bare[1], filepath.Join(data, "logs/nginx.log.1"))

	b := startBox(t, root)
	b.up()
	for _, path := range planted {
		victim.Gone(path)
	}
	victim.Stands(log)
	b.eventually("logs that are not kept are told", func() bool {
		return strings.Contains(b.log.String(), "logs are not kept") && strings.Contains(b.log.String(), log+" is a FIFO")
	})
	if out, err := b.coffer("doctor", "--root", root); !strings.Contains(out, "file-manifest") {
		t.Errorf("the box does not look at itself: %v\n%s", err, out)
	}
	victim.Untouched()
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
	victim.Untouched()
}

// Where what was planted may stand for something of the owner's, the start is
// refused with the code for that, each place and what mends it; that very
// command does.
func TestPlantsThatStopTheStart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: devices are made by root")
	}
	root := newRoot(t)
	data := filepath.Join(root, "data")
	refuse := func(words ...string) {
		t.Helper()
		b := startBox(t, root)
		if code := b.end(); code != exitConfig {
			t.Errorf("it ends with %d, want %d", code, exitConfig)
		}
		for _, w := range words {
			if !strings.Contains(b.log.String(), w) {
				t.Errorf("it does not say %q:\n%s", w, b.log)
			}
		}
	}
	mend := func(command string) {
		t.Helper()
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
	if err := os.MkdirAll(filepath.Join(data, "secrets"), 0o711); err != nil {
		t.Fatal(err)
	}
	victim := beneathtest.New(t)
	var paths, commands []string
	for i, name := range []string{"store", "blobs", "witness", "backups", "logs", "outgoing.json"} {
		k := beneathtest.Kinds()[i]
		path := filepath.Join(data, name)
		victim.Plant(k, path)
		paths = append(paths, path)
		r := beneath.Refused{Path: path, What: k.What}
		commands = append(commands, r.Command())
	}
	refuse(commands...)
	for _, path := range paths {
		victim.Stands(path)
	}
	victim.Untouched()
	for _, c := range commands {
		mend(c)
	}

	key := filepath.Join(data, "secrets/session-key")
	other := filepath.Join(filepath.Dir(root), "other")
	if err := errors.Join(os.WriteFile(key, []byte(strings.Repeat("ab", 32)+"\n"), 0o440), os.Link(key, other)); err != nil {
		t.Fatal(err)
	}
	r := beneath.Refused{Path: key, What: "a file with a second name (hard link)", File: true}
	refuse(r.Command(), "everybody signs in again", "not replaced on its own")
	mend(r.Command())
	again := startBox(t, root)
	again.up()
	if text, err := os.ReadFile(key); err != nil || string(text) != strings.Repeat("ab", 32)+"\n" {
		t.Errorf("the key is %q, %v", text, err)
	}
	if code := again.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
}
