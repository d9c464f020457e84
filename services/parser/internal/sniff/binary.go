package sniff

import (
	"bytes"
	"errors"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/zipped"
	"coffer/services/parser/wire"
)

// supported ends the message about a file that cannot be read.
const supported = "Coffer reads PDF, Word (DOCX), EPUB, HTML, Markdown, CSV and plain text."

func unsupported(what string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeUnsupported, Message: "This is " + what + ", which cannot be read. " + supported}
}

// older is the failure of a file in a format that its program has replaced.
func older(what, instead string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeUnsupported,
		Message: "This is " + what + ", which cannot be read. Save it as " + instead + " and add that."}
}

// archive tells documents that are ZIP archives from each other and from
// archives of files.
func archive(doc []byte) (string, error) {
	a, err := zipped.Open(doc, "a ZIP archive or an office document")
	var failure *wire.Failure
	if errors.As(err, &failure) && failure.Code == wire.CodeTooLarge {
		return "", files("ZIP") // no document has as many members
	}
	if err != nil {
		return "", err
	}
	media, err := a.Read("mimetype")
	if err != nil {
		media = nil // a locked or broken one says nothing
	}
	kind := strings.TrimSpace(string(media))
	switch {
	case kind == packageType:
		return "", &wire.Failure{Code: wire.CodePackage,
			Message: "This is a CCX package. Import it in Settings, under Export and import: its documents are added with what is known of them."}
	case kind == "application/epub+zip", a.Has("META-INF/container.xml") && !strings.Contains(kind, "opendocument"):
		return EPUB, nil
	case strings.HasPrefix(kind, "application/vnd.oasis.opendocument."):
		if manifest, _ := a.Read("META-INF/manifest.xml"); bytes.Contains(manifest, []byte("encryption-data")) {
			return "", prose.Encrypted("an OpenDocument file")
		}
		return "", older(openDocument(kind), "DOCX or PDF")
	case a.Has("word/document.xml"):
		return DOCX, nil
	}
	types, err := a.Read("[Content_Types].xml")
	if err != nil {
		return "", err
	}
	switch {
	case bytes.Contains(types, []byte("wordprocessingml.")):
		return DOCX, nil
	case bytes.Contains(types, []byte("spreadsheetml.")):
		return "", older("an Excel workbook", "CSV or PDF")
	case bytes.Contains(types, []byte("presentationml.")):
		return "", older("a PowerPoint presentation", "PDF")
	}
	switch {
	case a.Has("Index/Document.iwa"):
		return "", older("an iWork document (Pages, Numbers or Keynote)", "DOCX, CSV or PDF")
	case a.Has("META-INF/MANIFEST.MF"):
		return "", unsupported("a program for Java or Android")
	case kind != "" || len(types) > 0:
		return "", unsupported("a document of an unknown kind in a ZIP archive")
	}
	return "", files("ZIP")
}

// packageType is the media type of CCX packages, which have it in a member of its
// own.
const packageType = "application/vnd.ccx+zip"

// files is the answer to an archive of files, which has another reader.
func files(name string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeArchive, Message: "This is an archive (" + name + "). Unpack it and add what is in it."}
}

func openDocument(kind string) string {
	switch {
	case strings.Contains(kind, ".text"):
		return "an OpenDocument text (ODT)"
	case strings.Contains(kind, ".spreadsheet"):
		return "an OpenDocument spreadsheet (ODS)"
	case strings.Contains(kind, ".presentation"):
		return "an OpenDocument presentation (ODP)"
	}
	return "an OpenDocument file"
}

// compound is the failure of an OLE compound file: an old office document, or
// a newer one that is encrypted as a whole. Names inside are UTF-16.
func compound(doc []byte) error {
	has := func(name string) bool {
		var wide []byte
		for _, c := range []byte(name) {
			wide = append(wide, c, 0)
		}
		return bytes.Contains(doc, wide)
	}
	switch {
	case has("EncryptedPackage"):
		return prose.Encrypted("an office document")
	case has("WordDocument"):
		return older("a Word document in the old DOC format", "DOCX")
	case has("Workbook"), has("Book"):
		return older("an Excel workbook in the old XLS format", "CSV or PDF")
	case has("PowerPoint Document"):
		return older("a PowerPoint presentation in the old PPT format", "PDF")
	case has("__substg1.0_"):
		return unsupported("an Outlook message (MSG)")
	}
	return unsupported("an old office file (OLE)")
}

// binary is the failure of binary data.
func binary(doc []byte) error {
	m := mimetype.Detect(doc)
	switch _, sub, _ := strings.Cut(m.String(), "/"); sub {
	case "gzip", "x-tar", "x-7z-compressed", "vnd.rar", "x-bzip2", "x-xz", "zstd":
		return files(strings.ToUpper(strings.TrimPrefix(m.Extension(), ".")))
	}
	return unsupported(describe(m))
}

// describe names binary data.
func describe(m *mimetype.MIME) string {
	kind, sub, _ := strings.Cut(m.String(), "/")
	name := strings.ToUpper(strings.TrimPrefix(m.Extension(), "."))
	switch {
	case sub == "octet-stream" || name == "" || kind == "text":
		return "binary data of an unknown kind"
	case kind == "image":
		return "a picture (" + name + ")"
	case kind == "audio":
		return "a sound recording (" + name + ")"
	case kind == "video":
		return "a video (" + name + ")"
	case kind == "font":
		return "a font (" + name + ")"
	}
	return "a file of the kind " + name
}
