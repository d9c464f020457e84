package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The document lists each route of the API and no other, each with an answer
// and with problems, and every reference in it leads somewhere.
func TestOpenAPI(t *testing.T) {
	b := newBox(t, nil)
	w := b.do(t, "GET", "/api/v1/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/openapi+json" {
		t.Fatal(w.Code, w.Header())
	}
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version string }
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Responses   map[string]struct {
				Content map[string]struct{ Schema map[string]any }
			}
			Security    []map[string][]string
			RequestBody struct {
				Content map[string]any
			}
			Parameters []struct{ Name, In string }
		}
		Components struct{ Schemas map[string]any }
	}
	text := w.Body.String()
	must(t, json.Unmarshal([]byte(text), &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Info.Title != "Coffer" || doc.Info.Version != "9.9.9-test" || doc.Servers[0].URL != "/api/v1" {
		t.Errorf("%s %+v %+v", doc.OpenAPI, doc.Info, doc.Servers)
	}
	var listed, real []string
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			what := strings.ToUpper(method) + " " + path
			listed = append(listed, what)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s: id %q, summary %q", what, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			if op.Responses["default"].Content["application/problem+json"].Schema["$ref"] != "#/components/schemas/Problem" {
				t.Errorf("%s: no problem: %+v", what, op.Responses)
			}
			if len(op.Responses) < 2 {
				t.Errorf("%s: no answer", what)
			}
			for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' }) {
				if strings.HasPrefix(name, "{") && !slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool {
					return p.In == "path" && "{"+p.Name+"}" == name
				}) {
					t.Errorf("%s: %s is not a parameter", what, name)
				}
			}
			public := strings.HasPrefix(path, "/health") || path == "/setup" || path == "/restore" || path == "/auth/login" || path == "/auth/factor" || path == "/auth/logout"
			if public == (len(op.Security) > 0) {
				t.Errorf("%s: security %v", what, op.Security)
			}
		}
	}
	for _, r := range b.Routes() {
		path, ok := strings.CutPrefix(r.Path, "/api/v1")
		if !ok || path == "/openapi.json" {
			continue
		}
		real = append(real, r.Method+" "+strings.NewReplacer(":id", "{id}", ":service", "{service}").Replace(path))
	}
	slices.Sort(listed)
	slices.Sort(real)
	if !slices.Equal(listed, real) {
		t.Errorf("listed %v\nreal %v", listed, real)
	}
	for _, part := range strings.Split(text, `"$ref":"`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		if name, ok := strings.CutPrefix(ref, "#/components/schemas/"); !ok || doc.Components.Schemas[name] == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	if doc.Paths["/sources"]["post"].RequestBody.Content["multipart/form-data"] == nil {
		t.Error("the upload is not described")
	}
	for _, s := range []string{"ErrorModel", "http://", "https://", "$schema"} {
		if strings.Contains(text, s) {
			t.Errorf("%q is in the document", s)
		}
	}
	for what, code := range map[string]string{"post /setup": "201", "post /sources/text": "202", "post /sources/{id}/retry": "202", "post /auth/logout": "204", "delete /sources/{id}": "204"} {
		method, path, _ := strings.Cut(what, " ")
		if _, ok := doc.Paths[path][method].Responses[code]; !ok {
			t.Errorf("%s: no %s", what, code)
		}
	}
}

// huma's own routes are not there.
func TestNoForeignRoutes(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	for _, path := range []string{"/docs", "/openapi.json", "/openapi.yaml", "/schemas/Source", "/api/v1/docs", "/api/v1/openapi.yaml", "/api/v1/openapi-3.0.json", "/api/v1/schemas/Source.json"} {
		if w := b.do(t, "GET", path, "", owner); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := b.do(t, "GET", "/api/v1/auth/me", "", owner)
	if w.Header().Get("Link") != "" || strings.Contains(w.Body.String(), "$schema") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}
