// Package limits holds every bound on what reading one document may cost, in
// one place, with units and reasons. It owns numbers only.
package limits

import "time"

// Time that one document may take.
const (
	// Stall is how long a child may stay silent after it has the document.
	// The slowest real page measured takes under a second; a small NAS is ten
	// times slower.
	Stall = 40 * time.Second
	// CPU is the processor time of one document over all threads of a child.
	CPU = 4 * time.Minute
	// Wall is the time from the last byte handed over to the result: a
	// 2,400-page manual takes 10 s here.
	Wall = 6 * time.Minute
	// Hand is how long a peer may take between two chunks of its document.
	Hand = 30 * time.Second
	// Start is how long a child may take to be ready; a compiled PDFium loads
	// in 0.2 s.
	Start = 20 * time.Second
	// Compile is how long compiling PDFium may take; 6 s on two cores here.
	Compile = 3 * time.Minute
)

// Memory of one child, in bytes.
const (
	// ChildData is the data segment (private writable memory) of a child
	// without its document, by RLIMIT_DATA. It holds the Go heap, PDFium's
	// linear memory and the compiled PDFium.
	ChildData = 448 << 20
	// ChildHeap is where the garbage collector of a child starts to work
	// harder, by GOMEMLIMIT.
	ChildHeap = 192 << 20
	// Threads is the most threads that the parser's user has before a child can
	// start no more; a count. Without root that user is somebody who has others.
	Threads = 4096
	// Stack is the largest stack of one goroutine in a child.
	Stack = 32 << 20
	// PDFPages is PDFium's linear memory in WebAssembly pages of 64 KiB: 192 MiB.
	PDFPages = 3072
)

// Children.
const (
	// Documents is how many documents one child reads before it is replaced;
	// a count. It bounds what a leak or a silent corruption can add up to.
	Documents = 300
	// Linger is how long a child waits for its next document.
	Linger = 15 * time.Second
	// Complaint is how much of a dying child's stderr is kept, in bytes.
	Complaint = 4 << 10
)

// Shape of passages, in bytes of UTF-8.
const (
	// PassageAim is what a passage grows to: a few paragraphs, what a person
	// reads at a glance.
	PassageAim = 1200
	// PassageMax is where a longer paragraph is cut.
	PassageMax = 1800
)

// Documents of many pages. Counts.
const (
	// Pages is the most pages read of one PDF.
	Pages = 20_000
	// PageAnnotations is the most annotations and form fields of one page.
	PageAnnotations = 5_000
	// Objects is the most parts of a PDF's pages that are looked at one by one,
	// for lines that run down; 100,000 take half a second.
	Objects = 100_000
	// Forms is how deep parts of a page may lie inside each other.
	Forms = 8
)

// Archives that are documents (DOCX, EPUB).
const (
	// Members is the most entries of one archive; a count.
	Members = 10_000
	// Member is the largest entry unpacked, in bytes.
	Member = 64 << 20
	// Unpacked is the most bytes unpacked from one archive.
	Unpacked = 192 << 20
	// Ratio is the largest ratio of unpacked to packed bytes of an entry that
	// unpacks to more than RatioFrom. Prose reaches 10, padded XML 100.
	Ratio = 400
	// RatioFrom is in bytes.
	RatioFrom = 4 << 20
)

// Archives of files, over all levels of archives inside each other. What comes out
// of one is also bounded by wire.MaxMembers, and each file by wire.MaxDocument.
const (
	// ArchiveDepth is the most archives inside each other; a count.
	ArchiveDepth = 4
	// ArchiveTotal is the most bytes that come out of one archive: eight times the
	// largest that is taken as it ships.
	ArchiveTotal = 16 << 30
	// ArchiveRatio is the largest ratio of what comes out to the archive's size,
	// once more than ArchiveRatioFrom came out. Logs reach 30, padded XML 100.
	ArchiveRatio     = 250
	ArchiveRatioFrom = 64 << 20
	// ArchiveNested is the largest ZIP or 7z inside another archive, in bytes: it
	// lies in memory.
	ArchiveNested = 64 << 20
	// ArchiveDictionary is the window of one decompressor, in bytes: the largest
	// that 7-Zip and xz choose by themselves.
	ArchiveDictionary = 64 << 20
	// ArchiveTime is how long one attempt at an archive may take, the handing over
	// of its members included, and ArchiveCPU its processor time.
	ArchiveTime = time.Hour
	ArchiveCPU  = 30 * time.Minute
	// ArchiveHeap is where the garbage collector of a child that takes one apart
	// starts to work harder.
	ArchiveHeap = 384 << 20
	// ArchiveBlock is how much of an archive is asked for at a time, in bytes, and
	// ArchiveBlocks how many such pieces are kept; a count.
	ArchiveBlock  = 256 << 10
	ArchiveBlocks = 16
)

// Markup.
const (
	// Depth is the deepest nesting of XML and HTML elements; a count.
	Depth = 512
	// Marks is the most characters of Markdown's markup without an empty line
	// between; a count. Twice as many take four times as long: this many, a
	// second.
	Marks = 20_000
	// Row is the most fields of one row of a table; a count.
	Row = 10_000
)
