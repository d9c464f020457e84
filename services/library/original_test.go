package library_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func TestMissingOriginal(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		librarytest.Must(t, r.blobs.Remove(s.SHA256))
		_, err := r.LeasedBlob(t.Context(), r.lease().ID)
		librarytest.WantKind(t, err, library.NotFound)
		got, err := r.Source(t.Context(), s.ID)
		librarytest.Must(t, err)
		if got.Status != library.StatusFailed || got.Reason.Code != "original_missing" {
			t.Fatalf("%+v", got)
		}
		// Adding the file again mends it.
		if again, created, err := r.Add(t.Context(), "x", strings.NewReader("content 1")); err != nil || created || again.ID != s.ID {
			t.Fatalf("%+v, %v, %v", again, created, err)
		}
		_, err = r.Retry(t.Context(), s.ID)
		librarytest.Must(t, err)
		f, err := r.LeasedBlob(t.Context(), r.lease().ID)
		librarytest.Must(t, err)
		f.Close()
	})
}

func TestDamagedOriginal(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		file := filepath.Join(r.dir, "blobs", s.SHA256[:2], s.SHA256[2:])
		librarytest.Must(t, os.Chmod(file, 0o600))
		librarytest.Must(t, os.Truncate(file, 3))
		_, err := r.LeasedBlob(t.Context(), r.lease().ID)
		librarytest.WantKind(t, err, library.NotFound)
		got, err := r.Source(t.Context(), s.ID)
		librarytest.Must(t, err)
		if got.Status != library.StatusFailed || got.Reason.Code != "original_damaged" {
			t.Fatalf("%+v", got)
		}
	})
}
