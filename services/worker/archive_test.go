package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/services/extract/extracttest"
	"coffer/services/library"
	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// TestMain runs the tests, or is a child of the parser.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "parser-child" {
		if err := parser.Child(os.Args[2:], os.Stdin, os.Stdout, parser.ChildOptions{Confine: func() error { return nil }}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// realParser is a service with real children, without PDFium.
func realParser(t testing.TB) parser.Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "p.sock")
	l, err := net.Listen("unix", socket)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- parser.Serve(ctx, l, parser.Options{
			ChildCommand: []string{os.Args[0], "parser-child"}, Idle: -1, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
			Limits: parser.Limits{Data: 8 << 30}, // the race detector's own
		})
	}()
	t.Cleanup(func() {
		stop()
		check(t, <-done)
		check(t, l.Close())
	})
	return parser.Client{Socket: socket}
}

func (b *box) put(t testing.TB, name string, content []byte) library.Source {
	t.Helper()
	s, _, err := b.Add(t.Context(), name, strings.NewReader(string(content)))
	must(t, err)
	return s
}

// settled waits until nothing is left to do, and returns the source.
func (b *box) settled(t testing.TB, id library.SourceID) library.Source {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		counts, err := b.SourceCounts(t.Context())
		must(t, err)
		busy := 0
		for f, n := range counts {
			if f.Status == library.StatusQueued || f.Status == library.StatusProcessing {
				busy += n
			}
		}
		if busy == 0 {
			s, err := b.Source(t.Context(), id)
			must(t, err)
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("still busy: %v", counts)
		}
	}
}

func (b *box) all(t testing.TB) map[string]library.Source {
	t.Helper()
	l, err := b.Sources(t.Context(), library.SourceFilter{}, library.Page{Limit: 200})
	must(t, err)
	out := map[string]library.Source{}
	for _, s := range l.Items {
		if _, twice := out[s.SHA256]; twice {
			t.Errorf("%s is doubled", s.Title)
		}
		out[s.SHA256] = s
	}
	return out
}

func words(n int) extracttest.Member {
	return extracttest.Member{Name: fmt.Sprintf("folder/%d.txt", n), Text: fmt.Sprintf("number%d and words\n", n)}
}

const picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

// An archive becomes its members: what can be read is a source that says where
// it came from, what the box has is linked, and the rest is listed.
func TestArchiveBecomesItsMembers(t *testing.T) {
	inner := extracttest.Gzip(t, extracttest.Tar(t, words(3), extracttest.Member{Name: "deep.png", Text: picture}))
	members := []extracttest.Member{words(1), {Name: "p.png", Text: picture}, words(2), {Name: "twin.txt", Text: words(1).Text},
		{Name: "in.tgz", Text: string(inner)}, {Name: "../up.txt", Text: "x"}}
	for name, archive := range map[string][]byte{"a.zip": extracttest.Zip(t, members...), "a.tar.gz": extracttest.Gzip(t, extracttest.Tar(t, members...)), "a.rar": extracttest.RAR(members...)} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			known := b.put(t, "known.txt", []byte(words(2).Text))
			s := b.put(t, name, archive)
			b.start(t, realParser(t), 2)
			s = b.settled(t, s.ID)
			want := library.Contents{Members: 7, Added: 2, Known: 2, Left: 3}
			if s.Status != library.StatusReady || s.Type != library.TypeArchive || s.Archive == nil || *s.Archive != want {
				t.Fatalf("%+v, %+v", s, s.Archive)
			}
			if s.Title != "a" {
				t.Errorf("it is called %q", s.Title)
			}
			got, err := b.Members(t.Context(), s.ID, 0, 100)
			must(t, err)
			for i, w := range []struct {
				path, code string
				known      bool
			}{
				{"folder/1.txt", "", false}, {"p.png", "unsupported", false}, {"folder/2.txt", "", true}, {"twin.txt", "", true},
				{"in.tgz/folder/3.txt", "", false}, {"in.tgz/deep.png", "unsupported", false}, {"../up.txt", "name", false},
			} {
				m := got[i]
				if m.Number != i || m.Path != w.path || m.Known != w.known || (m.Reason != nil) != (w.code != "") || m.Reason != nil && m.Reason.Code != w.code || (m.Source == "") != (w.code != "") {
					t.Errorf("member %d: %+v", i, m)
				}
			}
			if got[2].Source != known.ID || got[0].Source != got[3].Source {
				t.Errorf("what the box has is not linked: %+v", got)
			}
			deep, err := b.Source(t.Context(), got[4].Source)
			if err != nil || deep.Origin == nil || *deep.Origin != (library.Origin{Archive: s.ID, Name: name, Path: "in.tgz/folder/3.txt"}) || deep.FileName != "3.txt" {
				t.Errorf("%v %+v", err, deep)
			}
			hits, err := b.Search(t.Context(), library.Query{Text: "number3"})
			if err != nil || len(hits.Hits) != 1 || hits.Hits[0].Source.ID != deep.ID {
				t.Errorf("%v %+v", err, hits)
			}
			if hits, err = b.Search(t.Context(), library.Query{Text: "deep.png"}); err != nil || len(hits.Hits) != 1 || hits.Hits[0].Source.ID != s.ID {
				t.Errorf("by a name inside: %v %+v", err, hits)
			}
			if n := len(b.all(t)); n != 4 {
				t.Errorf("%d sources", n)
			}
			if again, created, err := b.Add(t.Context(), name, strings.NewReader(string(archive))); err != nil || created || again.ID != s.ID {
				t.Errorf("again: %v %v", created, err)
			}
		})
	}
}

