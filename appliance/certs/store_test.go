package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/appliance/beneath/beneathtest"
)

const edgeID = 10001

func newStore(t *testing.T) Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tls")
	must(t, os.MkdirAll(filepath.Join(dir, edgeFolder), 0o755))
	return Store{Dir: dir, EdgeGID: edgeID, Log: slog.New(slog.DiscardHandler)}
}

func TestSelfSigned(t *testing.T) {
	s := newStore(t)
	defer unix.Umask(unix.Umask(0))
	if _, err := s.Authority(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an authority before any: %v", err)
	}
	names := []string{"box.example.org", "192.168.1.5", "::1", "localhost"}
	first, err := s.SelfSigned(names, nil, today)
	must(t, err)
	authority, err := s.Authority()
	must(t, err)
	root := authority.ChainPEM()
	if strings.Contains(string(root), "KEY") {
		t.Fatal("the authority is shown with its key")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		t.Fatal("nobody can trust it")
	}
	for _, name := range []string{"box.example.org", "192.168.1.5", "[::1]"} {
		if _, err := first.chain[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: name, CurrentTime: today}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if first.Covers("other.example.org") {
		t.Error("it is for any name")
	}
	t.Run("the same while it is good", func(t *testing.T) {
		for _, at := range []time.Time{today, today.Add(leafLife / 2)} {
			again, err := s.SelfSigned(names[:2], nil, at)
			if err != nil || again.Fingerprint() != first.Fingerprint() {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("a new one by the same authority", func(t *testing.T) {
		last := first.Fingerprint()
		for why, at := range map[string]time.Time{"another name": today, "it is due": today.Add(leafLife * 3 / 4), "a clock that went back": today.AddDate(-1, 0, 0)} {
			n := names
			if why == "another name" {
				n = append(n, "new.example.org")
			}
			again, err := s.SelfSigned(n, nil, at)
			if err != nil || again.Fingerprint() == last {
				t.Errorf("%s: %v", why, err)
				continue
			}
			last = again.Fingerprint()
			if _, err := again.chain[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: n[len(n)-1], CurrentTime: at.Add(time.Minute)}); err != nil && why != "a clock that went back" {
				t.Errorf("%s: %v", why, err)
			}
		}
	})
	t.Run("a new authority before the old one ends", func(t *testing.T) {
		_, err := s.SelfSigned(names, nil, today.Add(authorityLife-leafLife/2))
		must(t, err)
		if other, err := s.Authority(); err != nil || other.Fingerprint() == authority.Fingerprint() {
			t.Errorf("%v", err)
		}
	})
	checkMode(t, filepath.Join(s.Dir, authorityFile), 0)
	checkMode(t, filepath.Join(s.Dir, selfSignedFile), 0)
}

// Nothing is served by an authority that signs for others, or that signs what
// is no server.
func TestTheAuthorityIsSmall(t *testing.T) {
	p, err := newAuthority(today)
	must(t, err)
	c := p.chain[0]
	if !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign ||
		len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
		t.Errorf("%+v", c)
	}
}

func checkMode(t *testing.T, path string, gid uint32) {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	if st.Mode != unix.S_IFREG|0o440 || os.Geteuid() == 0 && (st.Uid != 0 || st.Gid != gid) {
		t.Errorf("%s has mode %o and belongs to %d:%d", path, st.Mode, st.Uid, st.Gid)
	}
}

func TestPresent(t *testing.T) {
	s := newStore(t)
	one, err := s.SelfSigned([]string{"localhost"}, nil, today)
	must(t, err)
	two, err := s.SelfSigned([]string{"localhost", "box"}, nil, today)
	must(t, err)
	first, err := s.Present(one)
	must(t, err)
	checkMode(t, first, edgeID)
	before, err := os.ReadFile(first)
	must(t, err)
	second, err := s.Present(two)
	must(t, err)
	if after, err := os.ReadFile(first); err != nil || first == second || string(after) != string(before) {
		t.Errorf("what is presented changed: %v", err)
	}
	if _, err := tls.LoadX509KeyPair(second, second); err != nil {
		t.Error(err)
	}
	must(t, s.Sweep(second))
	left, err := os.ReadDir(filepath.Dir(second))
	if err != nil || len(left) != 1 || left[0].Name() != filepath.Base(second) {
		t.Errorf("left: %v, %v", left, err)
	}
}

// What the owner supplied is found again, also when it has ended; what is the
// box's own is not taken for it.
func TestSupplied(t *testing.T) {
	s := newStore(t)
	own, err := s.SelfSigned([]string{"localhost"}, nil, time.Now())
	must(t, err)
	_, err = s.Present(own)
	must(t, err, os.WriteFile(filepath.Join(s.Dir, edgeFolder, "cut.pem"), own.PEM()[:200], 0o440))
	if p := s.Supplied(); p != nil {
		t.Errorf("%v was supplied by nobody", p.Names())
	}
	leaf := issue(t, p256(t), nil, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = today.AddDate(-2, 0, 0), today.AddDate(-1, 0, 0) })
	ended, _ := Parse(leaf.pem(), leaf.keyPEM(t), time.Now())
	_, err = s.Present(ended)
	must(t, err)
	if p := s.Supplied(); p == nil || p.Fingerprint() != ended.Fingerprint() {
		t.Errorf("%v", p)
	}
}

func TestWhatCannotBeReadIsNotReplaced(t *testing.T) {
	leaf := issue(t, p256(t), nil, nil)
	other := issue(t, p256(t), nil, asAuthority("Other"))
	for name, text := range map[string]string{
		"empty": "", "words": "no authority", "a leaf": string(leaf.pem()) + string(leaf.keyPEM(t)),
		"no key": string(other.pem()), "another's key": string(other.pem()) + string(leaf.keyPEM(t)),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			file := filepath.Join(s.Dir, authorityFile)
			must(t, os.WriteFile(file, []byte(text), 0o440))
			_, err := s.SelfSigned([]string{"localhost"}, nil, today)
			if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "not replaced") {
				t.Errorf("%v", err)
			}
			if got, _ := os.ReadFile(file); string(got) != text {
				t.Error("it was replaced")
			}
		})
	}
}

