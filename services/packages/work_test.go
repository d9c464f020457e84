package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// many is a package of n short texts.
func many(t *testing.T, n int) []byte {
	x := made{}
	for i := range n {
		x.sources = append(x.sources, fmt.Sprintf(`{"@id": "urn:s/%d", "@type": "Source", "title": "Text %d"}`, i, i),
			fmt.Sprintf(`{"@id": "urn:s/%d#1", "@type": "Chunk", "content": "This is text %d."}`, i, i))
	}
	return x.file(t)
}

// gated is a library whose documents wait at a gate.
type gated struct {
	Library
	gate func(n int64) error
	n    atomic.Int64
}

func (g *gated) Bring(ctx context.Context, b library.Brought, r io.Reader) (library.Source, bool, error) {
	if err := g.gate(g.n.Add(1)); err != nil {
		return library.Source{}, false, err
	}
	return g.Library.Bring(ctx, b, r)
}

// TestAnEndInBetween ends the box at every document of an import: the rest is
// added when it starts again, and none twice.
func TestAnEndInBetween(t *testing.T) {
	const n = 6
	file := many(t, n)
	for at := int64(1); at <= n; at++ {
		r := newRig(t)
		r.stop()
		reached := make(chan struct{})
		hold := make(chan struct{})
		r.start(&gated{Library: r.lib, gate: func(k int64) error {
			if k == at {
				close(reached)
				<-hold
			}
			return nil
		}})
		_, err := r.Import(t.Context(), bytes.NewReader(file))
		librarytest.Must(t, err)
		_, err = r.Import(t.Context(), bytes.NewReader(file))
		librarytest.WantKind(t, err, library.Conflict)
		<-reached
		go close(hold)
		r.stop()
		r.start(nil)
		i := r.ended()
		if i.Status != library.ImportDone || i.Done != n || i.Added+i.Known != n || len(r.contents()) != n {
			t.Errorf("at %d: %+v, %d documents", at, i, len(r.contents()))
		}
		if _, err := os.Stat(filepath.Join(r.dir, "import", acceptedName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("at %d: what was imported stays: %v", at, err)
		}
	}
}

// TestACrashBeforeAcceptance leaves what a process that dies at each step before
// an import is accepted leaves: nothing of it is added.
func TestACrashBeforeAcceptance(t *testing.T) {
	for name, leave := range map[string]func(dir string) error{
		"while it arrives":   func(dir string) error { return os.WriteFile(filepath.Join(dir, uploadName), []byte("PK"), 0o600) },
		"while it is opened": func(dir string) error { return os.MkdirAll(filepath.Join(dir, membersName, "assets"), 0o700) },
		"once it is noted": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, membersName), 0o700), os.WriteFile(filepath.Join(dir, recordName), []byte(`{"ID": "x", "Status": "running"}`), 0o600))
		},
		"a torn record": func(dir string) error { return os.WriteFile(filepath.Join(dir, recordName), []byte(`{"ID`), 0o600) },
	} {
		r := newRig(t)
		r.stop()
		dir := filepath.Join(r.dir, "import")
		librarytest.Must(t, leave(dir))
		r.start(nil)
		for _, gone := range []string{uploadName, membersName, acceptedName} {
			if _, err := os.Lstat(filepath.Join(dir, gone)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: %s stays", name, gone)
			}
		}
		if i, err := r.LastImport(t.Context()); err == nil && i.Status != library.ImportFailed {
			t.Errorf("%s: %+v", name, i)
		}
		if i := r.take(many(t, 2)); i.Added != 2 {
			t.Errorf("%s: afterwards %+v", name, i)
		}
	}
}

