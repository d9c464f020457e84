package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestRoundTrip(t *testing.T) {
	r := newRig(t)
	r.read("first.txt", "Alpha. Bäta.", library.Passage{Text: "Alpha."}, library.Passage{Text: "Bäta.", Page: 0})
	s := r.read("second.txt", "Gamma.", library.Passage{Text: "Gamma."})
	_, err := r.lib.Rename(t.Context(), s.ID, "A title that was chosen")
	librarytest.Must(t, err)
	r.read("unread.bin", "not read yet")
	first := r.export(library.PackageOptions{License: "CC-BY-4.0"})

	other := newRig(t)
	i := other.take(first)
	if i.Status != library.ImportDone || i.Sources != 3 || i.Added != 3 || i.Done != 3 || i.Left != 0 || len(i.Notes) > 0 {
		t.Errorf("%+v", i)
	}
	if i.Signer != r.Signer() || i.Own || other.Signer() == r.Signer() {
		t.Errorf("signed by %q, own %v", i.Signer, i.Own)
	}
	if want, got := r.contents(), other.contents(); !maps.Equal(want, got) {
		t.Errorf("%q, want %q", got, want)
	}
	// The same again adds nothing, and is known to be the box's own at home.
	if i := r.take(first); i.Known != 3 || i.Added != 0 || !i.Own {
		t.Errorf("again: %+v", i)
	}
	// What the other box says of it is the same, but for whose it is.
	for range 3 {
		l, err := other.lib.Lease(t.Context())
		librarytest.Must(t, err)
		switch l.FileName {
		case "first.txt":
			err = other.lib.Complete(t.Context(), l.ID, library.Reading{Type: library.TypeText, Passages: []library.Passage{{Text: "Alpha."}, {Text: "Bäta."}}})
		case "second.txt":
			err = other.lib.Complete(t.Context(), l.ID, library.Reading{Type: library.TypeText, Passages: []library.Passage{{Text: "Gamma."}}})
		}
		librarytest.Must(t, err)
	}
	if want, got := substance(t, first), substance(t, other.export(library.PackageOptions{})); !slices.Equal(want, got) {
		t.Errorf("it says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// substance is what a package says, without what differs between boxes.
func substance(t *testing.T, file []byte) (out []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	librarytest.Must(t, err)
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, assetFolder) {
			out = append(out, f.Name)
		}
	}
	text, err := entry(z, sourcesName)
	librarytest.Must(t, err)
	for line := range strings.Lines(text) {
		var r map[string]any
		librarytest.Must(t, json.Unmarshal([]byte(line), &r))
		_, number, _ := strings.Cut(r["@id"].(string), "#")
		for _, key := range []string{"@id", "source", "addedAt", "extractedAt"} {
			delete(r, key)
		}
		short, err := json.Marshal(r)
		librarytest.Must(t, err)
		out = append(out, number+string(short))
	}
	slices.Sort(out)
	return out
}

func entry(z *zip.Reader, name string) (string, error) {
	f, err := z.Open(name)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(f)
	return string(text), err
}

func TestWhatIsWritten(t *testing.T) {
	r := newRig(t)
	s := r.read("a.txt", "Alpha. Bäta.", library.Passage{Text: "Alpha."}, library.Passage{Text: "Bäta.", Page: 2})
	file := r.export(library.PackageOptions{})
	if !beginsWithMediaType(bytes.NewReader(file)) {
		t.Error("it does not begin with its media type, stored")
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	librarytest.Must(t, err)
	text, err := entry(z, manifestName)
	librarytest.Must(t, err)
	signature, err := entry(z, signatureName)
	librarytest.Must(t, err)
	if !ed25519.Verify(r.public(), []byte(text), []byte(signature)) {
		t.Error("the signature does not hold")
	}
	var m manifest
	librarytest.Must(t, json.Unmarshal([]byte(text), &m))
	if m.License != noLicense || m.Version != version || !strings.HasPrefix(m.Generator, "coffer/") || len(m.Graphs) != 1 || m.Graphs[0].Role != "default" {
		t.Errorf("%+v", m)
	}
	for _, a := range m.Assets {
		if want := map[string]string{assetFolder + s.SHA256: modeEmbedded}[a.Path]; a.SourceMode != want {
			t.Errorf("%s is %q", a.Path, a.SourceMode)
		}
	}
	lines, err := entry(z, sourcesName)
	librarytest.Must(t, err)
	var last chunkRecord
	all := strings.Split(strings.TrimSpace(lines), "\n")
	librarytest.Must(t, json.Unmarshal([]byte(all[len(all)-1]), &last))
	if last.Selector != (textPosition{"TextPositionSelector", 8, 13}) || last.Page != 2 { // in code points
		t.Errorf("%+v", last)
	}

	// Without originals the texts are what comes.
	other := newRig(t)
	i := other.take(r.export(library.PackageOptions{Referenced: true}))
	if got := other.contents(); i.Added != 1 || got["a"] != "a.txt false Alpha.\n\nBäta." {
		t.Errorf("%+v, %q", i, got)
	}
	// A box that has the original does not get its text beside it.
	if i := r.take(r.export(library.PackageOptions{Referenced: true})); i.Known != 1 || i.Added != 0 {
		t.Errorf("%+v", i)
	}
	librarytest.WantKind(t, r.Export(t.Context(), io.Discard, library.PackageOptions{License: "<script>"}), library.Invalid)
}

func TestLostAndDamagedOriginals(t *testing.T) {
	r := newRig(t)
	lost := r.read("lost.txt", "lost", library.Passage{Text: "what was read"})
	bad := r.read("bad.txt", "bad bytes", library.Passage{Text: "what was read of it"})
	r.read("good.txt", "good")
	librarytest.Must(t, r.blobs.Remove(lost.SHA256))
	path := filepath.Join(r.dir, "blobs", bad.SHA256[:2], bad.SHA256[2:])
	librarytest.Must(t, os.Chmod(path, 0o600))
	librarytest.Must(t, os.WriteFile(path, []byte("bad bites"), 0o600))
	other := newRig(t)
	if i := other.take(r.export(library.PackageOptions{})); i.Added != 3 || len(other.contents()) != 3 {
		t.Errorf("%+v, %v", i, other.contents())
	}
}

func TestForeignPackages(t *testing.T) {
	const text = "assets/sha256/aa"
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for name, c := range map[string]struct {
		x    made
		want map[string]string
		note string
	}{
		"nothing":       {made{}, map[string]string{}, ""},
		"a graph":       {made{knowledge: `{"@context": "./context.jsonld", "@graph": [{"@id": "urn:x", "name": "X"}]}`}, map[string]string{"demo/things: knowledge": `knowledge.json false {"@context": "./context.jsonld", "@graph": [{"@id": "urn:x", "name": "X"}]}`}, ""},
		"a node":        {made{knowledge: `{"@context": {"name": "https://schema.org/name"}, "name": "X"}`}, map[string]string{"demo/things: knowledge": `knowledge.json false {"@context": {"name": "https://schema.org/name"}, "name": "X"}`}, ""},
		"other graphs":  {made{graphs: map[string]string{"acme.notes": `{"@graph": []}`}}, map[string]string{}, codeGraph},
		"a broken one":  {made{graphs: map[string]string{"acme.notes": `{{{`}}, map[string]string{}, codeGraph},
		"derived only":  {made{assets: map[string]string{text: "Some text."}, modes: map[string]string{text: modeDerived}, sources: []string{`{"@id": "urn:s/hr-doc", "@type": "Source", "text": "` + text + `"}`, `{"@id": "urn:s/hr-doc#1", "@type": "Chunk", "selector": {"type": "TextPositionSelector", "start": 0, "end": 10}}`}}, map[string]string{"hr-doc": "hr-doc.txt false Some text."}, ""},
		"embedded":      {made{assets: map[string]string{text: "Some text.", "assets/x.bin": "\x00\x01"}, modes: map[string]string{"assets/x.bin": modeEmbedded}, sources: []string{`{"@id": "urn:s", "@type": ["ccx:Source"], "title": "T/itle", "extractedText": "` + text + `", "file": "assets/x.bin"}`}}, map[string]string{"T/itle": "T-itle false \x00\x01"}, ""},
		"inline":        {made{sources: []string{`{"@id": "urn:s", "@type": "Source", "title": "T"}`, `{"@type": "Chunk", "source": {"@id": "urn:s"}, "content": "one"}`, ``, `{"@type": "ccx:Chunk", "source": "urn:s", "ccx:content": "two"}`}}, map[string]string{"T": "T.txt false one\n\ntwo"}, ""},
		"no type":       {made{sources: []string{`{"@id": "urn:s"}`}}, map[string]string{}, codeSources},
		"no JSON":       {made{sources: []string{`{`, `null`, `[]`}}, map[string]string{}, codeSources},
		"a long line":   {made{sources: []string{`{"@type": "Source", "title": "` + strings.Repeat("x", maxLine) + `"}`, `{"@id": "urn:s", "@type": "Source", "title": "T"}`, `{"@type": "Chunk", "source": "urn:s", "content": "one"}`}}, map[string]string{"T": "T.txt false one"}, codeSources},
		"beyond":        {made{assets: map[string]string{text: "Bäta"}, sources: []string{`{"@id": "urn:s", "@type": "Source", "title": "T", "text": "` + text + `"}`, `{"@id": "urn:s#1", "@type": "Chunk", "selector": {"type": "TextPositionSelector", "start": 0, "end": 5}}`}}, map[string]string{"T": "T.txt false Bäta"}, codeSources},
		"bad anchors":   {made{sources: []string{`{"@id": "urn:s", "@type": "Source", "title": "T"}`, `{"@id": "urn:s#1", "@type": "Chunk", "content": "x", "selector": {"type": "TextPositionSelector", "start": 3, "end": 1}}`, `{"@id": "urn:s#2", "@type": "Chunk", "content": "y", "selector": {"type": "MySelector"}}`, `{"@id": "urn:s#3", "@type": "Chunk", "content": "z", "selector": [{"type": "FragmentSelector", "value": "page=3"}]}`}}, map[string]string{"T": "T.txt false z"}, codeSources},
		"a stray chunk": {made{sources: []string{`{"@id": "urn:t#1", "@type": "Chunk", "content": "x"}`}}, map[string]string{}, codeSources},
		"nothing in it": {made{sources: []string{`{"@id": "urn:s", "@type": "Source", "title": "T"}`}}, map[string]string{}, string(library.Invalid)},
		"3.7":           {made{change: func(m *manifest) { m.Version = "3.7" }}, map[string]string{}, ""},
		"undeclared":    {made{sources: []string{`{"@id": "urn:s", "@type": "Source", "title": "T"}`, `{"@id": "urn:s#1", "@type": "Chunk", "content": "x"}`}, change: func(m *manifest) { m.Assets = []assetEntry{} }}, map[string]string{}, ""},
		"other seals":   {made{assets: map[string]string{"signatures/x": "?"}, change: func(m *manifest) { m.Signatures = []signatureEntry{{Path: "signatures/x", Format: "sigstore"}} }}, map[string]string{}, codeSignature},
		"signed":        {made{key: key}, map[string]string{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			i := r.take(c.x.file(t))
			if i.Status != library.ImportDone || i.Done != i.Sources || i.Sources != i.Added+i.Left {
				t.Errorf("%+v", i)
			}
			if got := r.contents(); !maps.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if c.note == "" != (len(i.Notes) == 0) || c.note != "" && i.Notes[0].Code != c.note {
				t.Errorf("notes %q, want %q", i.Notes, c.note)
			}
			if signed := i.Signer != ""; signed != (name == "signed") {
				t.Errorf("signed by %q", i.Signer)
			}
		})
	}
}

func TestRefusedPackages(t *testing.T) {
	const text = "assets/sha256/aa"
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	first := func(change func(*part)) func([]part) []part {
		return func(p []part) []part { change(&p[0]); return p }
	}
	with := func(more ...part) func([]part) []part { return func(p []part) []part { return append(p, more...) } }
	for name, c := range map[string]struct {
		x    made
		code string
	}{
		"no media type":       {made{parts: func(p []part) []part { return p[1:] }}, codeNotPackage},
		"not first":           {made{parts: func(p []part) []part { p[0], p[1] = p[1], p[0]; return p }}, codeNotPackage},
		"compressed":          {made{parts: first(func(p *part) { p.method = zip.Deflate })}, codeNotPackage},
		"another":             {made{parts: first(func(p *part) { p.text = "application/epub+zip" })}, codeNotPackage},
		"more in it":          {made{parts: first(func(p *part) { p.text += "\n" })}, codeNotPackage},
		"no manifest":         {made{parts: func(p []part) []part { return p[:len(p)-1] }}, codeManifest},
		"no JSON":             {made{raw: func([]byte) []byte { return []byte("{") }}, codeManifest},
		"a list":              {made{raw: func([]byte) []byte { return []byte("[]") }}, codeManifest},
		"no name":             {made{change: func(m *manifest) { m.Name = "" }}, codeManifest},
		"a number for a name": {made{raw: replace(`"demo/things"`, `7`)}, codeManifest},
		"no version":          {made{change: func(m *manifest) { m.Version = "" }}, codeManifest},
		"no package version":  {made{change: func(m *manifest) { m.PackageVersion = "" }}, codeManifest},
		"version 4":           {made{change: func(m *manifest) { m.Version = "4.0" }}, codeVersion},
		"version 30":          {made{change: func(m *manifest) { m.Version = "30" }}, codeVersion},
		"no graphs":           {made{change: func(m *manifest) { m.Graphs = nil }}, codeManifest},
		"two defaults":        {made{change: func(m *manifest) { m.Graphs = append(m.Graphs, m.Graphs[0]) }}, codeManifest},
		"a reserved graph":    {made{graphs: map[string]string{"ccx.mine": `{}`}}, codeManifest},
		"another default":     {made{graphs: map[string]string{"acme.x": `{}`}, change: func(m *manifest) { m.Graphs[1].Role = "default" }}, codeManifest},
		"a mode":              {made{assets: map[string]string{text: "x"}, modes: map[string]string{text: "stolen"}}, codeManifest},
		"no context":          {made{parts: func(p []part) []part { return append(p[:1], p[2:]...) }}, codeMissing},
		"no knowledge":        {made{parts: func(p []part) []part { return append(p[:2], p[3:]...) }}, codeMissing},
		"no asset":            {made{change: func(m *manifest) { m.Assets = []assetEntry{{Path: "assets/none"}} }}, codeMissing},
		"a folder":            {made{assets: map[string]string{"assets/a/b": "x"}, change: func(m *manifest) { m.Assets[0].Path = "assets/a" }}, codeMissing},
		"no path":             {made{change: func(m *manifest) { m.Assets = []assetEntry{{}} }}, codeMissing},
		"outside":             {made{change: func(m *manifest) { m.Assets = []assetEntry{{Path: "../record.json"}} }}, codeMissing},
		"a changed asset":     {made{assets: map[string]string{text: "x"}, change: func(m *manifest) { m.Assets[0].digests = digestsOf("y") }}, codeChanged},
		"one digest":          {made{assets: map[string]string{text: "x"}, change: func(m *manifest) { m.Assets[0].SHA512 = digestsOf("y").SHA512 }}, codeChanged},
		"the other":           {made{assets: map[string]string{text: "x"}, change: func(m *manifest) { m.Assets[0].SHA256 = digestsOf("y").SHA256 }}, codeChanged},
		"no digest":           {made{assets: map[string]string{text: "x"}, change: func(m *manifest) { m.Assets[0].SHA512 = "" }}, codeChanged},
		"a changed graph":     {made{change: func(m *manifest) { m.Graphs[0].digests = digestsOf("y") }}, codeChanged},
		"changed records":     {made{sources: []string{"{}"}, change: func(m *manifest) { m.Assets[0].digests = digestsOf("y") }}, codeChanged},
		"a remote context":    {made{knowledge: `{"@context": "https://evil.example/c", "@graph": []}`}, codeRemote},
		"in a list":           {made{knowledge: `{"@context": ["context.jsonld", "http://evil.example/c"], "@graph": []}`}, codeRemote},
		"nested":              {made{knowledge: `{"@graph": [{"a": [{"\u0040context": "https://evil.example/c"}]}]}`}, codeRemote},
		"an import":           {made{knowledge: `{"@context": {"@import": "https://evil.example/c"}}`}, codeRemote},
		"in the context":      {made{context: `{"@context": {"x": {"@id": "urn:x", "@context": "https://evil.example/c"}}}`}, codeRemote},
		"a file of elsewhere": {made{knowledge: `{"@context": "file:///etc/passwd"}`}, codeRemote},
		"one not there":       {made{knowledge: `{"@context": "other.jsonld"}`}, codeRemote},
		"in an extension":     {made{graphs: map[string]string{"acme.x": `{"@context": "https://evil.example/c"}`}}, codeRemote},
		"a bad context":       {made{context: `{"@context": `}, codeGraph},
		"bad knowledge":       {made{knowledge: `[]`}, codeGraph},
		"more knowledge":      {made{knowledge: `{} {}`}, codeGraph},
		"deep knowledge":      {made{knowledge: strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)}, codeGraph},
		"a bad signature":     {made{key: key, raw: replace("demo", "deme")}, codeSignature},
		"another's key":       {made{key: key, change: func(m *manifest) { m.Signatures[0].PublicKey = b64(make([]byte, 32)) }}, codeSignature},
		"no key":              {made{key: key, change: func(m *manifest) { m.Signatures[0].PublicKey = "" }}, codeSignature},
		"no signature":        {made{key: key, parts: func(p []part) []part { return append(p[:3:3], p[4:]...) }}, codeMissing},
		"a way out":           {made{parts: with(part{"../evil.txt", "x", zip.Store})}, codeUnsafe},
		"an absolute name":    {made{parts: with(part{"/etc/passwd", "x", zip.Store})}, codeUnsafe},
		"another's way out":   {made{parts: with(part{`..\evil.txt`, "x", zip.Store})}, codeUnsafe},
		"two of one name":     {made{parts: with(part{"context.jsonld", "x", zip.Store})}, codeUnsafe},
		"in another case":     {made{parts: with(part{"Context.jsonld", "x", zip.Store})}, codeUnsafe},
		"a large one":         {made{parts: with(part{"assets/large", strings.Repeat("x", maxManifest+1), zip.Deflate})}, codeUnsafe},
	} {
		t.Run(name, func(t *testing.T) { newRig(t).refused(c.x.file(t), c.code) })
	}
	t.Run("no ZIP", func(t *testing.T) { newRig(t).refused([]byte("Hello"), codeNotPackage) })
	t.Run("nothing", func(t *testing.T) { newRig(t).refused(nil, codeNotPackage) })
}

func TestEveryByteCounts(t *testing.T) {
	r := newRig(t)
	r.read("a.txt", "Alpha.", library.Passage{Text: "Alpha."})
	file := r.export(library.PackageOptions{})
	other := newRig(t)
	for at := 0; at < len(file); at += 3 {
		spoiled := bytes.Clone(file)
		spoiled[at] ^= 0x20
		_, err := other.Import(t.Context(), bytes.NewReader(spoiled))
		if err == nil {
			// What the archive says beside the content, as times, may be another.
			other.ended()
			for title, text := range other.contents() {
				if title != "a" || text != "a.txt false Alpha." {
					t.Fatalf("byte %d: %q is %q", at, title, text)
				}
			}
			continue
		}
		librarytest.WantKind(t, err, library.Invalid)
	}
	for _, n := range []int{0, 1, len(file) / 2, len(file) - 1} {
		if _, err := other.Import(t.Context(), bytes.NewReader(file[:n])); !errors.Is(err, &library.Error{Kind: library.Invalid}) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
	if _, err := other.Import(t.Context(), io.MultiReader(bytes.NewReader(file[:9]), failing{})); !errors.Is(err, &library.Error{Kind: library.Invalid}) {
		t.Errorf("an upload that ends early: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, context.Canceled }
