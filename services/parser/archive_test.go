package parser_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"coffer/services/extract/extracttest"
	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// gathered is a receiver that keeps what it gets.
type gathered struct {
	files map[string]string
	left  map[string]string
	fail  error // of every member
}

func (g *gathered) Plan(wire.Plan) error { return nil }

func (g *gathered) Member(m wire.Member, body io.Reader) error {
	if g.fail != nil {
		return g.fail
	}
	text, err := io.ReadAll(body)
	g.files[m.Name] = string(text)
	return err
}

func (g *gathered) Left(l wire.Left) error {
	g.left[l.Name] = l.Code
	return nil
}

// unpack has an archive taken apart; err is a failure or anything else.
func (s *service) unpack(t testing.TB, archive []byte, skip int) (*gathered, wire.Unpacked, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	to := &gathered{files: map[string]string{}, left: map[string]string{}}
	end, err := s.Unpack(ctx, wire.Unpack{FileName: "a", Size: int64(len(archive)), Skip: skip}, bytes.NewReader(archive), to)
	return to, end, err
}

func codeOf(err error) string {
	var f *wire.Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return fmt.Sprint(err)
}

func someText(n int) extracttest.Member {
	return extracttest.Member{Name: fmt.Sprintf("%d.txt", n), Text: strings.Repeat("words ", n)}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	members := []extracttest.Member{someText(1), someText(100_000), {Name: "x.png", Text: "\x89PNG\r\n\x1a\n\x00"}, someText(3)}
	for name, archive := range map[string][]byte{"zip": extracttest.Zip(t, members...), "tgz": extracttest.Gzip(t, extracttest.Tar(t, members...)), "rar": extracttest.RAR(members...)} {
		got, end, err := s.unpack(t, archive, 0)
		want := map[string]string{"1.txt": members[0].Text, "100000.txt": members[1].Text, "3.txt": members[3].Text}
		if err != nil || end.Members != 4 || !maps.Equal(got.files, want) || !maps.Equal(got.left, map[string]string{"x.png": wire.CodeUnsupported}) {
			t.Errorf("%s: %v %+v, %d files, left %v", name, err, end, len(got.files), got.left)
		}
		if got, _, err = s.unpack(t, archive, 3); err != nil || len(got.files) != 1 || len(got.left) > 0 {
			t.Errorf("%s, three known: %v %q", name, err, got.files)
		}
	}
	for name, archive := range map[string][]byte{
		wire.CodeEncrypted: extracttest.Fixture(t, "sealed.7z"), wire.CodeUnsupported: []byte("no archive"),
		wire.CodeBomb: extracttest.Gzip(t, make([]byte, 100<<20)),
	} {
		if _, _, err := s.unpack(t, archive, 0); codeOf(err) != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every attack has an answer, and the service goes on.
func TestAttacksOfArchives(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for name, archive := range extracttest.Attacks(t) {
		if _, _, err := s.unpack(t, archive, 0); err != nil && (codeOf(err) == fmt.Sprint(err) || codeOf(err) == wire.CodeUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, end, err := s.unpack(t, extracttest.Zip(t, someText(1)), 0); err != nil || end.Members != 1 {
		t.Errorf("after them: %v %+v", err, end)
	}
}

// While an archive is taken apart, as many documents are read as before.
func TestArchivesDoNotHoldUpDocuments(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *parser.Options) { o.Children = 1 })
	archive := extracttest.Zip(t, someText(1))
	read := false
	_, err := s.Unpack(t.Context(), wire.Unpack{FileName: "a.zip", Size: int64(len(archive))}, bytes.NewReader(archive), during(func() {
		_, failure := s.parse(t, "a.txt", []byte("words"))
		read = failure == nil
	}))
	if err != nil || !read {
		t.Errorf("%v, read %v", err, read)
	}
}

type during func()

func (during) Plan(wire.Plan) error                      { return nil }
func (f during) Member(_ wire.Member, _ io.Reader) error { f(); return nil }
func (during) Left(wire.Left) error                      { return nil }

// An error of the receiver's, of the archive's or of the caller's comes back as it
// is, and no child stays behind.
func TestUnpackGivesUp(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	archive := extracttest.Zip(t, someText(1), someText(200_000))
	mine := errors.New("no room")
	for range 3 {
		to := &gathered{fail: mine}
		if _, err := s.Unpack(t.Context(), wire.Unpack{Size: int64(len(archive))}, bytes.NewReader(archive), to); err != mine {
			t.Errorf("the receiver's: %v", err)
		}
		if _, err := s.Unpack(t.Context(), wire.Unpack{Size: int64(len(archive))}, bytes.NewReader(archive[:20]), to); err == nil || !errors.Is(err, io.EOF) {
			t.Errorf("the archive's: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Unpack(ctx, wire.Unpack{Size: int64(len(archive))}, bytes.NewReader(archive), during(cancel))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the caller's: %v", err)
	}
	if _, end, err := s.unpack(t, archive, 0); err != nil || end.Members != 2 {
		t.Errorf("after them: %v %+v", err, end)
	}
}

// A child that has been taken over costs one archive.
func TestUnpackingBreaches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		how, code string
		change    func(*parser.Limits)
	}{
		{"hang", wire.CodeTimeout, func(l *parser.Limits) { l.Stall = 300 * time.Millisecond }},
		{"want-for-ever", wire.CodeTimeout, func(l *parser.Limits) { l.ArchiveWall = 500 * time.Millisecond }},
		{"want-for-ever", wire.CodeTimeout, func(l *parser.Limits) { l.ArchiveCPU = 100 * time.Millisecond }},
		{"want-beyond", wire.CodeCrashed, nil},
		{"member-twice", wire.CodeCrashed, nil},
		{"endless-members", wire.CodeCrashed, func(l *parser.Limits) { l.ArchiveBytes = 1 << 20 }},
		{"passage", wire.CodeCrashed, nil},
		{"garbage", wire.CodeCrashed, nil},
		{"crash", wire.CodeCrashed, nil},
		{"allocate", wire.CodeMemory, func(l *parser.Limits) { l.Data = 256 << 20 }},
	} {
		if raceEnabled && c.how == "allocate" {
			continue
		}
		s := hostileService(t, c.how, func(o *parser.Options) {
			if c.change != nil {
				c.change(&o.Limits)
			}
		})
		_, _, err := s.unpack(t, []byte("some archive"), 0)
		var f *wire.Failure
		if !errors.As(err, &f) || f.Code != c.code || !f.Died {
			t.Errorf("%s: %v", c.how, err)
		}
	}
}
