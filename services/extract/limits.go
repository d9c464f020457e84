package extract

import "time"

// Limits bound one walk over an archive and everything inside it. Each must be
// set; zero allows nothing.
type Limits struct {
	// Members is the most entries, folders among them, over all levels.
	Members int
	// File is the largest member, in bytes unpacked.
	File int64
	// Total is the most bytes that come out of decompressors, over all levels:
	// what lies in a ZIP inside a ZIP is counted twice.
	Total int64
	// Ratio is the largest ratio of Total to the bytes of the outermost archive,
	// once more than RatioFrom bytes came out.
	Ratio     int64
	RatioFrom int64
	// Depth is the most archives inside each other. Beyond it an archive is left
	// out; but with a Depth of 1 nothing inside is looked into, and archives are
	// members like any other.
	Depth int
	// Nested is the largest archive inside another that has to be held in memory
	// to be read (ZIP and 7z have their directory at the end), in bytes.
	Nested int64
	// Dictionary is the largest window of one decompressor, in bytes.
	Dictionary int64
	// Time is how long a walk may take.
	Time time.Duration
}

// Bounds that are the same for everybody.
const (
	// maxName is the longest name of a member, and maxPart the longest between
	// two slashes, in bytes: what Linux holds.
	maxName = 4095
	maxPart = 255
	// maxParts is the deepest folder; a count.
	maxParts = 100
	// perMember is how many bytes of a ZIP's directory are read for each
	// allowed member, on average; its entries have at least 46.
	perMember = 512
	// directoryFloor is read in any case, in bytes.
	directoryFloor = 1 << 20
	// sniffLength is what telling formats apart looks at, in bytes: a block of
	// tar.
	sniffLength = 512
)
