// Package extracttest makes archives for tests: ordinary ones, and those that are
// made to harm whoever takes them apart.
package extracttest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"testing"

	"github.com/klauspost/compress/zstd"
)

//go:embed testdata
var made embed.FS

// Fixture is an archive that another program made: plain.7z, plain.tar.bz2 and
// plain.tar.xz of the same two files, locked.7z and sealed.7z with a password,
// zeros.7z and zeros.xz of nothing but zeros.
func Fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := made.ReadFile("testdata/" + name)
	must(t, err)
	return data
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Member is one to be packed. Mode is that of a regular file when it is zero.
type Member struct {
	Name, Text string
	Mode       fs.FileMode
	Link       string
}

func Zip(t testing.TB, members ...Member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.Name, Method: zip.Deflate}
		h.SetMode(m.Mode | 0o644)
		f, err := w.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(f, m.Text+m.Link)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func Tar(t testing.TB, members ...Member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.Name, Size: int64(len(m.Text)), Mode: 0o644, Typeflag: tar.TypeReg, Linkname: m.Link}
		switch {
		case m.Mode&fs.ModeSymlink != 0:
			h.Typeflag = tar.TypeSymlink
		case m.Link != "":
			h.Typeflag = tar.TypeLink
		case m.Mode&fs.ModeNamedPipe != 0:
			h.Typeflag = tar.TypeFifo
		case m.Mode&fs.ModeCharDevice != 0:
			h.Typeflag = tar.TypeChar
		case m.Mode&fs.ModeDevice != 0:
			h.Typeflag = tar.TypeBlock
		case m.Mode.IsDir():
			h.Typeflag = tar.TypeDir
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, m.Text)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func Gzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func Zstd(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	return w.EncodeAll(data, nil)
}

// RAR makes a RAR 4 archive of members that are stored as they are.
func RAR(members ...Member) []byte {
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
		h = binary.LittleEndian.AppendUint32(h, uint32(len(m.Text)))
		h = binary.LittleEndian.AppendUint32(h, uint32(len(m.Text)))
		h = append(h, 3) // made on Unix
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(m.Text)))
		h = binary.LittleEndian.AppendUint32(h, 0x5a21_0000) // a day of 2025
		h = append(h, 20, 0x30)                              // version 2.0, stored
		h = binary.LittleEndian.AppendUint16(h, uint16(len(m.Name)))
		attributes := uint32(0o100644)
		if m.Mode&fs.ModeSymlink != 0 {
			attributes = 0o120777
		}
		h = binary.LittleEndian.AppendUint32(h, attributes)
		block(0x74, 0x8000, append(h, m.Name...))
		b.WriteString(m.Text)
	}
	block(0x7b, 0, nil)
	return b.Bytes()
}

// Resum corrects the sum of the first header of a tar.
func Resum(archive []byte) []byte {
	copy(archive[148:156], "        ")
	sum := 0
	for _, b := range archive[:512] {
		sum += int(b)
	}
	copy(archive[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

// Zeros is a member that packs a thousandfold.
func Zeros(size int) Member { return Member{Name: "zeros", Text: string(make([]byte, size))} }

// Attacks are archives that end a walk, by what they are.
func Attacks(t testing.TB) map[string][]byte {
	t.Helper()
	var many, parts []Member
	for i := range 101 {
		many = append(many, Member{Name: fmt.Sprint("f", i)})
	}
	random := Noise(1 << 20)
	for i := range 5 {
		parts = append(parts, Member{Name: fmt.Sprint("p", i), Text: random})
	}
	nested := Zip(t, Zeros(200_000))
	for range 2 {
		nested = Zip(t, Member{Name: "a.zip", Text: string(nested)}, Member{Name: "b.zip", Text: string(nested)})
	}
	return map[string][]byte{
		"a member over its limit":           Tar(t, Member{Name: "big", Text: Noise(1<<20 + 1)}),
		"all over the limit":                Zip(t, parts...),
		"a ZIP bomb":                        Zip(t, Zeros(1<<20)),
		"a tar bomb":                        Gzip(t, Tar(t, Zeros(1<<20))),
		"a tar bomb that looks like a text": Gzip(t, Tar(t, Zeros(1<<20))),
		"a Zstandard bomb":                  Zstd(t, make([]byte, 1<<20)),
		"an XZ bomb":                        Fixture(t, "zeros.xz"),
		"a 7z bomb":                         Fixture(t, "zeros.7z"),
		"a nested bomb":                     nested,
		"many members":                      Zip(t, many...),
		"many members of a tar":             Tar(t, many...),
		"members over each other":           Overlapping(t),
	}
}

func Noise(n int) string {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return string(b)
}

// Overlapping has two members of different names whose entries in the
// directory lead to the same bytes.
func Overlapping(t testing.TB) []byte {
	t.Helper()
	archive := Zip(t, Member{Name: "aaaa", Text: Noise(2000)}, Member{Name: "bbbb", Text: Noise(2000)})
	at := bytes.LastIndex(archive, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(archive[at+42:], 0)
	return archive
}

// Lying says that a member is smaller than it is.
func Lying(t testing.TB) []byte {
	t.Helper()
	archive := Zip(t, Member{Name: "a", Text: Noise(2000)}, Member{Name: "b", Text: "good"})
	binary.LittleEndian.PutUint32(archive[bytes.Index(archive, []byte("PK\x01\x02"))+24:], 10)
	return archive
}