// breaking is a parser that breaks off after some members, again and again, and
// then for some time does not.
type breaking struct {
	parser.Client
	every int
	asked *int
}

var errBroken = errors.New("it broke off")

func (p breaking) Unpack(ctx context.Context, r wire.Unpack, archive io.ReaderAt, to parser.Receiver) (wire.Unpacked, error) {
	*p.asked++
	return p.Client.Unpack(ctx, r, archive, &counted{to, p.every})
}

type counted struct {
	parser.Receiver
	left int
}

func (c *counted) spend() error {
	if c.left--; c.left < 0 {
		return errBroken
	}
	return nil
}

func (c *counted) Member(m wire.Member, body io.Reader) error {
	if err := c.spend(); err != nil {
		return err
	}
	return c.Receiver.Member(m, body)
}

func (c *counted) Left(l wire.Left) error {
	if err := c.spend(); err != nil {
		return err
	}
	return c.Receiver.Left(l)
}

// However often what takes an archive apart breaks off, it goes on behind what
// came in: nothing is doubled, nothing is lost.
func TestBrokenOffArchiveGoesOn(t *testing.T) {
	var members []extracttest.Member
	for n := range 9 {
		members = append(members, words(n), extracttest.Member{Name: fmt.Sprintf("%d.png", n), Text: picture})
	}
	b := newBox(t)
	s := b.put(t, "a.zip", extracttest.Zip(t, members...))
	asked := 0
	b.start(t, breaking{realParser(t), 7, &asked}, 1)
	s = b.settled(t, s.ID)
	if s.Status != library.StatusReady || s.Archive == nil || *s.Archive != (library.Contents{Members: 18, Added: 9, Left: 9}) {
		t.Errorf("%+v, %+v", s, s.Archive)
	}
	got, err := b.Members(t.Context(), s.ID, 0, 100)
	must(t, err)
	if len(got) != 18 || len(b.all(t)) != 10 {
		t.Errorf("%d members, %d sources", len(got), len(b.all(t)))
	}
	for i, m := range got {
		if m.Number != i || m.Path != members[i].Name {
			t.Errorf("member %d is %+v", i, m)
		}
	}
	if asked < 3 {
		t.Errorf("it broke off %d times", asked-1)
	}
}

