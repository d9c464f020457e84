package extract

import (
	"bytes"
	"strconv"
	"strings"
)

// Format is a kind of archive or of compression.
type Format string

// The formats that are read.
const (
	None     Format = ""
	Zip      Format = "zip" // APPNOTE 6.3, deflate and stored
	Tar      Format = "tar" // POSIX.1-2001 (pax), ustar, GNU and V7
	Gzip     Format = "gzip"
	Bzip2    Format = "bzip2"
	XZ       Format = "xz"
	Zstd     Format = "zstd"
	SevenZip Format = "7z"
	RAR      Format = "rar" // 1.5 to 5, one volume
)

// All lists every format.
func All() []Format {
	return []Format{Zip, Tar, Gzip, Bzip2, XZ, Zstd, SevenZip, RAR}
}

// seeks tells the formats that are read from their end.
func (f Format) seeks() bool { return f == Zip || f == SevenZip }

var magics = []struct {
	format Format
	magic  string
}{
	{Zip, "PK\x03\x04"},
	{Zip, "PK\x05\x06"}, // without members
	{Gzip, "\x1f\x8b\x08"},
	{XZ, "\xfd7zXZ\x00"},
	{Zstd, "\x28\xb5\x2f\xfd"},
	{SevenZip, "7z\xbc\xaf\x27\x1c"},
	{RAR, "Rar!\x1a\x07"},
}

// Detect tells what head, the first bytes of a file, begins. 512 bytes are
// enough; tar cannot be told by fewer.
func Detect(head []byte) Format {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format
		}
	}
	if isBzip2(head) {
		return Bzip2
	}
	if isTar(head) {
		return Tar
	}
	return None
}

// isBzip2 wants the mark of the first block, or of the end: text may well begin
// with BZh.
func isBzip2(head []byte) bool {
	if len(head) < 10 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	mark := string(head[4:10])
	return mark == "1AY&SY" || mark == "\x17\x72\x45\x38\x50\x90"
}

// isTar checks the sum in a header of tar, which every variant has.
func isTar(head []byte) bool {
	if len(head) < sniffLength {
		return false
	}
	const at, width = 148, 8
	field := strings.Trim(string(head[at:at+width]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil || want == 0 {
		return false
	}
	var sum int64
	for i, b := range head[:sniffLength] {
		if i >= at && i < at+width {
			b = ' '
		}
		sum += int64(b)
	}
	return sum == want
}

// stem is the name of what name packs: "notes.txt" for "notes.txt.gz" and
// "all.tar" for "all.tgz".
func stem(name string, f Format) string {
	lower := strings.ToLower(name)
	for _, s := range []struct {
		format    Format
		end, then string
	}{
		{Gzip, ".tgz", ".tar"}, {Gzip, ".gz", ""}, {Gzip, ".z", ""},
		{Bzip2, ".tbz2", ".tar"}, {Bzip2, ".tbz", ".tar"}, {Bzip2, ".bz2", ""},
		{XZ, ".txz", ".tar"}, {XZ, ".xz", ""},
		{Zstd, ".tzst", ".tar"}, {Zstd, ".zst", ""},
	} {
		if s.format == f && len(name) > len(s.end) && strings.HasSuffix(lower, s.end) {
			return name[:len(name)-len(s.end)] + s.then
		}
	}
	return name
}
