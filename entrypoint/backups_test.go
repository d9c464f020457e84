package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"coffer/services/backup"
)

// TestBackup makes a backup of a real box through nginx and opens it with
// nothing but the owner's key.
func TestBackup(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t), "COFFER_TLS=self-signed")
	b.up()
	v := b.boxed.visitor("127.0.0.1")
	v.setUp()
	if status, answer := v.send("POST", "/sources/text", map[string]string{"title": "A note", "text": "A zebra in the field."}); status != http.StatusAccepted {
		t.Fatal(status, answer)
	}
	if status, answer := v.send("POST", "/backups", map[string]string{}); status != http.StatusUnprocessableEntity || !strings.Contains(answer, "recovery key") {
		t.Errorf("without a key: %d %s", status, answer)
	}
	var key struct{ Recipient, Identity string }
	status, answer := v.send("POST", "/backups/key", nil)
	if err := json.Unmarshal([]byte(answer), &key); err != nil || status != http.StatusCreated {
		t.Fatal(status, answer, err)
	}
	if status, answer := v.send("PUT", "/backups/key", map[string]string{"identity": key.Identity}); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	status, answer = v.send("POST", "/backups", map[string]string{})
	var made struct{ ID, Status string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusAccepted || made.Status != "running" {
		t.Fatal(status, answer, err)
	}
	b.eventually("the backup is proven", func() bool {
		_, answer = v.send("GET", "/backups/"+made.ID, nil)
		if strings.Contains(answer, `"failed"`) {
			t.Fatal(answer)
		}
		return strings.Contains(answer, `"status":"proven"`)
	})
	status, file := v.send("GET", "/backups/"+made.ID+"/download", nil)
	if status != http.StatusOK {
		t.Fatal(status, file)
	}
	if strings.Contains(file, "zebra") {
		t.Error("the backup is in the clear")
	}
	identity, err := age.ParseX25519Identity(key.Identity)
	if err != nil {
		t.Fatal(err)
	}
	files := untar(t, file, identity)
	sealed, err := backup.Unseal(t.Context(), files["sealed.age"], key.Identity)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secrets/session-key", "secrets/tls/authority.pem", "secrets/tls/self-signed.pem"} {
		want, err := os.ReadFile(filepath.Join(b.root, "data", name))
		if err != nil || !bytes.Equal(sealed[name], want) {
			t.Errorf("%s: %d bytes, of %d, %v", name, len(sealed[name]), len(want), err)
		}
	}
	if _, there := sealed["secrets/setup-code"]; there || len(files["manifest.json"]) == 0 {
		t.Errorf("%d files in the seal, manifest %q", len(sealed), files["manifest.json"])
	}
	originals := 0
	for name, content := range files {
		if strings.HasPrefix(name, "originals/") && bytes.Contains(content, []byte("zebra")) {
			originals++
		}
	}
	if originals != 1 {
		t.Errorf("%d originals are the note", originals)
	}
	// The folder is the API's; the proof left nothing behind.
	entries, err := os.ReadDir(filepath.Join(b.root, "data/backups"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

func untar(t *testing.T, file string, key age.Identity) map[string][]byte {
	t.Helper()
	plain, err := age.Decrypt(strings.NewReader(file), key)
	if err != nil {
		t.Fatal(err)
	}
	out, r := map[string][]byte{}, tar.NewReader(plain)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
