package egress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/scripts/e2e/bucket"
)

// What answers in the way of a storage, or not, is told in words.
func TestStorageAnswers(t *testing.T) {
	answer := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://169.254.169.254/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>key ada-access and ada-secret</Message><Region>eu-west-3</Region></Error>")
		}
	}
	for _, row := range []struct {
		status     int
		error      string
		code       Code
		says, hide string
	}{
		{301, "PermanentRedirect", CodeRegion, "leads elsewhere (301)", ""},
		{307, "TemporaryRedirect", CodeRegion, "leads elsewhere (307)", ""},
		{400, "AuthorizationHeaderMalformed", CodeRegion, "eu-west-3", ""},
		{403, "RequestTimeTooSkewed", CodeClock, "clock", ""},
		{403, "AccessDenied", CodeKey, "AccessDenied", ""},
		{404, "NoSuchBucket", CodeNoBucket, "", ""},
		{400, "QuotaExceeded", CodeFull, "", ""},
		{400, "InvalidThing", CodeAnswered, "InvalidThing", "ada-"},
	} {
		n := newNetwork(t, answer(row.status, row.error))
		n.leads("s3.lan", "192.168.1.9")
		b := aBucket()
		b.AccessKey, b.Secret = "ada-access", "ada-secret"
		s, err := newStorage(n.through(newDoor(Storage, 1<<30, nil)), b)
		if err != nil {
			t.Fatal(err)
		}
		err = s.try(t.Context())
		wants(t, err, row.code, row.says)
		if row.hide != "" && strings.Contains(err.Error(), row.hide) {
			t.Errorf("%v quotes a secret", err)
		}
		for _, to := range n.reached() {
			if to != "192.168.1.9:7070" {
				t.Errorf("%s: went to %s", row.error, to)
			}
		}
	}
}

// Only a certificate that somebody trusted vouches for is spoken to, and only an
// address that may be.
func TestStorageDoor(t *testing.T) {
	for _, row := range []struct {
		endpoint, address string
		trusted           bool
		code              Code
	}{
		{"https://s3.example.org", "93.184.216.34", false, CodeUntrusted},
		{"https://example.com", "93.184.216.34", true, CodeAnswered},       // it is there, and no storage
		{"https://example.com:80", "93.184.216.34", true, CodeUnreachable}, // speaks no TLS
		{"http://s3.example.org", "169.254.169.254", true, CodeRefused},
		{"http://s3.lan", "169.254.169.254", true, CodeRefused},
		{"http://s3.lan", "127.0.0.1", true, CodeRefused},
		{"http://s3.lan", "100.100.100.200", true, CodeRefused},
		{"http://169.254.169.254", "", true, CodeRefused},
		{"http://nobody.lan", "", true, CodeUnreachable},
	} {
		n := newNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		n.secure.Config.ErrorLog = nil
		for _, name := range []string{"s3.example.org", "example.com", "s3.lan"} {
			if row.address != "" {
				n.leads(name, row.address)
			}
		}
		server := n.server(Storage)
		if !row.trusted {
			server.Roots = nil
		}
		server.Bucket = Bucket{Endpoint: row.endpoint, Region: "us-east-1", Name: "backups", PathStyle: true, AccessKey: "ada", Secret: "s3cret"}
		err := serve(t, server).TryStorage(t.Context())
		if wants(t, err, row.code, ""); t.Failed() {
			t.Fatalf("%+v", row)
		}
		if row.code == CodeRefused && len(n.reached()) > 0 {
			t.Errorf("%s: went to %v", row.endpoint, n.reached())
		}
	}
}