// A verdict about an archive is its failure, and what came in before stays.
func TestRefusedArchives(t *testing.T) {
	bomb := extracttest.Tar(t, words(1), extracttest.Member{Name: "zeros", Text: string(make([]byte, 80<<20))})
	damaged := extracttest.Gzip(t, extracttest.Tar(t, words(1), extracttest.Member{Name: "noise.txt", Text: "words " + extracttest.Noise(200_000)}))
	p := realParser(t)
	for name, c := range map[string]struct {
		archive []byte
		status  library.Status
		code    string // of the failure or the trouble
		added   int
	}{
		"bomb.tgz":   {extracttest.Gzip(t, bomb), library.StatusFailed, wire.CodeBomb, 1},
		"cut.tgz":    {damaged[:len(damaged)-50_000], library.StatusReady, "damaged", 1},
		"sealed.7z":  {extracttest.Fixture(t, "sealed.7z"), library.StatusFailed, wire.CodeEncrypted, 0},
		"locked.7z":  {extracttest.Fixture(t, "locked.7z"), library.StatusFailed, wire.CodeEncrypted, 0},
		"empty.zip":  {extracttest.Zip(t), library.StatusFailed, wire.CodeNoText, 0},
		"images.zip": {extracttest.Zip(t, extracttest.Member{Name: "a.png", Text: picture}), library.StatusReady, "", 0},
		"a.ccx":      {extracttest.Zip(t, extracttest.Member{Name: "mimetype", Text: "application/vnd.ccx+zip"}), library.StatusFailed, wire.CodePackage, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			s := b.put(t, name, c.archive)
			b.start(t, p, 1)
			s = b.settled(t, s.ID)
			code := ""
			switch {
			case s.Reason != nil:
				code = s.Reason.Code
			case s.Archive != nil && s.Archive.Trouble != nil:
				code = s.Archive.Trouble.Code
			}
			if s.Status != c.status || code != c.code || len(b.all(t)) != 1+c.added {
				t.Errorf("%+v, %+v, %d sources", s, s.Archive, len(b.all(t)))
			}
		})
	}
}

// Every attack on the extractor ends, whatever it says, and the box goes on.
// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What is larger than a document may be is looked at for an archive, and is told
// its size when it is none.
func TestLargeDocumentIsNoArchive(t *testing.T) {
	b := newBox(t)
	s, _, err := b.Add(t.Context(), "large.pdf", io.MultiReader(strings.NewReader("%PDF-1.7\n"), io.LimitReader(zeros{}, wire.MaxDocument)))
	must(t, err)
	b.start(t, realParser(t), 1)
	if s = b.settled(t, s.ID); s.Status != library.StatusFailed || s.Reason.Code != wire.CodeTooLarge {
		t.Errorf("%+v, %+v", s, s.Reason)
	}
}

func TestAttacksThroughTheBox(t *testing.T) {
	b := newBox(t)
	var ids []library.SourceID
	for name, archive := range extracttest.Attacks(t) {
		if len(archive) > 1<<20 {
			continue // over the upload limit of these tests
		}
		ids = append(ids, b.put(t, name, archive).ID)
	}
	good := b.put(t, "good.zip", extracttest.Zip(t, words(7)))
	b.start(t, realParser(t), 2)
	if s := b.settled(t, good.ID); s.Status != library.StatusReady || s.Archive.Added != 1 {
		t.Errorf("%+v, %+v", s, s.Archive)
	}
	for _, id := range ids {
		s, err := b.Source(t.Context(), id)
		must(t, err)
		if s.Status == library.StatusFailed && s.Reason.Message == "" || s.Status != library.StatusFailed && s.Status != library.StatusReady {
			t.Errorf("%s: %+v", s.Title, s)
		}
	}
}

// Documents are read while an archive waits for its end.
func TestArchivesDoNotHoldUpDocuments(t *testing.T) {
	b := newBox(t)
	release := make(chan struct{})
	first, second := b.put(t, "a.zip", extracttest.Zip(t, words(1))), b.put(t, "b.zip", extracttest.Zip(t, words(2)))
	b.start(t, held{realParser(t), release}, 1)
	text := b.put(t, "a.txt", []byte("words of a text"))
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if s, err := b.Source(t.Context(), text.ID); err == nil && s.Status == library.StatusReady {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the text waits for the archives")
		}
	}
	close(release)
	for _, id := range []library.SourceID{first.ID, second.ID} {
		if s := b.settled(t, id); s.Status != library.StatusReady {
			t.Errorf("%+v", s)
		}
	}
}

// held begins no archive before release closes.
type held struct {
	parser.Client
	release chan struct{}
}

func (h held) Unpack(ctx context.Context, r wire.Unpack, archive io.ReaderAt, to parser.Receiver) (wire.Unpacked, error) {
	select {
	case <-h.release:
	case <-ctx.Done():
		return wire.Unpacked{}, ctx.Err()
	}
	return h.Client.Unpack(ctx, r, archive, to)
}
