package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
)

// opened is what is in a backup that a key opens.
func opened(t *testing.T, path string, key age.Identity) *collected {
	t.Helper()
	f, err := os.Open(path)
	librarytest.Must(t, err)
	defer f.Close()
	c := &collected{}
	_, _, err = read(t.Context(), f, []age.Identity{key}, c)
	librarytest.Must(t, err)
	return c
}

func identity(t *testing.T, text string) age.Identity {
	t.Helper()
	i, err := age.ParseX25519Identity(text)
	librarytest.Must(t, err)
	return i
}

// TestBackupHoldsEverything compares what comes out with what went in.
func TestBackupHoldsEverything(t *testing.T) {
	r := newRig(t)
	sources := r.add(30)
	key := r.key()
	b := r.until(r.Create(t.Context(), ""))
	wantStatus(t, b, library.BackupProven)
	if b.Sources != 30 || b.Originals != 30 || b.Missing != 0 || b.Schema != store.Schema || b.ProvenAt.IsZero() || b.Seal != library.SealKey {
		t.Errorf("%+v", b)
	}
	info, err := os.Stat(r.file(b))
	librarytest.Must(t, err)
	if info.Size() != b.Size || info.Mode() != 0o600 {
		t.Errorf("%d bytes noted, the file has %d; mode %v", b.Size, info.Size(), info.Mode())
	}
	c := opened(t, r.file(b), identity(t, key.Identity))
	for _, s := range sources {
		sum := sha256.Sum256([]byte(c.originals[s.SHA256]))
		if hex.EncodeToString(sum[:]) != s.SHA256 {
			t.Errorf("the original of %s is not there", s.Title)
		}
	}
	restored := t.TempDir()
	librarytest.Must(t, os.WriteFile(filepath.Join(restored, store.FileName), c.db.Bytes(), 0o600))
	again, err := store.Open(restored)
	librarytest.Must(t, err)
	defer again.Close()
	for _, s := range sources {
		if got, err := again.Source(t.Context(), s.ID); err != nil || got.SHA256 != s.SHA256 || got.Title != s.Title {
			t.Errorf("%+v, %v", got, err)
		}
	}
	files, err := Unseal(t.Context(), c.secrets, key.Identity)
	if err != nil || string(files["secrets/session-key"]) != "very secret" || c.key != "" {
		t.Errorf("the sealed entry holds %q, %v", files, err)
	}
	if r.held.Load() != 0 {
		t.Error("originals are still held")
	}
}

// The box proves what it made, and cannot read init's entry.
func TestProofKeyOpensAllButTheSecrets(t *testing.T) {
	r := newRig(t)
	r.add(1)
	r.key()
	b := r.until(r.Create(t.Context(), ""))
	plan, err := r.store.BackupPlan(t.Context())
	librarytest.Must(t, err)
	c := opened(t, r.file(b), identity(t, plan.Proof))
	if _, err := Unseal(t.Context(), c.secrets, plan.Proof); err == nil {
		t.Error("the box's own key opens the secrets")
	}
	if bytes.Contains(c.secrets, []byte("very secret")) {
		t.Error("the secrets are in the clear")
	}
}

func TestPassphrase(t *testing.T) {
	r := newRig(t)
	r.add(3)
	_, err := r.Create(t.Context(), "too short")
	librarytest.WantKind(t, err, library.Invalid)
	b := r.until(r.Create(t.Context(), passphrase))
	wantStatus(t, b, library.BackupProven)
	if b.Seal != library.SealPassphrase {
		t.Errorf("%+v", b)
	}
	key, err := age.NewScryptIdentity(passphrase)
	librarytest.Must(t, err)
	c := opened(t, r.file(b), key)
	if files, err := Unseal(t.Context(), c.secrets, c.key); err != nil || string(files["secrets/session-key"]) != "very secret" {
		t.Errorf("%q, %v", files, err)
	}
	for _, wrong := range []string{"", "wrong horse battery"} {
		_, err := r.Verify(t.Context(), b.ID, wrong)
		librarytest.WantKind(t, err, library.Invalid)
	}
	wantStatus(t, r.until(r.Verify(t.Context(), b.ID, passphrase)), library.BackupProven)
}

