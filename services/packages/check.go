package packages

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"coffer/services/library"
)

// opened is a package whose every declared byte has been checked.
type opened struct {
	root   *os.Root
	head   head
	signer ed25519.PublicKey // whose signature holds; nil: nobody's that is understood
	modes  map[string]string // of assets that have one
	types  map[string]string // media types of assets
	// statements: the default graph says something.
	statements bool
	notes      []library.Reason // what is left out
}

// check reads what lies in root, unpacked, and refuses it with a *library.Error
// unless all of it is as the manifest says.
func check(ctx context.Context, root *os.Root) (*opened, error) {
	o := &opened{root: root, modes: map[string]string{}, types: map[string]string{}}
	if text, err := o.small(mimetypeName, 64); err != nil || string(text) != mediaType {
		return nil, refuse(codeNotPackage, "This is no CCX package: it does not begin with its media type.", err)
	}
	text, err := o.small(manifestName, maxManifest)
	if err != nil {
		return nil, refuse(codeManifest, "This package has no manifest that can be read.", err)
	}
	m, err := o.manifest(ctx, text)
	if err != nil {
		return nil, err
	}
	if err := o.graphs(ctx, m); err != nil {
		return nil, err
	}
	return o, o.signatures(text, m.Signatures)
}

// small reads a whole file of at most most bytes.
func (o *opened) small(name string, most int64) ([]byte, error) {
	f, err := o.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return text, err
}

// manifest reads the manifest and compares each asset with what it says there as
// it goes, so that only what is needed of each is kept.
func (o *opened) manifest(ctx context.Context, text []byte) (m manifest, err error) {
	bad := func(err error) error {
		return refuse(codeManifest, "The manifest of this package is not as the format has it.", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return m, bad(errors.Join(err, errors.New("it is no object")))
	}
	fields := map[string]any{
		"ccx_version": &m.Version, "name": &m.Name, "package_version": &m.PackageVersion, "title": &m.Title, "license": &m.License,
		"created_at": &m.CreatedAt, "base_iri": &m.BaseIRI, "generator": &m.Generator, "graphs": &m.Graphs, "signatures": &m.Signatures,
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return m, bad(err)
		}
		key, _ := t.(string)
		switch to := fields[key]; {
		case key == "assets":
			err = o.assets(ctx, d)
		case to != nil:
			err = d.Decode(to)
		default:
			err = d.Decode(&json.RawMessage{})
		}
		if refused, ok := errors.AsType[*library.Error](err); ok {
			return m, refused
		}
		if err != nil {
			return m, bad(fmt.Errorf("%s: %w", key, err))
		}
	}
	o.head = m.head
	switch {
	case m.Version == "" || m.Name == "" || m.PackageVersion == "" || len(m.Graphs) == 0:
		return m, bad(errors.New("a required field is missing"))
	case m.Version != major && !strings.HasPrefix(m.Version, major+"."):
		return m, refusef(codeVersion, "This package is of CCX version %.20q, and this version of Coffer reads %s.", m.Version, version)
	}
	return m, nil
}

func (o *opened) assets(ctx context.Context, d *json.Decoder) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(err, errors.New("it is no list"))
	}
	for d.More() {
		var a assetEntry
		if err := d.Decode(&a); err != nil {
			return err
		}
		if !slices.Contains([]string{"", modeEmbedded, modeReferenced, modeDerived}, a.SourceMode) {
			return fmt.Errorf("the mode %.20q is none", a.SourceMode)
		}
		if err := o.compare(ctx, a.Path, a.digests); err != nil {
			return err
		}
		o.types[a.Path] = a.MediaType
		if a.SourceMode != "" {
			o.modes[a.Path] = a.SourceMode
		}
	}
	_, err := d.Token()
	return err
}

// compare refuses a file that is not there, or is another than was declared.
func (o *opened) compare(ctx context.Context, name string, want digests) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := o.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s256, s512 := sha256.New(), sha512.New()
	if _, err := io.CopyBuffer(io.MultiWriter(s256, s512), onlyReader{f}, make([]byte, 128<<10)); err != nil {
		return broken(err)
	}
	got := digests{base64.StdEncoding.EncodeToString(s256.Sum(nil)), base64.StdEncoding.EncodeToString(s512.Sum(nil))}
	if got != want {
		return refusef(codeChanged, "%.200q in this package is not what its manifest says: it was changed or damaged.", name)
	}
	return nil
}

