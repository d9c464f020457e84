package store_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
)

const many = 100_000

// fill puts n sources in a store; every tenth still waits.
func fill(b *testing.B, dir string, n int) {
	b.Helper()
	st, err := store.Open(dir)
	librarytest.Must(b, err)
	defer st.Close()
	types := []library.Type{library.TypePDF, library.TypeHTML, library.TypeText}
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < n; i += 64 {
				_, _, err := st.AddSource(b.Context(), librarytest.Source(i))
				if err == nil && i%10 != 0 {
					_, _, err = st.Commit(b.Context(), librarytest.SourceID(i), librarytest.Reading(types[i%3], 1), librarytest.At(i))
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkMany measures a box of 100,000 sources, of which 10,000 wait.
func BenchmarkMany(b *testing.B) {
	dir := b.TempDir()
	began := time.Now()
	fill(b, dir+"/store", many)
	b.Logf("filled with %d sources in %v", many, time.Since(began).Round(time.Millisecond))
	if info, err := os.Stat(dir + "/store/" + store.FileName); err == nil {
		b.Logf("the store is %d MiB", info.Size()>>20)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			d, err := openDisk(dir)
			librarytest.Must(b, err)
			librarytest.Must(b, d.store.Close())
			librarytest.Must(b, d.blobs.Close())
		}
	})
	d, err := openDisk(dir)
	librarytest.Must(b, err)
	defer d.store.Close()
	defer d.blobs.Close()
	for _, f := range []library.SourceFilter{{}, {Status: "ready"}, {Status: "queued"}, {Type: "pdf"}, {Status: "ready", Type: "html"}, {Status: "failed"}} {
		b.Run(fmt.Sprintf("list status=%s type=%s", f.Status, f.Type), func(b *testing.B) {
			for b.Loop() {
				if _, err := d.Sources(b.Context(), f, library.Page{Limit: 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("deep page", func(b *testing.B) {
		for b.Loop() {
			_, err := d.Sources(b.Context(), library.SourceFilter{Status: "ready"}, library.Page{Limit: 50, Cursor: string(librarytest.SourceID(many / 2))})
			librarytest.Must(b, err)
		}
	})
	b.Run("jobs", func(b *testing.B) {
		for b.Loop() {
			_, err := d.Jobs(b.Context(), library.Page{Limit: 50})
			librarytest.Must(b, err)
		}
	})
}

// BenchmarkAddReadCommit is a document's way through the library without a
// parser: blob, source and job, lease, passages.
func BenchmarkAddReadCommit(b *testing.B) {
	d, err := openDisk(b.TempDir())
	librarytest.Must(b, err)
	defer d.store.Close()
	defer d.blobs.Close()
	r := librarytest.Reading(library.TypeText, 4)
	text := strings.Repeat("words and words ", 500)
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < b.N; i += 4 {
				if _, _, err := d.Add(b.Context(), "a.txt", strings.NewReader(fmt.Sprint(i, text))); err != nil {
					b.Error(err)
				}
			}
		})
		wg.Go(func() {
			for i := w; i < b.N; i += 4 {
				lease, err := d.Lease(b.Context())
				if err == nil {
					err = d.Complete(b.Context(), lease.ID, r)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
