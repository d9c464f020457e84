// Package librarytest holds what every implementation of the ports of package
// library must do, as suites that its tests call, and a small index in memory
// for tests that are about something else.
//
// It owns no fixture on disk and refuses to know any implementation: each
// suite is handed a function that opens an empty one.
package librarytest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"coffer/services/library"
)

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// WantKind fails the test unless err is of a kind; empty means no error.
func WantKind(t testing.TB, err error, k library.Kind) {
	t.Helper()
	var known *library.Error
	switch {
	case k == "" && err != nil:
		t.Fatalf("unexpected: %v", err)
	case k == "":
	case !errors.As(err, &known):
		t.Fatalf("error %v, want one of kind %s", err, k)
	case known.Kind != k:
		t.Fatalf("error of kind %s (%v), want %s", known.Kind, err, k)
	case known.Message == "":
		t.Fatal("an error without a message for the owner")
	}
}

// At is the n-th second of the time in which the suites play.
func At(n int) time.Time { return time.Date(2031, 5, 1, 12, 0, n, 0, time.UTC) }

// SourceID is the n-th id of a suite, in order of adding.
func SourceID(n int) library.SourceID { return library.SourceID(fmt.Sprintf("%026d", n)) }

// Hash is a SHA-256 in hex that belongs to n.
func Hash(n int) string {
	h := sha256.Sum256([]byte(fmt.Sprint(n)))
	return hex.EncodeToString(h[:])
}

// Source is the n-th source of a suite as it is added.
func Source(n int) library.Source {
	return library.Source{
		ID: SourceID(n), Title: fmt.Sprintf("Source %d", n), FileName: fmt.Sprintf("source-%d.txt", n),
		Status: library.StatusQueued, Size: int64(100 + n), SHA256: Hash(n), AddedAt: At(n),
	}
}

// Reading is what a reader finds in n pages.
func Reading(t library.Type, pages int) library.Reading {
	r := library.Reading{Type: t, Pages: pages}
	for i := range pages {
		r.Passages = append(r.Passages, library.Passage{
			Number: i, Page: i + 1, Text: fmt.Sprintf("The text of page %d, with ünïcode and <markup>.", i+1),
		})
	}
	return r
}