func TestKeyIsAskedBack(t *testing.T) {
	r := newRig(t)
	_, err := r.Create(t.Context(), "")
	librarytest.WantKind(t, err, library.Invalid)
	k, err := r.NewKey(t.Context())
	librarytest.Must(t, err)
	for _, wrong := range []string{"", k.Recipient, k.Identity[:73], strings.Replace(k.Identity, "1", "2", 2)} {
		librarytest.WantKind(t, r.SetKey(t.Context(), wrong), library.Invalid)
	}
	if o, err := r.Overview(t.Context()); err != nil || o.Recipient != "" || !o.Next.IsZero() {
		t.Errorf("%+v, %v", o, err)
	}
	librarytest.Must(t, r.SetKey(t.Context(), " "+k.Identity+"\n"))
	if o, err := r.Overview(t.Context()); err != nil || o.Recipient != k.Recipient || o.Next.IsZero() || o.Free <= 0 {
		t.Errorf("%+v, %v", o, err)
	}
}

// A source that is deleted while it is copied is in the backup; its original
// goes afterwards.
func TestDeletedMeanwhile(t *testing.T) {
	r := newRig(t)
	s := r.add(5)
	r.key()
	r.hold = make(chan struct{})
	b, err := r.Create(t.Context(), "")
	librarytest.Must(t, err)
	for r.done.Load() == 0 { // the store is being copied, originals are next
		time.Sleep(time.Millisecond)
	}
	librarytest.Must(t, r.lib.Delete(t.Context(), s[4].ID))
	path := filepath.Join(r.dir, "blobs", s[4].SHA256[:2], s[4].SHA256[2:])
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the original went while it was needed: %v", err)
	}
	close(r.hold)
	b = r.until(b, nil)
	wantStatus(t, b, library.BackupProven)
	if b.Originals != 5 || b.Missing != 0 {
		t.Errorf("%+v", b)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the original stays: %v", err)
	}
}

// What the disk has lost does not keep the rest from being saved.
func TestMissingOriginals(t *testing.T) {
	r := newRig(t)
	s := r.add(5)
	at := func(n int) string { return filepath.Join(r.dir, "blobs", s[n].SHA256[:2], s[n].SHA256[2:]) }
	librarytest.Must(t, os.Remove(at(1)))
	for n, spoil := range map[int]func([]byte) []byte{
		2: func([]byte) []byte { return []byte("something else") },
		3: func(b []byte) []byte { b[7] ^= 1; return b },
		4: func(b []byte) []byte { b[9] ^= 1; return b },
	} {
		content, err := os.ReadFile(at(n))
		librarytest.Must(t, err)
		librarytest.Must(t, os.Chmod(at(n), 0o600))
		librarytest.Must(t, os.WriteFile(at(n), spoil(content), 0o600))
	}
	r.key()
	b := r.until(r.Create(t.Context(), ""))
	wantStatus(t, b, library.BackupProven)
	if b.Sources != 5 || b.Originals != 1 || b.Missing != 4 {
		t.Errorf("%+v", b)
	}
}

// A kill leaves a record and half a file, or a whole file whose end was not
// noted.
func TestInterrupted(t *testing.T) {
	r := newRig(t)
	r.add(2)
	r.key()
	b := r.until(r.Create(t.Context(), ""))
	dir := filepath.Join(r.dir, "backups")
	librarytest.Must(t, r.Close())

	half := library.Backup{ID: newID(time.Now()), CreatedAt: time.Now().UTC(), Status: library.BackupRunning, Seal: library.SealKey}
	root, err := os.OpenRoot(dir)
	librarytest.Must(t, err)
	f := folder{root}
	librarytest.Must(t, f.put(half))
	librarytest.Must(t, root.WriteFile(half.ID+fileEnd+partialEnd, []byte("half"), 0o600))
	librarytest.Must(t, root.WriteFile(scratch, []byte("half"), 0o600))
	b.Status = library.BackupRunning
	librarytest.Must(t, f.put(b))
	gone := library.Backup{ID: newID(time.Now()), CreatedAt: time.Now().UTC(), Status: library.BackupProven}
	librarytest.Must(t, f.put(gone))
	librarytest.Must(t, root.WriteFile(newID(time.Now())+recordEnd, []byte("{half a reco"), 0o600))
	librarytest.Must(t, root.Close())

	r.open()
	o, err := r.Overview(t.Context())
	librarytest.Must(t, err)
	states := map[string]library.BackupStatus{}
	for _, b := range o.Items {
		states[b.ID] = b.Status
	}
	if len(states) != 3 || states[half.ID] != library.BackupFailed || states[b.ID] != library.BackupComplete {
		t.Errorf("%v", states)
	}
	if _, err := r.Backup(t.Context(), gone.ID); err == nil {
		t.Error("a record stands for a file that is not there")
	}
	wantStatus(t, r.until(r.Verify(t.Context(), b.ID, "")), library.BackupProven)
	for _, b := range o.Items {
		librarytest.Must(t, r.Delete(t.Context(), b.ID))
	}
	empty(t, dir)
}

