package edge

import "testing"

func TestOwnHTTP2(t *testing.T) {
	for said, want := range map[string]bool{
		"nginx version: nginx/1.22.1\n":          false,
		"nginx version: nginx/1.25.0":            false,
		"nginx version: nginx/1.25.1":            true,
		"nginx version: nginx/1.26.3 (Debian)\n": true,
		"nginx version: nginx/2.0.0":             true,
		"nginx version: nginx/1.9.15":            false,
	} {
		if got, err := OwnHTTP2(said); err != nil || got != want {
			t.Errorf("%q: %v, %v", said, got, err)
		}
	}
	for _, said := range []string{"", "nginx", "nginx/1.25", "nginx/a.b.c", "apache/2.4.1"} {
		if _, err := OwnHTTP2(said); err == nil {
			t.Errorf("%q is taken for a version", said)
		}
	}
}
