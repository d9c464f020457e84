package places

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func aStorage() Storage {
	return Storage{
		Endpoint: " s3.example.org/ ", Bucket: " my-backups ", Prefix: "/nas/box/", PathStyle: true,
		AccessKey: "AKIAEXAMPLE0q7x", Secret: " wJalrq7xUtnFEMI/K7MDENG\n",
	}
}

func TestStorageKept(t *testing.T) {
	s, _ := store(t)
	if got := s.StorageState(); got != (StorageState{}) {
		t.Errorf("at first %+v", got)
	}
	if err := s.ApplyStorage(aStorage()); err != nil {
		t.Fatal(err)
	}
	want := StorageState{
		Endpoint: "https://s3.example.org", Host: "s3.example.org", Region: usualRegion, Bucket: "my-backups", Prefix: "nas/box/", PathStyle: true,
	}
	if got := s.StorageState(); got != want {
		t.Errorf("%+v", got)
	}
	got := s.Storage()
	if got.AccessKey != "AKIAEXAMPLE0q7x" || got.Secret != "wJalrq7xUtnFEMI/K7MDENG" {
		t.Errorf("%+v", got)
	}
	if all := got.Secrets(); !slices.Equal(all, []string{got.AccessKey, got.Secret}) {
		t.Errorf("%q", all)
	}
	at := filepath.Join(s.Dir, StorageFile)
	if st, err := os.Stat(at); err != nil || st.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := s.ApplyStorage(Storage{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at); err == nil || s.Storage() != (Storage{}) {
		t.Error("it is still there")
	}
	if err := s.ApplyStorage(Storage{}); err != nil {
		t.Errorf("none, twice: %v", err)
	}
}

func TestStorageRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Storage)
		code   Code
	}{
		{"no address", func(o *Storage) { o.Endpoint = "" }, BadEndpoint},
		{"another scheme", func(o *Storage) { o.Endpoint = "s3://q7x" }, BadEndpoint},
		{"with the bucket", func(o *Storage) { o.Endpoint = "https://s3.example.org/q7x" }, BadEndpoint},
		{"with a password", func(o *Storage) { o.Endpoint = "https://ada:q7x@s3.example.org" }, BadEndpoint},
		{"with a query", func(o *Storage) { o.Endpoint = "https://s3.example.org?q7x" }, BadEndpoint},
		{"no port", func(o *Storage) { o.Endpoint = "https://s3.example.org:q7x" }, BadEndpoint},
		{"a large port", func(o *Storage) { o.Endpoint = "https://s3.example.org:99999" }, BadEndpoint},
		{"a bucket before numbers", func(o *Storage) { o.Endpoint, o.PathStyle = "http://192.168.1.9:9000", false }, BadEndpoint},
		{"this machine", func(o *Storage) { o.Endpoint = "http://127.0.0.1" }, Unreachable},
		{"region", func(o *Storage) { o.Region = "Q7X region" }, BadRegion},
		{"no bucket", func(o *Storage) { o.Bucket = "" }, BadBucket},
		{"a path for a bucket", func(o *Storage) { o.Bucket = "q7x/folder" }, BadBucket},
		{"dots above", func(o *Storage) { o.Bucket = "q7x..x" }, BadBucket},
		{"dots before the host", func(o *Storage) { o.Bucket, o.PathStyle = "q7x.backups", false }, BadBucket},
		{"above", func(o *Storage) { o.Prefix = "../q7x" }, BadPrefix},
		{"empty folder", func(o *Storage) { o.Prefix = "a//q7x" }, BadPrefix},
		{"long folder", func(o *Storage) { o.Prefix = strings.Repeat("q7x/", 100) }, BadPrefix},
		{"no key", func(o *Storage) { o.AccessKey = "" }, BadKey},
		{"a key of lines", func(o *Storage) { o.AccessKey = "q7x\nq7x" }, BadKey},
		{"no secret", func(o *Storage) { o.Secret = "" }, BadSecret},
		{"a secret with spaces", func(o *Storage) { o.Secret = "q7x q7x" }, BadSecret},
	} {
		s, _ := store(t)
		o := aStorage()
		row.change(&o)
		err := s.ApplyStorage(o)
		f, ok := errors.AsType[*Fault](err)
		if !ok || f.Code != row.code || f.Remedy == "" || strings.Contains(err.Error(), "q7x") {
			t.Errorf("%s: %v, want %s", row.name, err, row.code)
		}
		if s.Storage() != (Storage{}) {
			t.Errorf("%s is kept", row.name)
		}
	}
}

// A damaged file is no storage, and is not quoted.
func TestStorageDamaged(t *testing.T) {
	for _, text := range []string{"{", `{"endpoint":"http://127.0.0.1","bucket":"q7x-b","region":"a","access_key":"q7x","secret":"q7x"}`, `{"endpoint":7}`, `{"secret":"q7x"}`} {
		s, log := store(t)
		if err := os.WriteFile(filepath.Join(s.Dir, StorageFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s.Storage() != (Storage{}) || s.StorageState() != (StorageState{}) || !strings.Contains(log.String(), "none are copied") || strings.Contains(log.String(), "q7x") {
			t.Errorf("%.40s: %s", text, log)
		}
	}
}
