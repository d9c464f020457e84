package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

// rig is a library with real files, and its packages.
type rig struct {
	*Keeper
	t     *testing.T
	dir   string
	store *store.Store
	blobs *blobs.Dir
	lib   *library.Library
	// cancel begins the end of the keeper, and stop waits for it.
	cancel, stop func()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	var err error
	r.store, err = store.Open(filepath.Join(r.dir, "store"))
	librarytest.Must(t, err)
	r.blobs, err = blobs.Open(filepath.Join(r.dir, "blobs"))
	librarytest.Must(t, err)
	r.lib, err = library.Open(t.Context(), library.Options{
		Store: r.store, Blobs: r.blobs, Index: librarytest.NewIndex(), MaxUpload: 8 << 20, Log: slog.New(slog.DiscardHandler),
	})
	librarytest.Must(t, err)
	r.start(nil)
	t.Cleanup(func() {
		r.stop()
		librarytest.Must(t, errors.Join(r.blobs.Close(), r.store.Close()))
	})
	return r
}

// start makes the keeper, as a start of the box does; lib nil is the real one.
func (r *rig) start(lib Library) {
	r.t.Helper()
	if lib == nil {
		lib = r.lib
	}
	seed := sha256.Sum256([]byte(r.dir))
	k, err := New(Options{
		Dir: filepath.Join(r.dir, "import"), Library: lib, Key: ed25519.NewKeyFromSeed(seed[:]), MaxFile: 8 << 20,
		Box: "deadbeef", Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	librarytest.Must(r.t, err)
	r.Keeper = k
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	r.cancel = cancel
	r.stop = func() {
		cancel()
		librarytest.Must(r.t, errors.Join(<-done, k.Close()))
	}
}

// read adds a document and what was read of it.
func (r *rig) read(name, text string, passages ...library.Passage) library.Source {
	r.t.Helper()
	s, created, err := r.lib.Add(r.t.Context(), name, strings.NewReader(text))
	librarytest.Must(r.t, err)
	if !created {
		r.t.Fatalf("%s was there", name)
	}
	if len(passages) > 0 {
		r.complete(passages)
	}
	s, err = r.lib.Source(r.t.Context(), s.ID)
	librarytest.Must(r.t, err)
	return s
}

// complete answers the next lease.
func (r *rig) complete(passages []library.Passage) {
	r.t.Helper()
	l, err := r.lib.Lease(r.t.Context())
	librarytest.Must(r.t, err)
	librarytest.Must(r.t, r.lib.Complete(r.t.Context(), l.ID, library.Reading{Type: library.TypeText, Passages: passages}))
}

func (r *rig) export(o library.PackageOptions) []byte {
	r.t.Helper()
	var out bytes.Buffer
	librarytest.Must(r.t, r.Export(r.t.Context(), &out, o))
	return out.Bytes()
}

// take imports a package and waits until it is added.
func (r *rig) take(file []byte) library.Import {
	r.t.Helper()
	_, err := r.Import(r.t.Context(), bytes.NewReader(file))
	librarytest.Must(r.t, err)
	return r.ended()
}

func (r *rig) ended() library.Import {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		i, err := r.LastImport(r.t.Context())
		librarytest.Must(r.t, err)
		r.mu.Lock()
		busy := r.busy
		r.mu.Unlock()
		if i.Status != library.ImportRunning && !busy {
			return i
		}
		if time.Now().After(end) {
			r.t.Fatalf("after a minute: %+v", i)
		}
	}
}

// refused wants a package refused for a reason, and nothing of it left.
func (r *rig) refused(file []byte, code string) {
	r.t.Helper()
	_, err := r.Import(r.t.Context(), bytes.NewReader(file))
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid || e.Code != code {
		r.t.Errorf("%v (%+v), want the code %s", err, e, code)
	}
	left, err := os.ReadDir(filepath.Join(r.dir, "import"))
	librarytest.Must(r.t, err)
	for _, l := range left {
		if l.Name() != recordName {
			r.t.Errorf("%s stays", l.Name())
		}
	}
	list, err := r.lib.Sources(r.t.Context(), library.SourceFilter{}, library.Page{})
	if err != nil || list.Total > 0 {
		r.t.Errorf("%d sources, %v", list.Total, err)
	}
}

// contents is what is in the library, by title.
func (r *rig) contents() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	err := eachSource(r.t.Context(), r.lib, func(s library.Source) error {
		_, f, err := r.lib.Original(r.t.Context(), s.ID)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(f)
		out[s.Title] = fmt.Sprintf("%s %v %s", s.FileName, s.Named, text)
		return errors.Join(err, f.Close())
	})
	librarytest.Must(r.t, err)
	return out
}