// TestSpoiledWhileAccepted changes a byte on the disk between acceptance and a
// start.
func TestSpoiledWhileAccepted(t *testing.T) {
	r := newRig(t)
	r.stop()
	reached, hold := make(chan struct{}), make(chan struct{})
	r.start(&gated{Library: r.lib, gate: func(int64) error { close(reached); <-hold; return context.Canceled }})
	_, err := r.Import(t.Context(), bytes.NewReader(many(t, 3)))
	librarytest.Must(t, err)
	<-reached
	r.cancel()
	close(hold)
	r.stop()
	path := filepath.Join(r.dir, "import", acceptedName, sourcesName)
	text, err := os.ReadFile(path)
	librarytest.Must(t, err)
	text[len(text)/2] ^= 1
	librarytest.Must(t, os.WriteFile(path, text, 0o600))
	r.start(nil)
	if i := r.ended(); i.Status != library.ImportFailed || i.Added != 0 || len(i.Notes) != 1 {
		t.Errorf("%+v", i)
	}
}

func TestStopAndRefusedDocuments(t *testing.T) {
	r := newRig(t)
	_, err := r.StopImport(t.Context())
	librarytest.WantKind(t, err, library.Conflict)
	_, err = r.LastImport(t.Context())
	librarytest.WantKind(t, err, library.NotFound)
	r.stop()
	g := &gated{Library: r.lib}
	reached := make(chan struct{})
	g.gate = func(n int64) error {
		switch n {
		case 1:
			return &library.Error{Kind: library.TooLarge, Message: "Too large."}
		case 3:
			close(reached)
			return &library.Error{Kind: library.Full, Message: "Full."} // it waits
		}
		return nil
	}
	r.start(g)
	_, err = r.Import(t.Context(), bytes.NewReader(many(t, 9)))
	librarytest.Must(t, err)
	<-reached
	_, err = r.StopImport(t.Context())
	librarytest.Must(t, err)
	i := r.ended()
	if i.Status != library.ImportStopped || i.Done != 2 || i.Added != 1 || i.Left != 1 || len(i.Notes) != 1 || i.Notes[0].Code != string(library.TooLarge) {
		t.Errorf("%+v", i)
	}
	r.stop()
	r.start(nil)
	if j, err := r.LastImport(t.Context()); err != nil || j.Status != library.ImportStopped {
		t.Errorf("after a start: %+v, %v", j, err)
	}
}

func TestPlain(t *testing.T) {
	r := newRig(t)
	r.read("notes.txt", "one", library.Passage{Text: "one"}, library.Passage{Text: "two"})
	r.read("Notes.txt", "another")
	r.read(`con.txt`, "a device")
	r.read(`a:b?.txt`, "forbidden")
	r.read("", "no name")
	var out bytes.Buffer
	librarytest.Must(t, r.Plain(t.Context(), &out))
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	librarytest.Must(t, err)
	text, err := entry(z, "library.json")
	librarytest.Must(t, err)
	var all []plainRecord
	librarytest.Must(t, json.Unmarshal([]byte(text), &all))
	got := map[string]bool{}
	for _, p := range all {
		original, err := entry(z, p.Original)
		librarytest.Must(t, err)
		_, name, _ := strings.Cut(strings.TrimPrefix(p.Original, "originals/"), "/")
		got[name+": "+original] = true
		if p.Text != "" {
			if text, err := entry(z, p.Text); err != nil || text != "one\n\ntwo" || !strings.HasSuffix(p.Text, "/notes.txt") {
				t.Errorf("%s is %q, %v", p.Text, text, err)
			}
		}
	}
	for _, want := range []string{"Notes.txt: another", "notes (2).txt: one", "_con.txt: a device", "a_b_.txt: forbidden"} {
		if !got[want] {
			t.Errorf("%v, want %q", got, want)
		}
	}
	if len(all) != 5 || len(got) != 5 {
		t.Errorf("%d documents, %v", len(all), got)
	}
	empty := newRig(t)
	out.Reset()
	librarytest.Must(t, empty.Plain(t.Context(), &out))
	z, err = zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	librarytest.Must(t, err)
	if text, err := entry(z, "library.json"); err != nil || text != "[]\n" {
		t.Errorf("an empty one is %q, %v", text, err)
	}
}

