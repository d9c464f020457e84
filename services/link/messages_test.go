package link

import (
	"bytes"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"coffer/services/library"
)

// What is read is within the limits, and is written as it was read.
func FuzzReading(f *testing.F) {
	f.Add([]byte(`{"type":"text","title":"a","pages":1,"passages":2}` + "\n" + `{"page":1,"text":"x"}` + "\n" + `{"page":2,"text":"\u0000"}`))
	f.Add([]byte(`{"type":"pdf","title":"","pages":0,"passages":0}`))
	f.Add([]byte(`{"passages":1}` + "\n\n"))
	f.Add([]byte(`{"passages":99999999999}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := readReading(bytes.NewReader(in))
		if err != nil {
			return
		}
		if len(r.Passages) > library.MaxPassages || len(r.Passages) > len(in) {
			t.Fatalf("%d passages of %d bytes", len(r.Passages), len(in))
		}
		var out bytes.Buffer
		if err := writeReading(&out, r); err != nil {
			t.Fatal(err)
		}
		again, err := readReading(&out)
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
	})
}

func TestTotalTextIsCapped(t *testing.T) {
	var b strings.Builder
	n := library.MaxReadingText/library.MaxPassageText + 1
	b.WriteString(`{"type":"text","title":"","pages":0,"passages":` + strconv.Itoa(n) + "}\n")
	line := `{"page":0,"text":"` + strings.Repeat("x", library.MaxPassageText) + "\"}\n"
	for range n {
		b.WriteString(line)
	}
	if _, err := readReading(strings.NewReader(b.String())); err == nil || !strings.Contains(err.Error(), "too much text") {
		t.Errorf("%v", err)
	}
}