func TestStopEndsABackup(t *testing.T) {
	r := newRig(t)
	r.add(2)
	r.key()
	r.hold = make(chan struct{})
	b, err := r.Create(t.Context(), "")
	librarytest.Must(t, err)
	r.stop()
	close(r.hold)
	b = r.until(b, nil)
	wantFailed(t, b, codeInterrupted)
	empty(t, filepath.Join(r.dir, "backups"), b.ID+recordEnd)
	_, err = r.Create(t.Context(), "")
	librarytest.WantKind(t, err, library.Conflict)
}

func TestOneAtATime(t *testing.T) {
	r := newRig(t)
	r.add(2)
	r.key()
	r.hold = make(chan struct{})
	b, err := r.Create(t.Context(), "")
	librarytest.Must(t, err)
	_, err = r.Create(t.Context(), "")
	librarytest.WantKind(t, err, library.Conflict)
	librarytest.WantKind(t, r.Delete(t.Context(), b.ID), library.Conflict)
	_, _, err = r.Open(t.Context(), b.ID)
	librarytest.WantKind(t, err, library.Conflict)
	close(r.hold)
	wantStatus(t, r.until(b, nil), library.BackupProven)
	f, _, err := r.Open(t.Context(), b.ID)
	librarytest.Must(t, err)
	n, err := io.Copy(io.Discard, f)
	librarytest.Must(t, errors.Join(err, f.Close()))
	if got, _ := r.Backup(t.Context(), b.ID); n != got.Size {
		t.Errorf("%d bytes, of %d", n, got.Size)
	}
	for _, id := range []string{"", "..", "../store/coffer.db", strings.Repeat("a", 22), b.ID + "/"} {
		_, err := r.Backup(t.Context(), id)
		librarytest.WantKind(t, err, library.NotFound)
		librarytest.WantKind(t, r.Delete(t.Context(), id), library.NotFound)
	}
}

func TestSecretsThatCannotBeSealed(t *testing.T) {
	r := newRig(t)
	r.key()
	r.sealed = func(string) ([]byte, error) { return nil, errTest }
	wantFailed(t, r.until(r.Create(t.Context(), "")), codeSecrets)
}

func TestNewerFormat(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	librarytest.Must(t, err)
	r := newRig(t)
	snapshot, err := r.store.Snapshot(t.Context())
	librarytest.Must(t, err)
	defer snapshot.Close()
	for n, want := range map[int]string{Format + 1: "2031.1", 0: ""} {
		var out bytes.Buffer
		_, err = write(t.Context(), &out, []age.Recipient{key.Recipient()}, content{
			head: Head{Format: n, Program: "2031.1", StoreSize: snapshot.Size()}, snapshot: snapshot,
		})
		librarytest.Must(t, err)
		_, _, err = read(t.Context(), &out, []age.Identity{key}, &collected{})
		librarytest.WantKind(t, err, library.Invalid)
		if e, _ := errors.AsType[*library.Error](err); !strings.Contains(e.Hint, want) {
			t.Errorf("%+v", e)
		}
	}
}

// A sink that refuses is heard.
func TestRefusedByTheSink(t *testing.T) {
	r := newRig(t)
	key := r.key()
	b := r.until(r.Create(t.Context(), ""))
	f, err := os.Open(r.file(b))
	librarytest.Must(t, err)
	defer f.Close()
	refusal := &library.Error{Kind: library.Full, Message: "Full."}
	if _, _, err = read(context.Background(), f, []age.Identity{identity(t, key.Identity)}, &collected{refuse: refusal}); !errors.Is(err, refusal) {
		t.Errorf("%v", err)
	}
}
