package link

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"coffer/services/library"
)

// Whatever arrives, reading members ends and keeps to the limits, and what it
// takes is written and read back as the same.
func FuzzReadMembers(f *testing.F) {
	body, err := membersBody([]library.Member{{Path: "a", Reason: &library.Reason{Code: "x", Message: "y"}}}, &library.Member{Number: 1, Path: "b"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(body, "bytes"...))
	f.Add([]byte(`{"left":2}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		read := func(b []byte) (membersHead, []library.Member, string, error) {
			br := bufio.NewReaderSize(bytes.NewReader(b), maxMemberLine)
			head, left, err := readMembers(br)
			rest, _ := io.ReadAll(br)
			return head, left, string(rest), err
		}
		head, left, rest, err := read(in)
		if len(left) > library.MaxMembersAtOnce {
			t.Errorf("%d members", len(left))
		}
		if err != nil {
			return
		}
		var m *library.Member
		if head.Member != nil {
			one := head.Member.member()
			m = &one
		}
		out, err := membersBody(left, m)
		if err != nil {
			t.Fatal(err)
		}
		_, again, restAgain, err := read(append(out, rest...))
		if err != nil || len(again) != len(left) || restAgain != rest {
			t.Errorf("%v: %d members become %d", err, len(left), len(again))
		}
	})
}
