package shell

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// What a page is made of is missed when the box starts, and what is wrong in it
// when it is asked for, with an error page and not a crash.
func TestTemplatesThatAreNotWell(t *testing.T) {
	files := fstest.MapFS{
		"failure.tmpl": {Data: []byte(`{{define "failure"}}{{end}}`)},
		"good.tmpl":    {Data: []byte(`{{define "good"}}well{{end}}`)},
		"bad.tmpl":     {Data: []byte(`{{define "bad"}}{{`)},
	}
	for _, name := range shared() {
		files[name+".tmpl"] = &fstest.MapFile{Data: []byte(`{{define "` + name + `"}}{{end}}`)}
	}
	options := Options{
		Templates: files, Library: new(library.Library), Log: slog.New(slog.DiscardHandler),
		Status: func(library.Kind) int { return http.StatusInternalServerError },
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"none", "good/none"} {
		if _, err := s.View(Sheets{Page: "good", With: []string{name}}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]int{"good": http.StatusOK, "bad": http.StatusInternalServerError} {
		v, err := s.View(Sheets{Page: name, Entry: name})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			answer := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(answer)
			c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
			v.Render(c, http.StatusOK, nil)
			if answer.Code != want || strings.Contains(answer.Body.String(), "well") != (want == http.StatusOK) {
				t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
			}
		}
	}
	delete(files, "icon.tmpl")
	if _, err := New(options); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without what every page shares: %v", err)
	}
}
