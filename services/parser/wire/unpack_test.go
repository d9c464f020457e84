package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"coffer/services/parser/wire"
)

// What takes an archive apart may be taken over: everything out of order or over
// a limit is refused.
func TestUnpackingIsJudged(t *testing.T) {
	data := func(n int) wire.Data { return make(wire.Data, n) }
	for name, c := range map[string]struct {
		said []wire.Message
		ok   bool
	}{
		"all of it": {[]wire.Message{wire.Plan{Members: 9}, wire.Want{Offset: 90, Length: 10}, wire.Left{Number: 5}, wire.Member{Number: 6, Size: 3},
			data(2), data(1), wire.End{}, wire.Want{Length: 1}, wire.Member{Number: 7, Size: 1}, data(1), wire.End{}, wire.Unpacked{Members: 8}}, true},
		"nothing":                  {[]wire.Message{wire.Unpacked{Members: 5}}, true},
		"a failure":                {[]wire.Message{wire.Failure{}}, true},
		"wanted beyond the end":    {[]wire.Message{wire.Want{Offset: 91, Length: 10}}, false},
		"a second plan":            {[]wire.Message{wire.Plan{}, wire.Plan{}}, false},
		"a known member":           {[]wire.Message{wire.Member{Number: 4, Size: 1}}, false},
		"a member too far":         {[]wire.Message{wire.Member{Number: 6, Size: 1}}, false},
		"left twice":               {[]wire.Message{wire.Left{Number: 5}, wire.Left{Number: 5}}, false},
		"wanted inside a member":   {[]wire.Message{wire.Member{Number: 5, Size: 1}, wire.Want{Length: 1}}, false},
		"failed inside a member":   {[]wire.Message{wire.Member{Number: 5, Size: 1}, wire.Failure{}}, false},
		"ended inside a member":    {[]wire.Message{wire.Member{Number: 5, Size: 1}, wire.Unpacked{Members: 6}}, false},
		"longer than announced":    {[]wire.Message{wire.Member{Number: 5, Size: 1}, data(2)}, false},
		"shorter than announced":   {[]wire.Message{wire.Member{Number: 5, Size: 2}, data(1), wire.End{}}, false},
		"data of nothing":          {[]wire.Message{data(1)}, false},
		"more in all than allowed": {[]wire.Message{wire.Member{Number: 5, Size: 600}, data(600), wire.End{}, wire.Member{Number: 6, Size: 600}}, false},
		"counted wrong":            {[]wire.Message{wire.Unpacked{Members: 6}}, false},
		"a passage":                {[]wire.Message{wire.Passage{}}, false},
		"a request":                {[]wire.Message{wire.Request{}}, false},
	} {
		u := wire.NewUnpacking(wire.Unpack{Size: 100, Skip: 5}, 1000)
		for i, m := range c.said {
			err := u.Check(m)
			if last := i == len(c.said)-1; (err == nil) != (c.ok || !last) || err != nil && !errors.Is(err, wire.ErrFrame) {
				t.Errorf("%s, message %d: %v", name, i, err)
			}
		}
	}
}

func TestPathsKeepTheirEnd(t *testing.T) {
	long := strings.Repeat("ü/", 5000) + "name.txt"
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	for _, m := range []wire.Message{wire.Member{Name: long, Size: 1}, wire.Left{Name: long + "\xff", Code: "x"}} {
		if err := errors.Join(w.Write(m), w.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	r := wire.NewReader(&b)
	m, err := r.Next()
	if got, ok := m.(wire.Member); err != nil || !ok || !strings.HasPrefix(got.Name, "…") || !strings.HasSuffix(got.Name, "ü/name.txt") || len(got.Name) > wire.MaxPath {
		t.Errorf("%v %.50q", err, m)
	}
	if _, err := r.Next(); err != nil {
		t.Error(err)
	}
}
