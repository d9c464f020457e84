package https

import (
	"testing"

	"coffer/services/library"
	"coffer/services/web/words"
)

func TestBeside(t *testing.T) {
	for host, want := range map[string]string{
		"nas.lan:8080": "nas.lan:8443", "192.168.1.5:18080": "192.168.1.5:8443", "[fe80::1]:8080": "[fe80::1]:8443",
		"nas.lan": "nas.lan", "192.168.1.5": "192.168.1.5", "[::1]": "[::1]",
	} {
		if got := beside(host, 8443); got != want {
			t.Errorf("beside %s: %s, want %s", host, got, want)
		}
	}
}

func TestStanding(t *testing.T) {
	w := words.NewCatalogue().All[0]
	on := library.HTTPS{Mode: library.HTTPSSelfSigned, Presented: &library.Certificate{}, Port: 8443}
	for name, row := range map[string]struct {
		told   library.HTTPS
		secure bool
		tone   string
	}{
		"off": {library.HTTPS{Mode: library.HTTPSOff}, false, "warn"}, "off behind a proxy": {library.HTTPS{Mode: library.HTTPSOff}, true, "ok"},
		"on": {on, false, "ok"}, "on and here": {on, true, "ok"}, "it should be": {library.HTTPS{Mode: library.HTTPSFolder}, false, "bad"},
		"it should be, behind a proxy": {library.HTTPS{Mode: library.HTTPSFolder}, true, "bad"},
	} {
		if s := standing(w, row.told, row.secure); s.Tone != row.tone || s.Text == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestCovers(t *testing.T) {
	c := &library.Certificate{Names: []string{"Box.example.org", "*.home.example.org", "192.168.1.5", "*"}}
	for host, want := range map[string]bool{
		"box.example.org": true, "a.home.example.org": true, "192.168.1.5": true, "home.example.org": false,
		"a.b.home.example.org": false, "example.org": false, "192.168.1.6": false, "": false, "nas": false,
	} {
		if got := covers(c, host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