// TestFixtures takes the packages that come with the format.
func TestFixtures(t *testing.T) {
	corpus := os.Getenv("COFFER_CORPUS")
	if corpus == "" {
		t.Skip("corpus tier: COFFER_CORPUS is not set")
	}
	valid, err := filepath.Glob(filepath.Join(corpus, "ccx/valid/*.ccx"))
	librarytest.Must(t, err)
	invalid, err := filepath.Glob(filepath.Join(corpus, "ccx/invalid/*.ccx"))
	librarytest.Must(t, err)
	if len(valid) == 0 || len(invalid) == 0 {
		t.Fatal("there are no packages")
	}
	for _, path := range valid {
		file, err := os.ReadFile(path)
		librarytest.Must(t, err)
		i := newRig(t).take(file)
		if i.Status != library.ImportDone || i.Added != i.Sources || i.Sources == 0 || strings.Contains(path, "signed") != (i.Signer != "") {
			t.Errorf("%s: %+v", filepath.Base(path), i)
		}
	}
	reasons := map[string]string{
		"bad-checksum": codeChanged, "missing-mimetype": codeNotPackage, "path-traversal": codeUnsafe, "remote-context": codeRemote,
		"compressed-mimetype": codeNotPackage, "missing-manifest": codeManifest, "invalid-manifest": codeManifest, "malformed-manifest": codeManifest,
		"remote-context-file": codeRemote, "corrupt-context": codeGraph, "signed-missing-sig": codeMissing,
	}
	for _, path := range invalid {
		file, err := os.ReadFile(path)
		librarytest.Must(t, err)
		name := strings.TrimSuffix(filepath.Base(path), ".ccx")
		t.Run(name, func(t *testing.T) { newRig(t).refused(file, reasons[name]) })
	}
}

func FuzzGraph(f *testing.F) {
	for _, seed := range []string{`{"@graph": []}`, `{"@context": "x"}`, `{"a": [{"@import": "http://x"}]}`, `{"@context": [null, {}, "https://x"]}`, `[`, `{"@graph": [1, [2]]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := checkGraph(strings.NewReader(text), func(string) bool { return false })
		var v any
		if err == nil && json.Unmarshal([]byte(text), &v) != nil {
			t.Fatalf("taken, and no JSON: %q", text)
		}
		if err == nil && refers(v) {
			t.Fatalf("taken, and refers elsewhere: %q", text)
		}
	})
}

// refers looks for references as a reader does that has all of it in memory.
func refers(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, of := range v {
			if refers(of) || (key == "@context" || key == "@import") && names(of) {
				return true
			}
		}
	case []any:
		for _, of := range v {
			if refers(of) {
				return true
			}
		}
	}
	return false
}

func names(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case []any:
		for _, of := range v {
			if names(of) {
				return true
			}
		}
	}
	return false
}

func FuzzRecords(f *testing.F) {
	f.Add(`{"@id": "a", "@type": "Source"}` + "\n" + `{"@id": "a#1", "@type": "Chunk", "content": "x"}`)
	f.Add(`{"@id": "a", "@type": ["Source"], "text": "t"}` + "\n" + `{"@type": "Chunk", "source": {"@id": "a"}, "selector": [{"type": "TextPositionSelector", "start": 0, "end": 1e300}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		librarytest.Must(t, os.WriteFile(filepath.Join(dir, sourcesName), []byte(text), 0o600))
		librarytest.Must(t, os.WriteFile(filepath.Join(dir, "t"), []byte("xyz"), 0o600))
		root, err := os.OpenRoot(dir)
		librarytest.Must(t, err)
		defer root.Close()
		o := &opened{root: root, modes: map[string]string{}, types: map[string]string{sourcesName: typeLines, "t": "text/plain"}}
		err = o.each(t.Context(), func(int, error) {}, func(it item) error {
			if it.Title == "" || it.FileName == "" || it.Path != "" && it.Path != "t" || it.Path != "" && it.Inline != "" {
				t.Fatalf("%+v", it)
			}
			return nil
		})
		librarytest.Must(t, err)
	})
}
