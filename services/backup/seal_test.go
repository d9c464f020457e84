package backup

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"testing"

	"filippo.io/age"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// TestDamage changes a sealed file in every place that matters and in some that
// do not seem to; each is noticed, and none is taken for another.
func TestDamage(t *testing.T) {
	r := newRig(t)
	r.add(20)
	r.key()
	b := r.until(r.Create(t.Context(), ""))
	whole, err := os.ReadFile(r.file(b))
	librarytest.Must(t, err)
	other := newRig(t)
	other.add(2)
	other.key()
	foreign := other.until(other.Create(t.Context(), ""))
	strange, err := os.ReadFile(other.file(foreign))
	librarytest.Must(t, err)

	flipped := func(at int) []byte {
		out := bytes.Clone(whole)
		out[at] ^= 1
		return out
	}
	const chunk = 64<<10 + 16
	header := bytes.Index(whole, []byte("\n---")) + 100
	swapped := bytes.Clone(whole)
	copy(swapped[header:], whole[header+chunk:header+2*chunk])
	copy(swapped[header+chunk:], whole[header:header+chunk])
	cases := map[string][]byte{
		"empty": {}, "no backup": []byte("hello"), "cut in the header": whole[:100], "one byte short": whole[:len(whole)-1],
		"cut between chunks": whole[:header+chunk], "half": whole[:len(whole)/2], "of another box": strange,
		"with more behind": append(bytes.Clone(whole), whole[len(whole)-100:]...), "chunks swapped": swapped,
	}
	for i := range 40 {
		at := i * (len(whole) - 1) / 39
		cases["bit flipped at "+hex.EncodeToString([]byte{byte(at >> 16), byte(at >> 8), byte(at)})] = flipped(at)
	}
	for name, content := range cases {
		librarytest.Must(t, os.WriteFile(r.file(b), content, 0o600))
		got := r.until(r.Verify(t.Context(), b.ID, ""))
		if got.Status != library.BackupFailed || got.Reason.Code != codeDamaged {
			t.Errorf("%s: %+v", name, got)
		}
	}
	librarytest.Must(t, os.WriteFile(r.file(b), whole, 0o600))
	wantStatus(t, r.until(r.Verify(t.Context(), b.ID, "")), library.BackupProven)
}

// What is written cannot be read without the key it is sealed to.
func TestSealed(t *testing.T) {
	var f library.BackupFacts
	if err := try(t.Context(), &f); err != nil || f != (library.BackupFacts{}) {
		t.Errorf("%+v, %v", f, err)
	}
	r := newRig(t)
	r.add(1)
	r.key()
	b := r.until(r.Create(t.Context(), ""))
	text, err := os.ReadFile(r.file(b))
	librarytest.Must(t, err)
	if !bytes.HasPrefix(text, []byte("age-encryption.org/v1\n")) || bytes.Contains(text, []byte("This is document")) || bytes.Contains(text, []byte(headName)) {
		t.Error("the backup is in the clear")
	}
}

// A backup that its key opens is still held against its manifest.
func TestManifestIsCompared(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	librarytest.Must(t, err)
	r := newRig(t)
	r.add(2)
	s, err := r.store.Snapshot(t.Context())
	librarytest.Must(t, err)
	defer s.Close()
	var m Manifest
	for name, lie := range map[string]func(){
		"": func() {}, "an original more": func() { m.Originals++ }, "other originals": func() { m.Content.SHA256 = m.Store.SHA256 },
		"another length": func() { m.Content.Size++ }, "another store": func() { m.Store.SHA256 = m.Content.SHA256 }, "a sealed entry": func() { m.Sealed = &Digest{} },
	} {
		c := content{head: Head{Format: Format, StoreSize: s.Size()}, snapshot: s, open: r.blobs.Open}
		var out bytes.Buffer
		m, err = write(t.Context(), &out, []age.Recipient{key.Recipient()}, c)
		librarytest.Must(t, err)
		lie()
		out.Reset()
		c.manifest = &m
		_, err = write(t.Context(), &out, []age.Recipient{key.Recipient()}, c)
		librarytest.Must(t, err)
		_, _, err = read(t.Context(), &out, []age.Identity{key}, &collected{})
		if name == "" {
			librarytest.Must(t, err)
			continue
		}
		if !errors.Is(err, &library.Error{Kind: library.Invalid}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
