package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"coffer/services/parser/wire"
)

func TestRoundTrip(t *testing.T) {
	messages := []wire.Message{
		wire.Request{FileName: "Über \"quotes\".pdf", Size: 5, Alone: true},
		wire.End{}, wire.Ready{NoPDFium: true},
		wire.Progress{Page: 3, Total: 10},
		wire.Passage{Page: 7, Text: "漢字"}, wire.Passage{},
		wire.Head{Type: "pdf", Title: "T", Pages: 2, Passages: 1},
		wire.Failure{Code: wire.CodeMemory, Message: "m", Died: true},
		wire.Unpack{FileName: "a.zip", Size: 1 << 40, Skip: 7}, wire.Want{Offset: 1 << 40, Length: wire.MaxWant},
		wire.Plan{Members: 3, Bytes: 1 << 50}, wire.Member{Number: 3, Name: "a/ü.txt", Size: 9},
		wire.Left{Number: 4, Name: "b", Code: "link", Message: "It is a link."},
		wire.Unpacked{Members: 5, Code: "damaged", Message: "m"},
	}
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	for _, m := range messages {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r := wire.NewReader(iotest.OneByteReader(&b))
	for _, want := range messages {
		got, err := r.Next()
		if err != nil || got != want {
			t.Fatalf("got %+v %v, want %+v", got, err, want)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("at the end: %v", err)
	}
}

func TestDocument(t *testing.T) {
	for _, c := range []struct {
		name   string
		length int
		size   int64
		ok     bool
	}{
		{"empty", 0, 0, true},
		{"small", 10, 10, true},
		{"one chunk", wire.MaxChunk, wire.MaxChunk, true},
		{"many chunks", 3*wire.MaxChunk + 7, 3*wire.MaxChunk + 7, true},
		{"shorter", 9, 10, false},
		{"longer", 11, 10, false},
		{"not empty", 1, 0, false},
	} {
		doc := bytes.Repeat([]byte("x"), c.length)
		var b bytes.Buffer
		err := wire.NewWriter(&b).Document(iotest.HalfReader(bytes.NewReader(doc)), c.size)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		var got []byte
		r := wire.NewReader(&b)
		for {
			m, err := r.Next()
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if data, ok := m.(wire.Data); ok {
				got = append(got, data...)
				continue
			}
			break
		}
		if !bytes.Equal(got, doc) {
			t.Errorf("%s: %d bytes of %d", c.name, len(got), len(doc))
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	for name, m := range map[string]wire.Message{
		"data over a chunk": wire.Data(make([]byte, wire.MaxChunk+1)),
		"long passage":      wire.Passage{Text: strings.Repeat("a", wire.MaxPassage+1)},
		"not UTF-8":         wire.Passage{Text: "\xff"},
		"negative page":     wire.Passage{Page: -1},
		"page beyond":       wire.Passage{Page: wire.MaxPages + 1},
	} {
		var b bytes.Buffer
		w := wire.NewWriter(&b)
		if err := w.Write(m); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
		if w.Flush(); b.Len() > 0 {
			t.Errorf("%s: %d bytes sent", name, b.Len())
		}
	}
}

func TestWriterCutsNames(t *testing.T) {
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	long := strings.Repeat("ü", 10_000)
	for _, m := range []wire.Message{wire.Request{FileName: long + "\xff"}, wire.Head{Title: long}, wire.Failure{Message: long}} {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	r := wire.NewReader(&b)
	for range 3 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

func frame(kind byte, size uint32, payload string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, size), payload...)
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"unknown kind", frame('Z', 0, ""), wire.ErrFrame},
		{"huge data", frame('D', 1<<31, ""), wire.ErrFrame},
		{"data over a chunk", frame('D', wire.MaxChunk+1, ""), wire.ErrFrame},
		{"end with payload", frame('E', 1, "x"), wire.ErrFrame},
		{"passage without page", frame('T', 3, "abc"), wire.ErrFrame},
		{"passage of another page", frame('T', 4, "\xff\xff\xff\xff"), wire.ErrFrame},
		{"passage not UTF-8", frame('T', 5, "\x00\x00\x00\x01\xff"), wire.ErrFrame},
		{"broken JSON", frame('R', 1, "{"), wire.ErrFrame},
		{"JSON of another shape", frame('R', 2, "[]"), wire.ErrFrame},
		{"negative size", frame('Q', 11, `{"size":-1}`), wire.ErrFrame},
		{"huge size", frame('Q', 23, `{"size":9007199254740992}`[:23]), wire.ErrFrame},
		{"negative page", frame('P', 11, `{"page":-1}`), wire.ErrFrame},
		{"too many passages", frame('R', 22, `{"passages":999999999}`), wire.ErrFrame},
		{"long code", frame('F', 111, `{"code":"`+strings.Repeat("a", 100)+`"}`), wire.ErrFrame},
		{"huge control", frame('F', 1<<20, ""), wire.ErrFrame},
		{"half a want", frame('W', 11, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), wire.ErrFrame},
		{"long want", frame('W', 13, strings.Repeat("\x00", 13)), wire.ErrFrame},
		{"nothing wanted", frame('W', 12, strings.Repeat("\x00", 12)), wire.ErrFrame},
		{"too much wanted", frame('W', 12, strings.Repeat("\x00", 8)+"\x01\x00\x00\x00"), wire.ErrFrame},
		{"wanted beyond", frame('W', 12, "\x7f"+strings.Repeat("\xff", 7)+"\x00\x00\x00\x01"), wire.ErrFrame},
		{"skips backwards", frame('U', 11, `{"skip":-1}`), wire.ErrFrame},
		{"negative archive", frame('U', 11, `{"size":-1}`), wire.ErrFrame},
		{"many planned", frame('L', 17, `{"members":50001}`), wire.ErrFrame},
		{"an empty member", frame('M', 10, `{"size":0}`), wire.ErrFrame},
		{"a large member", frame('M', 18, `{"size":268435457}`), wire.ErrFrame},
		{"left for no reason", frame('X', 12, `{"number":1}`), wire.ErrFrame},
		{"long path", frame('X', 2082, `{"code":"a","name":"`+strings.Repeat("a", 2060)+`"}`), wire.ErrFrame},
		{"many in all", frame('V', 17, `{"members":50001}`), wire.ErrFrame},
		{"cut in the header", []byte("D\x00"), io.ErrUnexpectedEOF},
		{"cut in the payload", frame('D', 10, "abc"), io.ErrUnexpectedEOF},
		{"cut before the payload", frame('D', 10, ""), io.ErrUnexpectedEOF},
		{"nothing", nil, io.EOF},
	} {
		if m, err := wire.NewReader(bytes.NewReader(c.in)).Next(); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v %v, want %v", c.name, m, err, c.want)
		}
	}
}

// TestReaderAllocatesWithinLimits: a header alone must not make the reader
// take memory that its limits do not allow.
func TestReaderAllocatesWithinLimits(t *testing.T) {
	for _, kind := range []byte("DTQRFPYEZUWLMXV") {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = wire.NewReader(bytes.NewReader(frame(kind, 1<<32-1, ""))).Next()
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4*wire.MaxChunk {
			t.Errorf("kind %q: %d bytes", kind, n)
		}
	}
}

// FuzzReader: whatever arrives, the reader ends, never panics, and every
// message it accepts is written and read back as the same message.
func FuzzReader(f *testing.F) {
	f.Add(frame('P', 19, `{"page":1,"total":2}`[:19]))
	f.Add(frame('T', 6, "\x00\x00\x00\x01ab"))
	f.Add(append(frame('D', 3, "abc"), frame('E', 0, "")...))
	f.Add(frame('R', 14, `{"type":"pdf"}`))
	f.Add(frame('W', 12, strings.Repeat("\x00", 10)+"\x01\x00"))
	f.Add(frame('M', 19, `{"name":"a","size":1}`[:19]))
	f.Add(frame('X', 23, `{"name":"a","code":"b"}`))
	f.Add(frame('V', 13, `{"members":3}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := wire.NewReader(bytes.NewReader(in))
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			var b bytes.Buffer
			w := wire.NewWriter(&b)
			if err := w.Write(m); err != nil {
				t.Fatalf("%+v is read but not written: %v", m, err)
			}
			w.Flush()
			again, err := wire.NewReader(&b).Next()
			if err != nil || fmt.Sprintf("%T%+v", again, again) != fmt.Sprintf("%T%+v", m, m) {
				t.Fatalf("%+v becomes %+v %v", m, again, err)
			}
		}
	})
}
