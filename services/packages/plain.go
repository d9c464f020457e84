package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"coffer/services/library"
)

// plainRecord is what library.json says of a document.
type plainRecord struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	FileName string `json:"file_name,omitempty"`
	Type     string `json:"type,omitempty"`
	Status   string `json:"status"`
	Pages    int    `json:"pages,omitempty"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
	AddedAt  string `json:"added_at"`
	Original string `json:"original,omitempty"` // where it is in this file
	Text     string `json:"text,omitempty"`     // where its text is
}

const readme = `This is a library of Coffer, to be read without it.

originals/  every document as it was added, by the month of adding
texts/      what was read of each, in UTF-8, with an empty line between passages
library.json  a list of what is known of each: title, type, dates, SHA-256, and
            where in this file its original and its text are
`

// Plain implements library.Packages.
func (k *Keeper) Plain(ctx context.Context, w io.Writer) (err error) {
	release := k.o.Library.HoldOriginals()
	defer release(context.WithoutCancel(ctx))
	list, err := k.scratch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broken(list.Close())) }()
	p := &plain{export: export{k: k, ctx: ctx, zip: zip.NewWriter(w), at: k.now(), lines: list}, taken: map[string]bool{}}
	if _, err := p.put("README.txt", zip.Deflate, strings.NewReader(readme)); err != nil {
		return err
	}
	if err := eachSource(ctx, k.o.Library, p.source); err != nil {
		return err
	}
	if _, err := io.WriteString(list, p.close()); err != nil {
		return broken(err)
	}
	if _, err := list.Seek(0, io.SeekStart); err != nil {
		return broken(err)
	}
	if _, err := p.put("library.json", zip.Deflate, list); err != nil {
		return err
	}
	return p.zip.Close()
}

type plain struct {
	export
	taken map[string]bool // names, folded
	n     int             // documents
}

// close ends the list.
func (p *plain) close() string {
	if p.n == 0 {
		return "[]\n"
	}
	return "\n]\n"
}

func (p *plain) source(s library.Source) error {
	r := plainRecord{
		ID: string(s.ID), Title: s.Title, FileName: s.FileName, Type: string(s.Type), Status: string(s.Status), Pages: s.Pages,
		Size: s.Size, SHA256: s.SHA256, AddedAt: s.AddedAt.UTC().Format(time.RFC3339),
	}
	name := fileName(s)
	month := s.AddedAt.UTC().Format("2006-01")
	_, f, err := p.k.o.Library.Original(p.ctx, s.ID)
	switch {
	case errors.Is(err, &library.Error{Kind: library.NotFound}): // removed meanwhile, or lost
	case err != nil:
		return err
	default:
		r.Original = p.free("originals/"+month, name)
		_, err = p.put(r.Original, method(s.Type.MediaType()), f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	text, _, err := p.text(s, &sourceRecord{})
	if err != nil {
		return err
	}
	if text != nil {
		r.Text = p.free("texts/"+month, strings.TrimSuffix(name, path.Ext(name))+".txt")
		if _, err := p.put(r.Text, zip.Deflate, bytes.NewReader(text)); err != nil {
			return err
		}
	}
	return p.list(r)
}

func (p *plain) list(r plainRecord) error {
	before := ",\n"
	if p.n++; p.n == 1 {
		before = "[\n"
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = p.lines.Write(append([]byte(before), text...))
	return broken(err)
}

// free is name in folder, or what is not taken yet. Names that differ in case or
// in the form of their Unicode only are one file on some systems.
func (p *plain) free(folder, name string) string {
	end := path.Ext(name)
	stem := strings.TrimSuffix(name, end)
	for n := 1; ; n++ {
		try := folder + "/" + name
		if n > 1 {
			try = folder + "/" + stem + " (" + strconv.Itoa(n) + ")" + end
		}
		if folded := cases.Fold().String(norm.NFC.String(try)); !p.taken[folded] {
			p.taken[folded] = true
			return try
		}
	}
}

// fileName is what a document is called in a folder of any system: its file's
// name, else its title, without what Windows does not take.
func fileName(s library.Source) string {
	name := s.FileName
	if name == "" {
		name = s.Title + s.Type.Extension()
	}
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	end := path.Ext(name)
	if len(end) > 20 {
		end = ""
	}
	stem := strings.TrimSuffix(name, end)
	const most = 150 // bytes, so that a number still fits
	for len(stem) > most {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	name = strings.TrimRight(strings.TrimLeft(stem+end, " ."), " .")
	switch device, _, _ := strings.Cut(strings.ToUpper(name), "."); device {
	case "":
		return "document"
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9":
		return "_" + name
	}
	return name
}