// part is an entry of a package that a test makes.
type part struct {
	name, text string
	method     uint16
}

func zipped(t *testing.T, parts []part) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		f, err := w.CreateHeader(&zip.FileHeader{Name: p.name, Method: p.method})
		librarytest.Must(t, err)
		_, err = io.WriteString(f, p.text)
		librarytest.Must(t, err)
	}
	librarytest.Must(t, w.Close())
	return out.Bytes()
}

// made is a package of given parts with a manifest that fits them.
type made struct {
	context, knowledge string
	graphs             map[string]string // namespace.name → text
	assets             map[string]string // path → text
	modes              map[string]string
	sources            []string
	change             func(m *manifest)
	raw                func(text []byte) []byte // of the manifest
	parts              func([]part) []part
	key                ed25519.PrivateKey
}

func digestsOf(text string) digests {
	s := newSums()
	_, _ = io.WriteString(s, text)
	return s.digests()
}

func (x made) file(t *testing.T) []byte {
	t.Helper()
	if x.context == "" {
		x.context = `{"@context": {"name": "https://schema.org/name"}}`
	}
	if x.knowledge == "" {
		x.knowledge = `{"@context": "context.jsonld", "@graph": []}`
	}
	m := manifest{head: head{Version: "3.0", Name: "demo/things", PackageVersion: "1.0.0"}, Assets: []assetEntry{}}
	m.Graphs = []graphEntry{{Namespace: "ccx", Name: "knowledge", Path: knowledgeName, MediaType: typeJSONLD, digests: digestsOf(x.knowledge)}}
	parts := []part{{mimetypeName, mediaType, zip.Store}, {contextName, x.context, zip.Deflate}, {knowledgeName, x.knowledge, zip.Deflate}}
	for name, text := range x.graphs {
		namespace, rest, _ := strings.Cut(name, ".")
		m.Graphs = append(m.Graphs, graphEntry{Namespace: namespace, Name: rest, Path: "graphs/" + name + ".jsonld", MediaType: typeJSONLD, digests: digestsOf(text)})
		parts = append(parts, part{"graphs/" + name + ".jsonld", text, zip.Deflate})
	}
	if x.sources != nil {
		if x.assets == nil {
			x.assets = map[string]string{}
		}
		x.assets[sourcesName] = strings.Join(x.sources, "\n")
	}
	for path, text := range x.assets {
		kind := "text/plain"
		if strings.HasSuffix(path, ".bin") {
			kind = "application/octet-stream"
		}
		m.Assets = append(m.Assets, assetEntry{Path: path, MediaType: kind, digests: digestsOf(text), SourceMode: x.modes[path]})
		parts = append(parts, part{path, text, zip.Deflate})
	}
	if x.key != nil {
		m.Signatures = []signatureEntry{{signatureName, formatEd25519, b64(x.key.Public().(ed25519.PublicKey))}}
	}
	if x.change != nil {
		x.change(&m)
	}
	text, err := json.Marshal(m)
	librarytest.Must(t, err)
	if x.key != nil {
		parts = append(parts, part{signatureName, string(ed25519.Sign(x.key, text)), zip.Store})
	}
	if x.raw != nil {
		text = x.raw(text)
	}
	parts = append(parts, part{manifestName, string(text), zip.Deflate})
	if x.parts != nil {
		parts = x.parts(parts)
	}
	return zipped(t, parts)
}
