package backup

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
)

func (r *rig) staged() string { return filepath.Join(r.dir, "staged") }

// TestRestoreStages reads a backup of one box in another, whose library is as
// before until init decides.
func TestRestoreStages(t *testing.T) {
	from, to := newRig(t), newRig(t)
	sources := from.add(10)
	librarytest.Must(t, from.store.CreateOwner(t.Context(), library.Owner{ID: "o", Name: "Ada"}, library.Session{ID: "s", Owner: "o"}))
	key := from.key()
	for seal, text := range map[string]string{key.Identity: "", passphrase: passphrase} {
		b := from.until(from.Create(t.Context(), text))
		file, err := os.ReadFile(from.file(b))
		librarytest.Must(t, err)
		given := ""
		to.commit = func(key string) error {
			given = key
			sealed, err := os.ReadFile(filepath.Join(to.staged(), "sealed.age"))
			librarytest.Must(t, err)
			files, err := Unseal(t.Context(), sealed, key)
			librarytest.Must(t, err)
			if string(files["secrets/session-key"]) != "very secret" {
				t.Errorf("%q", files)
			}
			return nil
		}
		got, err := to.Restore(t.Context(), bytes.NewReader(file), " "+seal+"\n")
		librarytest.Must(t, err)
		if got.Sources != 10 || got.Originals != 10 || got.Missing != 0 || got.Program != "test" || given == "" {
			t.Errorf("%+v", got)
		}
		st, err := store.Open(filepath.Join(to.staged(), "store"))
		librarytest.Must(t, err)
		for _, s := range sources {
			original, err := os.ReadFile(filepath.Join(to.staged(), "blobs", s.SHA256[:2], s.SHA256[2:]))
			librarytest.Must(t, err)
			if got, err := st.Source(t.Context(), s.ID); err != nil || got.SHA256 != s.SHA256 || int64(len(original)) != s.Size {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if owner, err := st.Owner(t.Context()); err != nil || owner.Name != "Ada" {
			t.Errorf("%+v, %v", owner, err)
		}
		librarytest.Must(t, st.Close())
	}
	if l, err := to.store.Sources(t.Context(), library.SourceFilter{}, library.Page{Limit: 1}); err != nil || l.Total != 0 {
		t.Errorf("the box was changed: %+v, %v", l, err)
	}
}

// Whatever is refused leaves nothing staged and asks init for nothing.
func TestRestoreRefuses(t *testing.T) {
	r := newRig(t)
	r.add(5)
	key := r.key()
	b := r.until(r.Create(t.Context(), ""))
	whole, err := os.ReadFile(r.file(b))
	librarytest.Must(t, err)
	r.commit = func(string) error { t.Error("init is asked"); return nil }
	other, err := age.GenerateX25519Identity()
	librarytest.Must(t, err)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		file []byte
		key  string
		says string
	}{
		"no key": {whole, "", "no key"}, "half a key": {whole, key.Identity[:50], "no recovery key"}, "another key": {whole, other.String(), "does not open"},
		"a passphrase": {whole, passphrase, "does not open"}, "no backup": {[]byte("PK"), key.Identity, "no backup"}, "nothing": {nil, key.Identity, "no backup"},
		"short": {whole[:len(whole)-1], key.Identity, "damaged"}, "half": {whole[:len(whole)/2], key.Identity, "damaged"}, "flipped": {flipped, key.Identity, "damaged"},
		"of a newer version": {r.written(key.Identity, Head{Schema: store.Schema + 1}, false), key.Identity, "schema"},
		// The seal is whole, and an original is not in it.
		"less than its store keeps": {r.written(key.Identity, Head{Schema: store.Schema}, true), key.Identity, "damaged"},
	} {
		_, err := r.Restore(t.Context(), bytes.NewReader(c.file), c.key)
		if !errors.Is(err, &library.Error{Kind: library.Invalid}) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		empty(t, r.staged())
	}
	r.commit = func(string) error { return errTest }
	if _, err := r.Restore(t.Context(), bytes.NewReader(whole), key.Identity); err == nil {
		t.Error("init's refusal is not heard")
	}
	empty(t, r.staged())
}

// written is a backup of the rig's store by hand.
func (r *rig) written(identity string, h Head, less bool) []byte {
	r.t.Helper()
	key, err := age.ParseX25519Identity(identity)
	librarytest.Must(r.t, err)
	s, err := r.store.Snapshot(r.t.Context())
	librarytest.Must(r.t, err)
	defer s.Close()
	h.Format, h.Program, h.StoreSize = Format, "2031.1", s.Size()
	c := content{head: h, snapshot: s, open: r.blobs.Open}
	if less {
		c.snapshot = fewer{s}
	}
	var out bytes.Buffer
	_, err = write(r.t.Context(), &out, []age.Recipient{key.Recipient()}, c)
	librarytest.Must(r.t, err)
	return out.Bytes()
}

// fewer is a snapshot that hides an original.
type fewer struct{ library.Snapshot }

func (f fewer) Originals(each func(string, int64) error) error {
	n := 0
	return f.Snapshot.Originals(func(sha256 string, size int64) error {
		if n++; n == 1 {
			return nil
		}
		return each(sha256, size)
	})
}
