package backup

import (
	"fmt"
	"strings"
	"time"
)

// Format is the number of the layout that this program writes, and the newest
// that it reads.
const Format = 1

// The names inside.
const (
	headName     = "coffer-backup.json"
	storeFolder  = "store/"
	originalsIn  = "originals/"
	keyName      = "sealed.key"
	sealedName   = "sealed.age"
	manifestName = "manifest.json"
)

// Bounds on what is read, in bytes.
const (
	partSize     = 1 << 20
	maxHead      = 64 << 10
	maxSealed    = 16 << 20
	maxStoreSize = 1 << 44
)

// Head says what is in a backup before it is there.
type Head struct {
	Format    int       `json:"format"`
	Program   string    `json:"program"` // version that wrote it
	Schema    int       `json:"schema"`  // of the store
	Box       string    `json:"box"`
	CreatedAt time.Time `json:"created_at"`
	StoreSize int64     `json:"store_size"` // bytes, unpacked
}

// Digest is the length of some bytes and their SHA-256 in lower-case hex.
type Digest struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Manifest says at the end what must have been there.
type Manifest struct {
	Store Digest `json:"store"` // unpacked
	// Originals are counted with their bytes; the hash is that of their hashes,
	// 32 bytes each, in order.
	Originals int    `json:"originals"`
	Content   Digest `json:"content"`
	// Missing are the hashes of originals that sources keep and the box did not
	// have, or had damaged.
	Missing []string `json:"missing,omitempty"`
	Sealed  *Digest  `json:"sealed,omitempty"`
}

func partName(n int) string { return fmt.Sprintf("%s%06d.zst", storeFolder, n) }

func originalName(sha256 string) string { return originalsIn + sha256[:2] + "/" + sha256 }

// originalOf is the hash in the name of an original, empty where it is none.
func originalOf(name string) string {
	rest, ok := strings.CutPrefix(name, originalsIn)
	if !ok || len(rest) != 3+64 || rest[2] != '/' || rest[:2] != rest[3:5] || strings.Trim(rest[3:], "0123456789abcdef") != "" {
		return ""
	}
	return rest[3:]
}
