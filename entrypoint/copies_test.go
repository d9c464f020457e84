package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coffer/appliance/places"
	"coffer/config"
	"coffer/services/egress"
	"coffer/services/library"
)

// The keys of the storage reach egress, and the sweep of what is given away knows
// each by itself.
func TestStorageKeys(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := plan{cfg: &config.Config{Data: data}, log: slog.New(slog.DiscardHandler)}
	var bucket egress.Bucket
	if err := json.Unmarshal(p.bucket(), &bucket); err != nil || bucket != (egress.Bucket{}) {
		t.Errorf("%+v, %v", bucket, err)
	}
	s := places.Storage{
		Endpoint: "https://s3.example.org", Region: "eu-1", Bucket: "backups", Prefix: "box/", PathStyle: true,
		AccessKey: "AKIAEXAMPLE0", Secret: "wJalrXUtnFEMI",
	}
	if err := p.places().ApplyStorage(s); err != nil {
		t.Fatal(err)
	}
	want := egress.Bucket{
		Endpoint: s.Endpoint, Region: s.Region, Name: s.Bucket, Prefix: s.Prefix, PathStyle: true, AccessKey: s.AccessKey, Secret: s.Secret,
	}
	if err := json.Unmarshal(p.bucket(), &bucket); err != nil || bucket != want {
		t.Errorf("%+v, %v", bucket, err)
	}
	var known [][]byte
	if err := json.Unmarshal(p.known(), &known); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{s.AccessKey, s.Secret} {
		if !slices.ContainsFunc(known, func(k []byte) bool { return string(k) == key }) {
			t.Errorf("the sweep does not know %s", key)
		}
	}
}

// Each failure of a storage says what to do, and each fault which field is wrong.
func TestStorageFailures(t *testing.T) {
	for _, code := range []egress.Code{
		egress.CodeKey, egress.CodeStays, egress.CodeNoBucket, egress.CodeRegion, egress.CodeClock, egress.CodeUntrusted, egress.CodeUnreachable,
		egress.CodeTimeout, egress.CodeRefused, egress.CodeFull, egress.CodeGone, egress.CodeDiffers, egress.CodeAnswered, egress.CodeUnavailable,
	} {
		e, ok := errors.AsType[*library.Error](unstored(&egress.Failure{Code: code, Message: "What.", Detail: "theirs"}))
		if !ok || e.Kind != library.Conflict || e.Code != string(code) || !strings.Contains(e.Message, "theirs") || e.Hint == "" {
			t.Errorf("%s: %+v", code, e)
		}
	}
	for code, field := range map[places.Code]string{places.BadBucket: "bucket", places.BadSecret: "secret", places.Unreachable: "endpoint"} {
		e, ok := errors.AsType[*library.Error](unplaced(&places.Fault{Code: code, What: "what", Remedy: "remedy"}))
		if !ok || e.Kind != library.Invalid || e.Field != field || e.Message != "What." || e.Hint != "remedy." {
			t.Errorf("%s: %+v", code, e)
		}
	}
	if unstored(nil) != nil || unplaced(nil) != nil {
		t.Error("nothing is a failure")
	}
}