// TestPlantsInEveryRow: what is planted among the certificates is never opened.
// What can be made anew is; the authority and what was handed in are not given
// up, and why is told.
func TestPlantsInEveryRow(t *testing.T) {
	const note = "choice.json"
	made := newStore(t)
	p, err := made.SelfSigned([]string{"localhost"}, nil, today)
	must(t, err)
	kept, err := made.Keep(p)
	must(t, err, made.PutNote(note, []byte("{}")))
	shown, err := made.Present(p)
	must(t, err)
	for _, kind := range beneathtest.Kinds() {
		for name, row := range map[string]struct {
			use     func(s Store, kept string, p *Pair) error
			refused bool
		}{
			authorityFile: {func(s Store, _ string, _ *Pair) error {
				_, err := s.SelfSigned([]string{"localhost"}, nil, today)
				_, again := s.Authority()
				if again == nil {
					return errors.New("the authority was read")
				}
				return err
			}, true},
			selfSignedFile: {func(s Store, _ string, _ *Pair) error {
				_, err := s.SelfSigned([]string{"localhost"}, nil, today)
				return err
			}, false},
			keptPrefix: {func(s Store, kept string, _ *Pair) error {
				_, err := s.Kept(kept, today)
				return err
			}, true},
			keptPrefix + " again": {func(s Store, _ string, p *Pair) error {
				_, err := s.Keep(p)
				return err
			}, false},
			keptPrefix + " forgotten": {func(s Store, _ string, _ *Pair) error { return s.Forget("") }, false},
			note: {func(s Store, _ string, _ *Pair) error {
				_, err := s.Note(note)
				return err
			}, true},
			note + " again": {func(s Store, _ string, _ *Pair) error { return s.PutNote(note, []byte("{}")) }, false},
			edgeFolder: {func(s Store, _ string, p *Pair) error {
				if s.Supplied() != nil {
					return errors.New("what was planted was read")
				}
				_, err := s.Present(p)
				return err
			}, false},
			edgeFolder + " swept": {func(s Store, _ string, _ *Pair) error { return s.Sweep("") }, false},
		} {
			t.Run(name+" "+kind.Name, func(t *testing.T) {
				s := newStore(t)
				must(t, os.Remove(filepath.Join(s.Dir, edgeFolder)), os.CopyFS(s.Dir, os.DirFS(made.Dir)))
				first, _, _ := strings.Cut(name, " ")
				path := filepath.Join(s.Dir, first)
				switch first {
				case keptPrefix:
					path = filepath.Join(s.Dir, kept)
				case edgeFolder:
					path = filepath.Join(s.Dir, edgeFolder, filepath.Base(shown))
				}
				victim := beneathtest.New(t)
				victim.Plant(kind, path)
				held, err := s.Inspect()
				if err != nil || !slices.ContainsFunc(held, func(h Held) bool { return filepath.Join(s.Dir, h.Name) == path && h.Wrong == "is "+kind.What }) {
					t.Errorf("a look finds %+v, %v", held, err)
				}
				err = row.use(s, kept, p)
				refused, ok := errors.AsType[*beneath.Refused](err)
				if ok != row.refused || ok && refused.Path != path || !ok && err != nil {
					t.Errorf("%v", err)
				}
				if row.refused {
					victim.Stands(path)
				} else {
					victim.Gone(path)
				}
				victim.Untouched()
			})
		}
	}
}

