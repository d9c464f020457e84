package web

import (
	"bytes"
	"net/url"
	"testing"
	"time"

	"coffer/services/library"
)

// taken waits until the last package is added.
func (b *box) taken() library.Import {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		i, err := b.packages.LastImport(b.t.Context())
		must(b.t, err)
		if i.Status != library.ImportRunning {
			return i
		}
	}
	b.t.Fatal("the import never ends")
	return library.Import{}
}

// somePackage is what the box itself exported, taken in again.
func (b *box) somePackage() {
	b.t.Helper()
	var file bytes.Buffer
	must(b.t, b.packages.Export(b.t.Context(), &file, library.PackageOptions{}))
	_, err := b.packages.Import(b.t.Context(), &file)
	must(b.t, err)
	b.taken()
}

// The library leaves one box and comes into another, without scripts.
func TestPackagesPage(t *testing.T) {
	b := newBox(t, "/box")
	b.reader(0)
	v := b.owner()
	b.put("a.txt", "A zebra.")
	b.put("b.txt", "A giraffe.")
	page, _ := v.get("/settings/packages")
	has(t, page, "As a package", "As plain files", "SHA256:", "!The last package")
	file, r := v.get("/api/v1/export?form=ccx&originals=embedded&license=CC0-1.0")
	status(t, r, 200)
	if r.Header.Get("Content-Type") != "application/vnd.ccx+zip" || r.Header.Get("Content-Disposition") == "" {
		t.Errorf("%v", r.Header)
	}
	plain, r := v.get("/api/v1/export?form=plain")
	status(t, r, 200)
	if plain[:2] != "PK" || r.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%v", r.Header)
	}
	for _, query := range []string{"form=other", "originals=some", "license=%3Cx%3E"} {
		text, r := v.get("/api/v1/export?" + query)
		status(t, r, 422)
		has(t, text, `"code":"invalid"`, "!PK")
	}

	other := newBox(t, "/box")
	other.reader(0)
	w := other.owner()
	spoiled := []byte(file)
	spoiled[len(spoiled)/3] ^= 1
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"spoiled": {spoiled, "Nothing was added"},
		"no ZIP":  {[]byte("Hello"), "no CCX package"},
	} {
		page, r = w.brings("/settings/packages/import", "x.ccx", string(c.file))
		status(t, r, 422)
		has(t, page, c.says, `role="alert"`, "!"+name)
	}
	page, r = w.brings("/settings/packages/import", "", "")
	status(t, r, 422)
	has(t, page, "Choose a package")
	page, r = w.brings("/settings/packages/import", "coffer.ccx", file)
	at(t, r, "/box/settings/packages?done=taken")
	has(t, page, "The package is whole", "Library of a Coffer box")
	if i := other.taken(); i.Added != 2 {
		t.Errorf("%+v", i)
	}
	page, _ = w.get("/settings/packages")
	has(t, page, "2 of 2 documents", "2 added", "signed by SHA256:", "!>Stop<")
	_, r = w.post("/settings/packages/stop", url.Values{})
	at(t, r, "/box/settings/packages")
	page, _ = w.get("/settings/audit")
	has(t, page, "Package taken in")
	page, _ = v.get("/settings/audit")
	has(t, page, "Library exported")
}