type onlyReader struct{ io.Reader }

// open opens a declared file.
func (o *opened) open(name string) (*os.File, error) {
	f, err := o.root.Open(name)
	if err == nil {
		info, statErr := f.Stat()
		if statErr == nil && info.Mode().IsRegular() {
			return f, nil
		}
		err = errors.Join(statErr, f.Close(), fs.ErrNotExist)
	}
	if errors.Is(err, fs.ErrNotExist) || name == "" {
		return nil, refusef(codeMissing, "%.200q is declared in this package and not there.", name)
	}
	return nil, refuse(codeMissing, fmt.Sprintf("%.200q in this package cannot be read.", name), err)
}

// graphs checks every graph, and the context that they share.
func (o *opened) graphs(ctx context.Context, m manifest) error {
	here := map[string]bool{contextName: true}
	defaults := 0
	for _, g := range m.Graphs {
		here[g.Path] = true
		if g.isDefault() {
			defaults++
		}
		switch {
		case g.Namespace == "" || g.Name == "" || g.Path == "":
			return refusef(codeManifest, "A graph of this package has no name.")
		case g.Role != "" && (g.Role != "default" || !g.isDefault()), g.Namespace == "ccx" && !g.isDefault():
			return refusef(codeManifest, "This package declares the graph %.200q in a way that the format reserves.", g.Namespace+"."+g.Name)
		}
	}
	if defaults != 1 {
		return refusef(codeManifest, "This package declares %d default graphs, and needs one.", defaults)
	}
	if err := o.graph(contextName, here, true, nil); err != nil {
		return err
	}
	for _, g := range m.Graphs {
		if err := o.compare(ctx, g.Path, g.digests); err != nil {
			return err
		}
		if err := o.graph(g.Path, here, g.isDefault(), func(empty bool) { o.statements = o.statements || g.isDefault() && !empty }); err != nil {
			return err
		}
		if !g.isDefault() {
			o.note(codeGraph, fmt.Sprintf("The graph %.200q is of another program and is left out.", g.Namespace+"."+g.Name))
		}
	}
	return nil
}

// graph checks one JSON-LD document. What is malformed is no reason to refuse
// the whole unless it is needed; what wants something fetched always is.
func (o *opened) graph(name string, here map[string]bool, needed bool, tell func(empty bool)) error {
	f, err := o.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	empty, err := checkGraph(io.LimitReader(f, maxGraph), func(name string) bool { return here[name] })
	switch {
	case errors.Is(err, errRemote):
		return refuse(codeRemote, fmt.Sprintf("%.200q in this package wants something fetched from elsewhere, which a package must not.", name), err)
	case err != nil && needed:
		return refuse(codeGraph, fmt.Sprintf("%.200q in this package is no JSON-LD document.", name), err)
	case err == nil && tell != nil:
		tell(empty)
	}
	return nil
}

// signatures finds one that holds. One that is understood and does not hold, where
// none does, refuses the package.
func (o *opened) signatures(signed []byte, all []signatureEntry) error {
	failed := false
	for _, s := range all {
		text, err := o.small(s.Path, 64<<10)
		if err != nil {
			return refuse(codeMissing, fmt.Sprintf("The signature %.200q is declared in this package and not there.", s.Path), err)
		}
		if s.Format != formatEd25519 {
			o.note(codeSignature, fmt.Sprintf("A signature of the kind %.50q is not understood here.", s.Format))
			continue
		}
		key, err := base64.StdEncoding.DecodeString(s.PublicKey)
		if err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, signed, text) {
			o.signer = key
			return nil
		}
		failed = true
	}
	if failed {
		return refusef(codeSignature, "The signature of this package does not hold: it was changed after it was signed.")
	}
	return nil
}

func (o *opened) note(code, message string) {
	if len(o.notes) < library.MaxImportNotes {
		o.notes = append(o.notes, library.Reason{Code: code, Message: message})
	}
}
