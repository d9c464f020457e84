package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// A Reader receives messages. It never holds more than one frame.
type Reader struct {
	r       *bufio.Reader
	payload []byte
}

// NewReader returns a Reader on r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, MaxChunk+headerSize)}
}

// Next returns the next message, io.EOF when the peer closed between frames,
// or an error that wraps ErrFrame when a frame breaks a limit. After an error
// the Reader is of no use.
func (r *Reader) Next() (Message, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r.r, header[:]); err != nil {
		return nil, err
	}
	kind, size := header[0], binary.BigEndian.Uint32(header[1:])
	if limit := payloadLimit(kind); int64(size) > limit {
		return nil, fmt.Errorf("%w: kind %q with %d bytes", ErrFrame, kind, size)
	}
	if cap(r.payload) < int(size) {
		r.payload = make([]byte, size)
	}
	payload := r.payload[:size]
	if _, err := io.ReadFull(r.r, payload); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return decode(kind, payload)
}

// payloadLimit is the largest payload of a kind, -1 for one that is unknown.
func payloadLimit(kind byte) int64 {
	switch kind {
	case kindData:
		return MaxChunk
	case kindEnd:
		return 0
	case kindPassage:
		return MaxPassage + 4
	case kindWant:
		return wantSize
	case kindRequest, kindReady, kindProgress, kindHead, kindFailure, kindUnpack, kindPlan, kindMember, kindLeft, kindUnpacked:
		return maxControl
	default:
		return -1
	}
}

func decode(kind byte, payload []byte) (Message, error) {
	switch kind {
	case kindData:
		return Data(payload), nil
	case kindEnd:
		return End{}, nil
	case kindPassage:
		return decodePassage(payload)
	case kindRequest:
		return control(payload, func(m Request) bool {
			return m.Size >= 0 && m.Size <= MaxDocument && len(m.FileName) <= maxFileName
		})
	case kindReady:
		return control(payload, func(Ready) bool { return true })
	case kindProgress:
		return control(payload, func(m Progress) bool {
			return count(m.Page, MaxPages) && count(m.Total, MaxPages)
		})
	case kindHead:
		return control(payload, func(m Head) bool {
			return len(m.Type) <= maxCode && len(m.Title) <= maxTitle &&
				count(m.Pages, MaxPages) && count(m.Passages, MaxPassages)
		})
	case kindUnpack, kindWant, kindPlan, kindMember, kindLeft, kindUnpacked:
		return decodeUnpacking(kind, payload)
	default:
		return control(payload, func(m Failure) bool {
			return len(m.Code) <= maxCode && len(m.Message) <= maxMessage
		})
	}
}

func count(n, limit int) bool { return n >= 0 && n <= limit }

func decodePassage(payload []byte) (Message, error) {
	if len(payload) < 4 {
		return nil, fmt.Errorf("%w: a passage without its page", ErrFrame)
	}
	page := binary.BigEndian.Uint32(payload)
	if page > MaxPages {
		return nil, fmt.Errorf("%w: page %d", ErrFrame, page)
	}
	p := Passage{Page: int(page), Text: string(payload[4:])}
	return p, p.check()
}

func control[M Message](payload []byte, valid func(M) bool) (Message, error) {
	var m M
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	if !valid(m) {
		return nil, fmt.Errorf("%w: a %T over its limits", ErrFrame, m)
	}
	return m, nil
}
