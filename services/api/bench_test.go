package api

import (
	"net/http/httptest"
	"testing"
)

// What the edge asks before each request.
func BenchmarkVerify(b *testing.B) {
	box, owner := newOwnedBox(b, nil)
	r := request("GET", "/_edge/verify", "", owner)
	b.ReportAllocs()
	for b.Loop() {
		if w := serve(box, r); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// A search through all checks and encoders, and the same search without them.
func BenchmarkSearch(b *testing.B) {
	box, owner := newOwnedBox(b, nil)
	box.add(b, "fox.txt", "fox", "The quick brown fox.", "A lazy dog.")
	s := &server{Options: Options{Library: box.lib}}
	in := &searchInput{Query: "fox", Limit: 20}
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.search(b.Context(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("request", func(b *testing.B) {
		r := request("GET", "/api/v1/search?q=fox", "", owner)
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			box.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}