func TestAFolderIsRefused(t *testing.T) {
	for _, file := range []string{authorityFile, selfSignedFile} {
		s := newStore(t)
		must(t, os.Mkdir(filepath.Join(s.Dir, file), 0o700))
		if _, err := s.SelfSigned([]string{"localhost"}, nil, today); !isRefused(err) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestNames(t *testing.T) {
	s := newStore(t)
	names := []string{"Box.example.org", "bücher.example", "a b", "", "box_1.lan", "fd00::1", "localhost"}
	one, err := s.SelfSigned(names, []string{"172.17.0.2", "c0ffee", "box_1.lan"}, today)
	must(t, err)
	if got := strings.Join(one.Names(), " "); got != "Box.example.org box_1.lan localhost c0ffee fd00::1 127.0.0.1 ::1 172.17.0.2" {
		t.Errorf("names %q", got)
	}
	same, err := s.SelfSigned(names, []string{"172.17.0.3"}, today)
	if err != nil || same.Fingerprint() != one.Fingerprint() {
		t.Errorf("another address in passing makes another certificate: %v", err)
	}
	if none, err := s.SelfSigned(nil, nil, today); err != nil || none.Fingerprint() != one.Fingerprint() {
		t.Errorf("%v", err)
	}
}

func TestALeafThatIsNoneIsMadeAnew(t *testing.T) {
	s := newStore(t)
	must(t, os.WriteFile(filepath.Join(s.Dir, selfSignedFile), []byte("cut sho"), 0o440))
	p, err := s.SelfSigned([]string{"127.0.0.1"}, nil, today)
	if err != nil || !p.Covers("127.0.0.1") || !p.chain[0].IPAddresses[0].Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("%v", err)
	}
}

func TestInspect(t *testing.T) {
	s := newStore(t)
	if held, err := s.Inspect(); err != nil || len(held) > 0 {
		t.Errorf("an empty folder: %+v, %v", held, err)
	}
	p, err := s.SelfSigned(nil, nil, today)
	must(t, err)
	file, err := s.Present(p)
	must(t, err)
	held, err := s.Inspect()
	if err != nil || len(held) != 3 {
		t.Fatalf("%+v, %v", held, err)
	}
	for _, h := range held {
		if h.Wrong != "" {
			t.Errorf("%s %s", h.Name, h.Wrong)
		}
	}
	for name, spoil := range map[string]func(path string) error{
		"has mode 0444": func(p string) error { return os.Chmod(p, 0o444) },
		"is a file with a second name (hard link)": func(p string) error { return os.Link(p, filepath.Join(t.TempDir(), "x")) },
		"is a directory": func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
	} {
		for at, path := range map[string]string{authorityFile: filepath.Join(s.Dir, authorityFile), edgeFolder: file} {
			must(t, os.RemoveAll(file), os.RemoveAll(filepath.Join(s.Dir, authorityFile)))
			p, err := s.SelfSigned(nil, nil, today)
			must(t, err)
			file, err = s.Present(p)
			must(t, err)
			if at == edgeFolder {
				path = file
			}
			must(t, spoil(path))
			held, err := s.Inspect()
			must(t, err)
			found := false
			for _, h := range held {
				found = found || h.Wrong == name && strings.HasPrefix(h.Name, at)
			}
			if !found {
				t.Errorf("%s of %s is not seen: %+v", name, at, held)
			}
		}
	}
}
