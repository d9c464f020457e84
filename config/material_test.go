package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/config"
)

// What others renew is read again, and what was given as text is not.
func TestMaterial(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cert.pem")
	link := filepath.Join(dir, "live.pem")
	pem := "-----BEGIN CERTIFICATE-----\none\n-----END CERTIFICATE-----\n"
	if err := errors.Join(os.WriteFile(file, []byte(pem), 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		set   string
		fresh bool
	}{
		"a path":           {"COFFER_TLS_CERT=" + file, true},
		"a link":           {"COFFER_TLS_CERT=" + link, true},
		"a file by _FILE":  {"COFFER_TLS_CERT_FILE=" + file, true},
		"text as it is":    {"COFFER_TLS_CERT=" + pem, false},
		"a path by a file": {"COFFER_TLS_CERT_FILE=" + write(t, dir, "path", file+"\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(pem), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := load(t, "", row.set)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Warnings()) != 1 || !strings.Contains(c.Warnings()[0], "COFFER_TLS_CERT changes nothing") {
				t.Errorf("warnings: %q", c.Warnings())
			}
			first, err := c.TLSCert.Read()
			if err != nil || strings.TrimSpace(string(first)) != strings.TrimSpace(pem) {
				t.Errorf("%q, %v", first, err)
			}
			if err := os.WriteFile(file, []byte("renewed"), 0o600); err != nil {
				t.Fatal(err)
			}
			second, err := c.TLSCert.Read()
			if err != nil || (string(second) == "renewed") != row.fresh {
				t.Errorf("%q, %v", second, err)
			}
		})
	}
	for name, path := range map[string]string{"nothing": dir + "/none", "a folder": dir, "a device": "/dev/zero", "too much": write(t, dir, "huge", strings.Repeat("x", 70<<10))} {
		if text, err := (config.Material{Path: path}).Read(); err == nil || len(text) > 70<<10 {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
	if _, err := (config.Material{Path: dir + "/none"}).Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
