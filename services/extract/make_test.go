package extract_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"coffer/services/extract"
)

// member is one to be packed. mode is that of a regular file when it is zero.
type member struct {
	name, text string
	mode       fs.FileMode
	link       string
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(m.mode | 0o644)
		f, err := w.CreateHeader(h)
		check(t, err)
		_, err = io.WriteString(f, m.text+m.link)
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

func tarred(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Size: int64(len(m.text)), Mode: 0o644, Typeflag: tar.TypeReg, Linkname: m.link}
		switch {
		case m.mode&fs.ModeSymlink != 0:
			h.Typeflag = tar.TypeSymlink
		case m.link != "":
			h.Typeflag = tar.TypeLink
		case m.mode&fs.ModeNamedPipe != 0:
			h.Typeflag = tar.TypeFifo
		case m.mode&fs.ModeCharDevice != 0:
			h.Typeflag = tar.TypeChar
		case m.mode&fs.ModeDevice != 0:
			h.Typeflag = tar.TypeBlock
		case m.mode.IsDir():
			h.Typeflag = tar.TypeDir
		}
		check(t, w.WriteHeader(h))
		_, err := io.WriteString(w, m.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	check(t, err)
	return w.EncodeAll(data, nil)
}

// rarred makes a RAR 4 archive of members that are stored as they are.
func rarred(members ...member) []byte {
	b := bytes.NewBufferString("Rar!\x1a\x07\x00")
	block := func(kind byte, flags uint16, rest []byte) {
		head := binary.LittleEndian.AppendUint16([]byte{kind}, flags)
		head = binary.LittleEndian.AppendUint16(head, uint16(7+len(rest)))
		head = append(head, rest...)
		b.Write(binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(head))))
		b.Write(head)
	}
	block(0x73, 0, make([]byte, 6))
	for _, m := range members {
		var h []byte
		h = binary.LittleEndian.AppendUint32(h, uint32(len(m.text)))
		h = binary.LittleEndian.AppendUint32(h, uint32(len(m.text)))
		h = append(h, 3) // made on Unix
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(m.text)))
		h = binary.LittleEndian.AppendUint32(h, 0x5a21_0000) // a day of 2025
		h = append(h, 20, 0x30)                              // version 2.0, stored
		h = binary.LittleEndian.AppendUint16(h, uint16(len(m.name)))
		attributes := uint32(0o100644)
		if m.mode&fs.ModeSymlink != 0 {
			attributes = 0o120777
		}
		h = binary.LittleEndian.AppendUint32(h, attributes)
		block(0x74, 0x8000, append(h, m.name...))
		b.WriteString(m.text)
	}
	block(0x7b, 0, nil)
	return b.Bytes()
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	return data
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// small are limits that a test can reach.
func small() extract.Limits {
	return extract.Limits{
		Members: 100, File: 1 << 20, Total: 4 << 20, Ratio: 100, RatioFrom: 1 << 16,
		Depth: 3, Nested: 1 << 20, Dictionary: 64 << 20, Time: time.Minute,
	}
}

// walked is what a walk handed over and what it left out.
type walked struct {
	files map[string]string
	left  map[string]extract.Kind
	err   error
}

func walk(t testing.TB, name string, archive []byte, limits extract.Limits) walked {
	t.Helper()
	got := walked{files: map[string]string{}, left: map[string]extract.Kind{}}
	o := extract.Options{Limits: limits, Formats: extract.All(), Refused: func(e *extract.Error) error {
		got.left[e.Member] = e.Kind
		return nil
	}}
	got.err = extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), name, o, func(e extract.Entry, r io.Reader) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if _, twice := got.files[e.Name]; twice {
			t.Errorf("%s was handed over twice", e.Name)
		}
		got.files[e.Name] = string(text)
		return nil
	})
	return got
}
