package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// Unpack opens a conversation about an archive. What follows is up to the child:
// a Want is answered with exactly the Data that it asks for, a Member is followed
// by its bytes as Data and an End, and Unpacked or Failure is the last word.
type Unpack struct {
	// FileName names what a bare compressed stream holds.
	FileName string `json:"file_name"`
	Size     int64  `json:"size"` // bytes of the archive
	// Skip is how many members, taken or left out, are known already and are not
	// told again.
	Skip int `json:"skip"`
}

// Want asks for Length bytes of the archive from Offset on.
type Want struct {
	Offset int64
	Length int
}

// Plan is what the archive's directory says is in it, where it has one. It is a
// claim, good for judging whether there is room.
type Plan struct {
	Members int   `json:"members"`
	Bytes   int64 `json:"bytes"`
}

// Member is a file of the archive that can be read as a document. Members and
// those left out are numbered together, from 0, in the archive's order.
type Member struct {
	Number int    `json:"number"`
	Name   string `json:"name"` // its path, joined by slashes
	Size   int64  `json:"size"`
}

// Left is a file of the archive that is left out. Code is a code of failures, or a
// kind of package extract.
type Left struct {
	Number  int    `json:"number"`
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Unpacked ends a conversation: the archive had Members, those left out
// included. Code and Message are set when it could not be followed to its end.
type Unpacked struct {
	Members int    `json:"members"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (Unpack) kind() byte   { return kindUnpack }
func (Want) kind() byte     { return kindWant }
func (Plan) kind() byte     { return kindPlan }
func (Member) kind() byte   { return kindMember }
func (Left) kind() byte     { return kindLeft }
func (Unpacked) kind() byte { return kindUnpacked }

// wantSize is the payload of a Want.
const wantSize = 8 + 4

func decodeUnpacking(kind byte, payload []byte) (Message, error) {
	name := func(s string) bool { return len(s) <= MaxPath && utf8.ValidString(s) }
	switch kind {
	case kindWant:
		if len(payload) != wantSize {
			return nil, fmt.Errorf("%w: %d bytes of a want", ErrFrame, len(payload))
		}
		offset, length := binary.BigEndian.Uint64(payload), binary.BigEndian.Uint32(payload[8:])
		if offset > math.MaxInt64-MaxWant || length == 0 || length > MaxWant {
			return nil, fmt.Errorf("%w: %d bytes wanted at %d", ErrFrame, length, offset)
		}
		return Want{Offset: int64(offset), Length: int(length)}, nil
	case kindUnpack:
		return control(payload, func(m Unpack) bool {
			return m.Size >= 0 && len(m.FileName) <= maxFileName && count(m.Skip, MaxMembers)
		})
	case kindPlan:
		return control(payload, func(m Plan) bool { return count(m.Members, MaxMembers) && m.Bytes >= 0 })
	case kindMember:
		return control(payload, func(m Member) bool {
			return count(m.Number, MaxMembers) && m.Size > 0 && m.Size <= MaxDocument && name(m.Name)
		})
	case kindLeft:
		return control(payload, func(m Left) bool {
			return count(m.Number, MaxMembers) && name(m.Name) && m.Code != "" && len(m.Code) <= maxCode && len(m.Message) <= maxMessage
		})
	default:
		return control(payload, func(m Unpacked) bool {
			return count(m.Members, MaxMembers) && len(m.Code) <= maxCode && len(m.Message) <= maxMessage
		})
	}
}

// Unpacking judges what is said by whoever takes an archive apart: whether it
// comes in order and within limits. Both ends that listen have one.
type Unpacking struct {
	size  int64 // of the archive
	next  int   // number of the next member
	left  int64 // bytes missing of the member that is being sent; -1: none is
	plans int
	bytes int64 // of all members
	most  int64
}

// NewUnpacking judges a conversation that r opens, of which at most most bytes of
// members are taken.
func NewUnpacking(r Unpack, most int64) *Unpacking {
	return &Unpacking{size: r.Size, next: r.Skip, left: -1, most: most}
}

// Check takes the next message; its error wraps ErrFrame.
func (u *Unpacking) Check(m Message) error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrFrame, what) }
	if u.left >= 0 {
		switch m := m.(type) {
		case Data:
			if u.left -= int64(len(m)); u.left < 0 {
				return bad("a member longer than announced")
			}
			return nil
		case End:
			if u.left != 0 {
				return bad("a member shorter than announced")
			}
			u.left = -1
			return nil
		}
		return bad(fmt.Sprintf("%T inside a member", m))
	}
	switch m := m.(type) {
	case Want:
		if m.Offset+int64(m.Length) > u.size {
			return bad("more wanted than there is")
		}
	case Plan:
		if u.plans++; u.plans > 1 {
			return bad("a second plan")
		}
	case Member:
		if u.bytes += m.Size; m.Number != u.next || u.bytes > u.most {
			return bad(fmt.Sprintf("member %d instead of %d, with %d bytes in all", m.Number, u.next, u.bytes))
		}
		u.next++
		u.left = m.Size
	case Left:
		if m.Number != u.next {
			return bad(fmt.Sprintf("member %d instead of %d", m.Number, u.next))
		}
		u.next++
	case Failure:
	case Unpacked:
		if m.Members != u.next {
			return bad(fmt.Sprintf("%d members instead of %d", m.Members, u.next))
		}
	default:
		return bad(fmt.Sprintf("%T as an answer", m))
	}
	return nil
}
