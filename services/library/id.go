package library

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"sync"
	"time"
)

// idText is Crockford's alphabet in lower case: its order is the order of the
// bytes, so that ids sort as text.
const idText = "0123456789abcdefghjkmnpqrstvwxyz"

// clock makes source ids: 48 bits of Unix milliseconds, then 80 random bits,
// as 26 characters. Ids of one clock strictly grow, also when the wall clock
// does not.
type clock struct {
	mu     sync.Mutex
	now    func() time.Time
	hi, lo uint64 // the last id
}

func encoding() *base32.Encoding {
	return base32.NewEncoding(idText).WithPadding(base32.NoPadding)
}

// after makes every later id greater than id; an id of another shape is
// ignored.
func (c *clock) after(id SourceID) {
	b, err := encoding().DecodeString(string(id))
	if err != nil || len(b) != 16 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hi, lo := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	if hi > c.hi || hi == c.hi && lo > c.lo {
		c.hi, c.lo = hi, lo
	}
}

func (c *clock) next() SourceID {
	var b [16]byte
	rand.Read(b[:]) // never fails: the runtime ends the process instead
	hi := uint64(c.now().UnixMilli())<<16 | uint64(binary.BigEndian.Uint16(b[6:]))
	lo := binary.BigEndian.Uint64(b[8:])

	c.mu.Lock()
	if hi>>16 <= c.hi>>16 { // same or earlier millisecond: count on
		hi, lo = c.hi, c.lo+1
		if lo == 0 {
			hi++
		}
	}
	c.hi, c.lo = hi, lo
	c.mu.Unlock()

	binary.BigEndian.PutUint64(b[:], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return SourceID(encoding().EncodeToString(b[:]))
}
