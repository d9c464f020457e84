package packages

import (
	"archive/zip"
	"bytes"
	"coffer/services/library"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sourceRecord is a line about a source.
type sourceRecord struct {
	ID             string `json:"@id"`
	Type           string `json:"@type"`
	Title          string `json:"title"`
	TitleChosen    bool   `json:"titleChosen,omitempty"`
	FileName       string `json:"fileName,omitempty"`
	MediaType      string `json:"mediaType,omitempty"`
	Pages          int    `json:"pages,omitempty"`
	AddedAt        string `json:"addedAt"`
	SourceMode     string `json:"sourceMode"`
	Original       string `json:"original,omitempty"`
	OriginalSHA256 string `json:"originalSHA256"`
	OriginalSize   int64  `json:"originalSize"`
	Locator        string `json:"locator,omitempty"` // RFC 6920, where the original stays behind
	Text           string `json:"text,omitempty"`
	ExtractedBy    string `json:"extractedBy,omitempty"`
	ExtractedAt    string `json:"extractedAt,omitempty"`
}

type chunkRecord struct {
	ID       string            `json:"@id"`
	Type     string            `json:"@type"`
	Source   map[string]string `json:"source"`
	Selector textPosition      `json:"selector"`
	Page     int               `json:"page,omitempty"`
}

// textPosition is of W3C Web Annotation Data Model, section 4.2.5.
type textPosition struct {
	Type  string `json:"type"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

func (e *export) source(s library.Source) error {
	r := sourceRecord{
		ID: e.base + "source/" + string(s.ID), Type: "Source", Title: s.Title, TitleChosen: s.Named, FileName: s.FileName,
		Pages: s.Pages, AddedAt: s.AddedAt.UTC().Format(time.RFC3339), OriginalSHA256: s.SHA256, OriginalSize: s.Size,
	}
	r.MediaType = s.Type.MediaType()
	if err := e.original(s, &r); err != nil {
		return err
	}
	text, chunks, err := e.text(s, &r)
	if err != nil {
		return err
	}
	if text != nil {
		r.Text = assetFolder + hexOf(text)
		if err := e.asset(r.Text, typeText, "", bytes.NewReader(text)); err != nil {
			return err
		}
		r.ExtractedBy = "coffer/" + e.k.o.Version
		if !s.ReadyAt.IsZero() {
			r.ExtractedAt = s.ReadyAt.UTC().Format(time.RFC3339)
		}
	}
	out := json.NewEncoder(e.lines)
	out.SetEscapeHTML(false)
	if err := out.Encode(r); err != nil {
		return broken(err)
	}
	for _, c := range chunks {
		if err := out.Encode(c); err != nil {
			return broken(err)
		}
	}
	return nil
}

func hexOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// original puts the original in, unless it stays behind or is lost.
func (e *export) original(s library.Source, r *sourceRecord) error {
	r.SourceMode = modeReferenced
	if raw, err := hex.DecodeString(s.SHA256); err == nil {
		r.Locator = "ni:///sha-256;" + base64.RawURLEncoding.EncodeToString(raw)
	}
	if e.o.Referenced {
		return nil
	}
	_, f, err := e.k.o.Library.Original(e.ctx, s.ID)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil // removed meanwhile, or lost: the text is what is left
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if whole, err := isWhole(f, s.SHA256); err != nil || !whole {
		e.k.o.Log.Error("a damaged original is left out of the package", "original", s.SHA256[:8], "err", err)
		return nil
	}
	r.SourceMode, r.Locator, r.Original = modeEmbedded, "", assetFolder+s.SHA256
	return e.asset(r.Original, r.MediaType, modeEmbedded, f)
}

// isWhole reads an original through and goes back to its beginning: an entry of a
// ZIP cannot be taken back.
func isWhole(f io.ReadSeeker, sha256hex string) (bool, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false, err
	}
	_, err := f.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)) == sha256hex, err
}

// asset writes an asset once, whoever refers to it. Where one is an original and
// a text at once, it is an original.
func (e *export) asset(path, mediaType, mode string, r io.Reader) error {
	if at, ok := e.written[path]; ok {
		if mode == modeEmbedded {
			e.assets[at].SourceMode = mode
		}
		return nil
	}
	d, err := e.put(path, method(mediaType), r)
	if err != nil {
		return err
	}
	if raw, err := base64.StdEncoding.DecodeString(d.SHA256); err != nil || assetFolder+hex.EncodeToString(raw) != path {
		return &library.Error{
			Kind: library.Internal, Message: "The package was not finished: an original changed while it was read.",
			Hint: "Try again, and look at the health of the disk.", Cause: errors.New(path),
		}
	}
	e.written[path] = len(e.assets)
	e.assets = append(e.assets, assetEntry{Path: path, MediaType: mediaType, digests: d, SourceMode: mode})
	return nil
}

// method does not compress what is compressed.
func method(mediaType string) uint16 {
	if strings.HasPrefix(mediaType, "text/") {
		return zip.Deflate
	}
	return zip.Store
}

// text is all that was read of a source, and where its passages lie in it. It is
// at most library.MaxReadingText and the lines between.
func (e *export) text(s library.Source, r *sourceRecord) (text []byte, chunks []chunkRecord, err error) {
	at := 0
	for from := 0; ; {
		part, err := e.k.o.Library.Passages(e.ctx, s.ID, from, 500)
		if errors.Is(err, &library.Error{Kind: library.NotFound}) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if len(part) == 0 {
			return text, chunks, nil
		}
		for _, p := range part {
			if text != nil {
				text, at = append(text, "\n\n"...), at+2
			}
			n := utf8.RuneCountInString(p.Text)
			chunks = append(chunks, chunkRecord{
				ID: r.ID + "#chunk-" + strconv.Itoa(p.Number), Type: "Chunk", Source: map[string]string{"@id": r.ID},
				Selector: textPosition{"TextPositionSelector", at, at + n}, Page: p.Page,
			})
			text, at = append(text, p.Text...), at+n
		}
		from += len(part)
	}
}