// All of it over the socket: the file is given, not named.
func TestCopies(t *testing.T) {
	address := bucket.Serve(t).Address
	n := newNetwork(t, http.NotFoundHandler())
	server := n.server(Storage)
	server.Bucket = aBucket()
	server.door = func(purpose string, limit int64) *door {
		d := newDoor(purpose, limit, n.tell)
		leads(d, address)
		return d
	}
	c := serve(t, server)
	ctx := t.Context()
	content := random(partSize + 5)
	path := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.TryStorage(ctx); err != nil {
		t.Fatal(err)
	}
	var there int64
	if err := c.PutCopy(ctx, nameA, f, func(n int64) { there = n }); err != nil || there != int64(len(content)) {
		t.Fatalf("%d bytes, %v", there, err)
	}
	if all, err := c.ListCopies(ctx); err != nil || len(all) != 1 || all[0].Name != nameA || all[0].Size != int64(len(content)) {
		t.Fatalf("%+v, %v", all, err)
	}
	var got bytes.Buffer
	var size int64
	if err := c.GetCopy(ctx, nameA, &got, func(n int64) { size = n }); err != nil || size != int64(len(content)) || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("%d of %d bytes come back, %v", got.Len(), size, err)
	}
	for _, name := range []string{"", "photo.jpg", "../" + nameA, "a/" + nameA, "coffer-.age", nameA + "/x", "coffer-DEADBEEF-20310501-120000-aaaaaa.age", "coffer-trial-abc.txt"} {
		wants(t, c.RemoveCopy(ctx, name), CodeInvalid, "no name of a copy")
		wants(t, c.PutCopy(ctx, name, f, func(int64) {}), CodeInvalid, "no name of a copy")
		wants(t, c.GetCopy(ctx, name, io.Discard, func(int64) {}), CodeInvalid, "no name of a copy")
	}
	wants(t, c.ask(ctx, Request{Purpose: Storage, Copy: &Copy{PutCopy, nameB}}, nil), CodeInvalid, "No file was given")
	wants(t, c.ask(ctx, Request{Purpose: Storage, Copy: &Copy{Do: "burn"}}, nil), CodeInvalid, "burn")
	wants(t, c.ask(ctx, Request{Purpose: Storage}, nil), CodeInvalid, "")
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	wants(t, c.PutCopy(ctx, nameB, dir, func(int64) {}), CodeInvalid, "is no file")
	if err := c.RemoveCopy(ctx, nameA); err != nil {
		t.Fatal(err)
	}
	if all, err := c.ListCopies(ctx); err != nil || len(all) != 0 {
		t.Fatalf("%+v, %v", all, err)
	}
}

// A caller that is gone is not worked for.
func TestCopiesLeft(t *testing.T) {
	asked := make(chan struct{}, 10)
	gone := make(chan struct{}, 10)
	n := newNetwork(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	n.leads("s3.lan", "192.168.1.9")
	server := n.server(Storage)
	server.Bucket = aBucket()
	c := serve(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := c.ListCopies(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-gone
}

// Nothing but copies can be named, and nothing is asked of anybody for another
// name.
func TestCopyNames(t *testing.T) {
	n := newNetwork(t, http.NotFoundHandler())
	server := n.server(Storage)
	server.Bucket = aBucket()
	c := serve(t, server)
	for _, name := range []string{"", "photo.jpg", "../" + nameA, "a/" + nameA, "coffer-.age", nameA + "/x", nameA + "\n", "coffer-DEADBEEF-20310501-120000-aaaaaa.age", "coffer-trial-abc.txt"} {
		for _, deed := range []Deed{PutCopy, GetCopy, RemoveCopy} {
			wants(t, c.ask(t.Context(), Request{Purpose: Storage, Copy: &Copy{deed, name}}, nil), CodeInvalid, "no name of a copy")
		}
	}
	if !n.silent() {
		t.Errorf("asked %v, went to %v", n.hosts(), n.reached())
	}
}

// Only the host of the storage is gone to, or that of the bucket below it.
func TestBucketAdmits(t *testing.T) {
	for _, row := range []struct {
		path bool
		host string
		port uint16
		ok   bool
	}{
		{true, "s3.lan", 7070, true}, {true, "s3.lan", 80, false}, {true, "backups.s3.lan", 7070, false}, {true, "other.lan", 7070, false},
		{false, "s3.lan", 7070, true}, {false, "backups.s3.lan", 7070, true}, {false, "other.s3.lan", 7070, false}, {false, "backups.s3.lan", 443, false},
	} {
		b := aBucket()
		b.PathStyle = row.path
		d := newDoor(Storage, 1, nil)
		s, err := newStorage(d, b)
		if err != nil {
			t.Fatal(err)
		}
		s.close()
		if err := d.admit(row.host, row.port); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row, err)
		}
	}
}
