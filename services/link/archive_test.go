package link_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func TestArchiveRoundTrip(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	s := b.add("a.zip", "0123456789")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	for _, part := range [][2]int{{0, 10}, {3, 4}, {10, 0}, {9, 1}} {
		p := make([]byte, part[1])
		if err := c.ReadBlob(ctx, l.ID, p, int64(part[0])); err != nil || string(p) != "0123456789"[part[0]:part[0]+part[1]] {
			t.Errorf("%v: %q, %v", part, p, err)
		}
	}
	librarytest.WantKind(t, c.ReadBlob(ctx, l.ID, make([]byte, 2), 9), library.Invalid)
	librarytest.WantKind(t, c.ReadBlob(ctx, l.ID, make([]byte, 2), -1), library.Invalid)

	librarytest.Must(t, c.Unpack(ctx, l.ID))
	librarytest.Must(t, c.Plan(ctx, l.ID, 3, 100))
	left := library.Member{Number: 0, Path: "ü \u2028<&>\n.png", Reason: &library.Reason{Code: "unsupported", Message: "A \"picture\"."}}
	large := strings.Repeat("words and more\n", 100_000)
	librarytest.Must(t, c.AddMember(ctx, l.ID, []library.Member{left}, library.Member{Number: 1, Path: "in/a.txt"}, strings.NewReader(large)))
	left.Number = 2
	librarytest.Must(t, c.Leave(ctx, l.ID, []library.Member{left}))
	librarytest.Must(t, c.Leave(ctx, l.ID, []library.Member{left})) // twice without harm
	m, err := b.Members(ctx, s.ID, 0, 9)
	if err != nil || len(m) != 3 || m[0].Reason == nil || m[0].Reason.Message != "A \"picture\"." || m[1].Path != "in/a.txt" || m[1].Size != int64(len(large)) {
		t.Errorf("%+v, %v", m, err)
	}
	librarytest.Must(t, c.CompleteArchive(ctx, l.ID, 3, &library.Reason{Code: "damaged", Message: "It was cut off."}))
	got, err := b.Source(ctx, s.ID)
	if err != nil || got.Archive == nil || got.Archive.Trouble == nil || got.Archive.Trouble.Code != "damaged" {
		t.Errorf("%+v, %v", got, err)
	}
	librarytest.WantKind(t, c.Unpack(ctx, l.ID), library.NotFound)
}

// short ends early.
type short struct{ n int }

func (s *short) Read(p []byte) (int, error) {
	if s.n -= len(p); s.n < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

// A member that breaks off on its way is none, and the lease goes on.
func TestMemberThatBreaksOff(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	s := b.add("a.zip", "0123456789")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, c.Unpack(ctx, l.ID))
	if err := c.AddMember(ctx, l.ID, nil, library.Member{Path: "a.txt"}, &short{200_000}); err == nil {
		t.Error("half a member was taken")
	}
	m, err := b.Members(ctx, s.ID, 0, 9)
	if err != nil || len(m) > 0 {
		t.Errorf("%+v, %v", m, err)
	}
	librarytest.Must(t, c.AddMember(ctx, l.ID, nil, library.Member{Path: "a.txt"}, strings.NewReader("words")))
}

// What no worker of ours sends is refused, and changes nothing.
func TestMembersAreRefused(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	s := b.add("a.zip", "0123456789")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, c.Unpack(ctx, l.ID))
	line := `{"number":0,"path":"a","code":"x","message":"y"}` + "\n"
	for name, body := range map[string]string{
		"nothing":            "",
		"no lines":           `{"left":0}` + "\n",
		"negative":           `{"left":-1}` + "\n",
		"too many":           `{"left":501}` + "\n" + strings.Repeat(line, 501),
		"fewer than said":    `{"left":2}` + "\n" + line,
		"left for no reason": `{"left":1}` + "\n" + `{"number":0,"path":"a"}` + "\n",
		"unknown field":      `{"left":1,"more":1}` + "\n" + line,
		"a long line":        `{"left":1}` + "\n" + strings.Repeat(" ", 64<<10) + line,
		"no path":            `{"left":0,"member":{"number":0,"path":""}}` + "\nwords",
		"a gap":              `{"left":0,"member":{"number":1,"path":"a"}}` + "\nwords",
		"an empty member":    `{"left":0,"member":{"number":0,"path":"a"}}` + "\n",
	} {
		res, err := b.raw.Post(fmt.Sprintf("http://link/leases/%s/members", l.ID), "", strings.NewReader(body))
		librarytest.Must(t, err)
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), `"invalid"`) {
			t.Errorf("%s: %d %s %v", name, res.StatusCode, text, err)
		}
	}
	m, err := b.Members(ctx, s.ID, 0, 9)
	if err != nil || len(m) > 0 {
		t.Errorf("%+v, %v", m, err)
	}
}
