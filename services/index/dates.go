package index

import (
	"encoding/binary"
	"encoding/hex"
	"time"
)

// A time is indexed as one term for each level: its nanoseconds since 1970,
// less the low bits of the level, so that any range is the union of few terms.
// A level's term is its letter and 16 hex digits, which sort as the times do.
type level struct {
	letter byte
	shift  uint
}

// levels from fine to coarse: 1 ns, 1 ms, 1 s, 18 min, 20 h, 52 days.
func levels() [6]level {
	return [6]level{{'a', 0}, {'b', 20}, {'c', 30}, {'d', 40}, {'e', 46}, {'f', 52}}
}

func (l level) term(n uint64) string {
	var b [17]byte
	b[0] = l.letter
	var be [8]byte
	binary.BigEndian.PutUint64(be[:], n)
	hex.Encode(b[1:], be[:])
	return string(b[:])
}

// instant maps a time to an unsigned number of the same order. Times that do
// not fit into 64 bits of nanoseconds count as the first or last that do.
func instant(t time.Time) uint64 {
	switch {
	case t.Year() < 1678:
		return 0
	case t.Year() > 2261:
		return 1<<64 - 1
	}
	return uint64(t.UnixNano()) + 1<<63
}

func dayTerms(t time.Time) []string {
	n := instant(t)
	var terms []string
	for _, l := range levels() {
		terms = append(terms, l.term(n>>l.shift))
	}
	return terms
}

// termRange is the terms from first up to and without end.
type termRange struct{ first, end string }

// rangesOf covers the times from from up to and without to with ranges of
// terms; a zero time is no bound.
func rangesOf(from, to time.Time) []termRange {
	lo, hi := uint64(0), uint64(1<<64-1)
	if !from.IsZero() {
		lo = instant(from)
	}
	if !to.IsZero() {
		hi = instant(to)
	}
	var ranges []termRange
	all := levels()
	for i, l := range all {
		if lo >= hi {
			break
		}
		// In units of this level; lo and hi are multiples of it.
		first, end := lo>>l.shift, hi>>l.shift
		if i == len(all)-1 {
			if first < end {
				ranges = append(ranges, termRange{l.term(first), l.term(end)})
			}
			break
		}
		up := all[i+1].shift - l.shift
		nextFirst := (first + 1<<up - 1) >> up // of the coarser level
		nextEnd := end >> up
		if nextFirst >= nextEnd {
			ranges = append(ranges, termRange{l.term(first), l.term(end)})
			break
		}
		if first < nextFirst<<up {
			ranges = append(ranges, termRange{l.term(first), l.term(nextFirst << up)})
		}
		if nextEnd<<up < end {
			ranges = append(ranges, termRange{l.term(nextEnd << up), l.term(end)})
		}
		lo, hi = nextFirst<<all[i+1].shift, nextEnd<<all[i+1].shift
	}
	return ranges
}
