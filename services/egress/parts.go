package egress

import (
	"crypto/md5" // what S3 calls a part by; nothing rests on it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// span is one part of a file.
type span struct{ at, size int64 }

// layOut divides size bytes into parts.
func layOut(size int64) []span {
	each := int64(partSize)
	for size > each*maxParts {
		each *= 2
	}
	each = min(each, maxPartSize)
	all := []span{}
	for at := int64(0); at < size || len(all) == 0; at += each {
		all = append(all, span{at, min(each, size-at)})
	}
	return all
}

// sums are those of a file: what each part is checked by on its way, and what the
// whole of it is known by.
type sums struct {
	md5, sha256 [][]byte // of each part
	whole       string   // SHA-256, in hex
}

// tag is the name that S3 gives to a file of parts.
func (s sums) tag() string {
	all := md5.New()
	for _, sum := range s.md5 {
		all.Write(sum)
	}
	return fmt.Sprintf("%x-%d", all.Sum(nil), len(s.md5))
}

func sumsOf(r io.ReaderAt, parts []span) (s sums, err error) {
	whole := sha256.New()
	for _, p := range parts {
		a, b := md5.New(), sha256.New()
		n, err := io.Copy(io.MultiWriter(a, b, whole), io.NewSectionReader(r, p.at, p.size))
		if err != nil || n != p.size {
			return s, failure(CodeInvalid, "The file cannot be read.")
		}
		s.md5, s.sha256 = append(s.md5, a.Sum(nil)), append(s.sha256, b.Sum(nil))
	}
	s.whole = hex.EncodeToString(whole.Sum(nil))
	return s, nil
}
