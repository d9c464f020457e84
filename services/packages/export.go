package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"coffer/services/library"
)

// Export implements library.Packages.
func (k *Keeper) Export(ctx context.Context, w io.Writer, o library.PackageOptions) (err error) {
	if o.License, err = license(o.License); err != nil {
		return err
	}
	release := k.o.Library.HoldOriginals()
	defer release(context.WithoutCancel(ctx))
	lines, err := k.scratch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broken(lines.Close())) }()
	e := &export{k: k, ctx: ctx, o: o, zip: zip.NewWriter(w), at: k.now(), lines: lines, written: map[string]int{}}
	e.base = "urn:ccx:coffer-" + k.o.Box + ":"
	if err := e.all(); err != nil {
		return err
	}
	return e.zip.Close()
}

// license takes what may be an SPDX identifier or expression (SPDX 2.3, annex D).
func license(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return noLicense, nil
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.+() :"
	if len(s) > 100 || strings.Trim(s, allowed) != "" {
		return "", &library.Error{
			Kind: library.Invalid, Field: "license", Message: "This is no SPDX licence identifier.", Hint: "For example CC-BY-4.0; leave it empty to say nothing.",
		}
	}
	return s, nil
}

// scratch is a file without a name: whatever happens it does not stay.
func (k *Keeper) scratch() (*os.File, error) {
	name := "scratch-" + k.now().Format("150405.000000000")
	f, err := k.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, broken(err)
	}
	if err := k.root.Remove(name); err != nil {
		return nil, broken(errors.Join(err, f.Close()))
	}
	return f, nil
}

// export is one package on its way out. The records wait in lines until every
// asset is written; of assets only the entries of the manifest are held.
type export struct {
	k       *Keeper
	ctx     context.Context
	o       library.PackageOptions
	zip     *zip.Writer
	at      time.Time
	base    string
	lines   *os.File
	assets  []assetEntry
	graphs  []graphEntry
	written map[string]int // path of an asset → its place in assets
}

func (e *export) all() error {
	if _, err := e.put(mimetypeName, zip.Store, strings.NewReader(mediaType)); err != nil {
		return err
	}
	if err := eachSource(e.ctx, e.k.o.Library, e.source); err != nil {
		return err
	}
	if _, err := e.lines.Seek(0, io.SeekStart); err != nil {
		return broken(err)
	}
	d, err := e.put(sourcesName, zip.Deflate, e.lines)
	if err != nil {
		return err
	}
	e.assets = append(e.assets, assetEntry{Path: sourcesName, MediaType: typeLines, digests: d})
	if _, err := e.put(contextName, zip.Deflate, strings.NewReader(terms)); err != nil {
		return err
	}
	d, err = e.put(knowledgeName, zip.Deflate, strings.NewReader(`{"@context": "context.jsonld", "@graph": []}`+"\n"))
	if err != nil {
		return err
	}
	e.graphs = []graphEntry{{Namespace: "ccx", Role: "default", Name: "knowledge", Path: knowledgeName, MediaType: typeJSONLD, digests: d}}
	return e.seal()
}

// terms are those of CCX and of the records.
const terms = `{"@context": {"ccx": "https://w3id.org/ccx/", "oa": "http://www.w3.org/ns/oa#", "schema": "https://schema.org/", ` +
	`"Source": "ccx:Source", "Chunk": "ccx:Chunk", "selector": "ccx:selector", "sourceMode": "ccx:sourceMode", "extractedBy": "ccx:extractedBy", ` +
	`"title": "schema:name"}}` + "\n"

// seal writes the manifest and the signature over it.
func (e *export) seal() error {
	key := e.k.o.Key
	m := manifest{
		head: head{
			Version: version, Name: "coffer/" + e.k.o.Box, PackageVersion: e.at.Format("2006.1.2+150405"), Title: "Library of a Coffer box",
			License: e.o.License, CreatedAt: e.at.Format(time.RFC3339), BaseIRI: e.base, Generator: "coffer/" + e.k.o.Version,
		},
		Graphs: e.graphs, Assets: e.assets,
		Signatures: []signatureEntry{{signatureName, formatEd25519, base64.StdEncoding.EncodeToString(e.k.public())}},
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := e.put(manifestName, zip.Deflate, bytes.NewReader(text)); err != nil {
		return err
	}
	_, err = e.put(signatureName, zip.Store, bytes.NewReader(ed25519.Sign(key, text)))
	return err
}

// put writes one entry.
func (e *export) put(name string, method uint16, r io.Reader) (digests, error) {
	// The time is that of the package, so that a package does not tell when each
	// entry was read.
	w, err := e.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: e.at})
	if err != nil {
		return digests{}, err
	}
	sums := newSums()
	if _, err := io.CopyBuffer(io.MultiWriter(w, sums), &interrupted{e.ctx, r}, make([]byte, 128<<10)); err != nil {
		return digests{}, err
	}
	return sums.digests(), nil
}

type sums struct{ s256, s512 hash.Hash }

func newSums() sums { return sums{sha256.New(), sha512.New()} }

func (s sums) Write(p []byte) (int, error) {
	s.s256.Write(p)
	return s.s512.Write(p)
}

func (s sums) digests() digests {
	return digests{base64.StdEncoding.EncodeToString(s.s256.Sum(nil)), base64.StdEncoding.EncodeToString(s.s512.Sum(nil))}
}

// interrupted ends with its context.
type interrupted struct {
	ctx context.Context
	io.Reader
}

func (i *interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.Reader.Read(p)
}

// eachSource calls f for every source, newest first. One that is added or
// removed meanwhile may be left out.
func eachSource(ctx context.Context, l Library, f func(library.Source) error) error {
	for p := (library.Page{Limit: 200}); ; {
		list, err := l.Sources(ctx, library.SourceFilter{}, p)
		if err != nil {
			return err
		}
		for _, s := range list.Items {
			if err := f(s); err != nil {
				return err
			}
		}
		if p.Cursor = list.Next; p.Cursor == "" {
			return nil
		}
	}
}
