package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestPackageBetweenBoxes takes the library of one real box to another through
// nginx, larger than any document may be.
func TestPackageBetweenBoxes(t *testing.T) {
	from := startBox(t, newRoot(t))
	from.up()
	v := from.visitor("127.0.0.1")
	v.setUp()
	v.note("A zebra in the field.")
	for _, name := range []string{"giraffe", "okapi"} {
		if status, answer := v.sendFile("/sources", name+".txt", strings.Repeat("The "+name+" in the field.\n", 30_000), ""); status != http.StatusAccepted {
			t.Fatal(status, answer)
		}
	}
	from.eventually("all is read", func() bool { return v.finds("zebra") == 1 && v.finds("giraffe") > 0 && v.finds("okapi") > 0 })
	status, file := v.send("GET", "/export", nil)
	if status != http.StatusOK || !strings.HasPrefix(file, "PK") {
		t.Fatal(status)
	}
	status, plain := v.send("GET", "/export?form=plain", nil)
	if status != http.StatusOK || !strings.HasPrefix(plain, "PK") {
		t.Fatal(status)
	}

	to := startBox(t, newRoot(t), "COFFER_MAX_UPLOAD=1MiB")
	to.up()
	w := to.visitor("127.0.0.1")
	w.setUp()
	spoiled := file[:len(file)/2] + "#" + file[len(file)/2+1:]
	if status, answer := w.sendFile("/import", "x.ccx", spoiled, ""); status != http.StatusUnprocessableEntity || !strings.Contains(answer, "Nothing was added") {
		t.Errorf("spoiled: %d %s", status, answer)
	}
	if status, answer := w.sendFile("/import", "x.ccx", file, ""); status != http.StatusAccepted || !strings.Contains(answer, `"sources":3`) {
		t.Fatal(status, answer)
	}
	to.eventually("all has come", func() bool { return w.finds("zebra") == 1 && w.finds("giraffe") > 0 && w.finds("okapi") > 0 })
	to.eventually("the import ends", func() bool {
		_, answer := w.send("GET", "/import", nil)
		return strings.Contains(answer, `"status":"done"`) && strings.Contains(answer, `"added":3`)
	})
	stranger := to.visitor("127.0.0.2")
	for _, path := range []string{"/export", "/import"} {
		if status, _ := stranger.send("GET", path, nil); status != http.StatusUnauthorized {
			t.Errorf("a stranger asks %s: %d", path, status)
		}
	}
	if status, _ := stranger.sendFile("/import", "x.ccx", file, ""); status != http.StatusUnauthorized {
		t.Errorf("a stranger sends a package: %d", status)
	}
}
