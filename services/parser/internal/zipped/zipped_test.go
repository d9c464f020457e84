package zipped_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/zipped"
	"coffer/services/parser/wire"
)

func pack(t *testing.T, members ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func code(err error) string {
	if f, ok := err.(*wire.Failure); ok {
		return f.Code
	}
	return fmt.Sprint(err)
}

func TestRead(t *testing.T) {
	a, err := zipped.Open(pack(t, [2]string{"a", "one"}, [2]string{"a", "two"}, [2]string{"/b", "x"}, [2]string{"../c", "y"}), "a thing")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "one", "b": "x", "../c": "y", "missing": ""} {
		if got, err := a.Read(name); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if len(a.Names()) != 3 || !a.Has("b") || a.Has("/b") {
		t.Errorf("names %q", a.Names())
	}
}

func TestBombs(t *testing.T) {
	spaces := strings.Repeat(" ", limits.Member+1)
	a, err := zipped.Open(pack(t, [2]string{"big", spaces}), "a thing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read("big"); code(err) != wire.CodeTooLarge {
		t.Errorf("a member over the limit, and its ratio: %v", err)
	}

	// Below the limit of a member, above that of the ratio.
	a, err = zipped.Open(pack(t, [2]string{"big", spaces[:limits.Member/2]}), "a thing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read("big"); code(err) != wire.CodeTooLarge {
		t.Errorf("a ratio of a thousand: %v", err)
	}

	// Many members, each within its limits, above the total.
	part := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", (limits.Ratio/4*limits.RatioFrom/limits.Ratio)/36)
	n := limits.Unpacked/len(part) + 1
	var members [][2]string
	for i := range n {
		members = append(members, [2]string{fmt.Sprint(i), part})
	}
	a, err = zipped.Open(pack(t, members...), "a thing")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err = a.Read(fmt.Sprint(i)); err != nil {
			break
		}
	}
	if code(err) != wire.CodeTooLarge {
		t.Errorf("the total of %d members: %v", n, err)
	}

	var many [][2]string
	for i := range limits.Members + 1 {
		many = append(many, [2]string{fmt.Sprint(i), ""})
	}
	if _, err := zipped.Open(pack(t, many...), "a thing"); code(err) != wire.CodeTooLarge {
		t.Errorf("many members: %v", err)
	}
}

func TestDamage(t *testing.T) {
	whole := pack(t, [2]string{"a", strings.Repeat("some text ", 1000)})
	for name, doc := range map[string][]byte{"nothing": nil, "cut": whole[:len(whole)/2], "no archive": []byte("PK\x03\x04 and then something else")} {
		if _, err := zipped.Open(doc, "a thing"); code(err) != wire.CodeMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	locked := bytes.Clone(whole)
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1 // general purpose flag: encrypted
	a, err := zipped.Open(locked, "a thing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read("a"); code(err) != wire.CodeEncrypted {
		t.Errorf("locked: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m, _ := w.Create("a")
	m.Write([]byte("text"))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, doc []byte) {
		a, err := zipped.Open(doc, "a thing")
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			if _, err := a.Read(name); err != nil && code(err) == "" {
				t.Error(err)
			}
		}
	})
}
