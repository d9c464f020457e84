package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"coffer/services/index/words"
	"coffer/services/library"
)

// snapshot is the index at one moment; it stays while batches come and go. It
// must be closed.
type snapshot struct {
	*scorch.IndexSnapshot
	state    state
	passages int // live ones
	parts    []*part
}

// part is one segment of a snapshot.
type part struct {
	segment segment.Segment
	deleted *roaring.Bitmap // nil: none
	size    uint64          // passages, deleted ones too
	dicts   map[string]segment.TermDictionary
	spoken  map[words.Language]*roaring.Bitmap // nil: not yet asked
}

// state is what a snapshot says of itself, written with every batch.
type state struct {
	seq    uint64 // last change applied
	words  uint64 // in all passages
	titles uint64 // sources with a title
	titled uint64 // words in all titles
}

// The key under which the state lies in each snapshot: the format, then the
// fields of state in order, each a uvarint.
const stateKey = "coffer"

func (s state) encode() []byte {
	b := binary.AppendUvarint(nil, format)
	for _, n := range []uint64{s.seq, s.words, s.titles, s.titled} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func decodeState(b []byte) (s state, err error) {
	var of uint64
	for _, n := range []*uint64{&of, &s.seq, &s.words, &s.titles, &s.titled} {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return state{}, errors.New("state cut short")
		}
		*n, b = v, b[size:]
	}
	if of != format {
		return state{}, fmt.Errorf("format %d, not %d", of, format)
	}
	return s, nil
}

// open takes the engine's present snapshot. One without a state is right only
// when it holds nothing.
func open(engine *scorch.Scorch) (*snapshot, error) {
	r, err := engine.Reader()
	if err != nil {
		return nil, err
	}
	s := &snapshot{IndexSnapshot: r.(*scorch.IndexSnapshot)}
	for _, seg := range s.Segments() {
		s.parts = append(s.parts, &part{
			segment: seg.Segment(),
			deleted: seg.Deleted(),
			size:    seg.Segment().Count(),
			dicts:   map[string]segment.TermDictionary{},
		})
		s.passages += int(seg.Count())
	}
	b, err := s.GetInternal([]byte(stateKey))
	switch {
	case err != nil:
	case b != nil:
		s.state, err = decodeState(b)
	case s.passages > 0:
		err = errors.New("passages without a state")
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (p *part) dict(field string) (segment.TermDictionary, error) {
	if d := p.dicts[field]; d != nil {
		return d, nil
	}
	d, err := p.segment.Dictionary(field)
	if err == nil {
		p.dicts[field] = d
	}
	return d, err
}

// list returns the passages of a term, deleted ones too; nil when there are none.
func (p *part) list(field, term string) (segment.PostingsList, error) {
	d, err := p.dict(field)
	if err != nil {
		return nil, err
	}
	l, err := d.PostingsList([]byte(term), nil, nil)
	if err != nil || l == nil || l.Count() == 0 {
		return nil, err
	}
	return l, nil
}

// bitmap returns the passages of a list. The caller must not change it.
func bitmap(l segment.PostingsList) *roaring.Bitmap {
	it, ok := l.Iterator(false, false, false, nil).(segment.OptimizablePostingsIterator)
	if !ok {
		return roaring.New()
	}
	if one, ok := it.DocNum1Hit(); ok {
		return roaring.BitmapOf(uint32(one))
	}
	return it.ActualBitmap()
}

// passages returns the passages of a term, deleted ones too. The caller must
// not change the bitmap.
func (p *part) passages(field, term string) (*roaring.Bitmap, error) {
	l, err := p.list(field, term)
	if err != nil || l == nil {
		return roaring.New(), err
	}
	return bitmap(l), nil
}

// live returns b without the deleted passages.
func (p *part) live(b *roaring.Bitmap) *roaring.Bitmap {
	if p.deleted == nil {
		return b
	}
	return roaring.AndNot(b, p.deleted)
}

// terms calls f for each term of a field from first up to and without end,
// in order, until f says false. An empty end is no bound.
func (p *part) terms(field, first, end string, f func(term string) bool) error {
	d, err := p.dict(field)
	if err != nil {
		return err
	}
	var until []byte
	if end != "" {
		until = []byte(end)
	}
	// Counting the passages of each term would read them all.
	var it segment.DictionaryIterator
	type uncounted interface {
		AutomatonIteratorOmitCount(a segment.Automaton, first, end []byte) segment.DictionaryIterator
	}
	if u, ok := d.(uncounted); ok {
		it = u.AutomatonIteratorOmitCount(nil, []byte(first), until)
	} else {
		it = d.AutomatonIterator(nil, []byte(first), until)
	}
	for {
		e, err := it.Next()
		if err != nil || e == nil || !f(e.Term) {
			return err
		}
	}
}

// after is the first string behind all that begin with prefix.
func after(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xFF {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}

// passagesOf lists the live passages of a source.
func (s *snapshot) passagesOf(id library.SourceID) ([]passageID, error) {
	var found []passageID
	prefix := string(id) + "|"
	for _, p := range s.parts {
		var names []string
		err := p.terms(fieldID, prefix, after(prefix), func(term string) bool {
			names = append(names, strings.Clone(term))
			return true
		})
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			here, err := p.passages(fieldID, name)
			if err != nil {
				return nil, err
			}
			if p.live(here).IsEmpty() {
				continue
			}
			if pid, ok := parsePassageID(name); ok && pid.source == id {
				found = append(found, pid)
			}
		}
	}
	return found, nil
}

// id names passage n of the part.
func (p *part) id(n uint32) (passageID, error) {
	b, err := p.segment.DocID(uint64(n))
	if err != nil {
		return passageID{}, err
	}
	pid, ok := parsePassageID(string(b))
	if !ok {
		return passageID{}, fmt.Errorf("passage named %q", b)
	}
	return pid, nil
}
