package console

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
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// keeper remembers what it was asked, and answers with err.
type keeper struct {
	mu  sync.Mutex
	got []string
	err error
}

func (k *keeper) ResetPassword(_ context.Context, password string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, password)
	return k.err
}

func (k *keeper) RemoveFactors(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, RemoveFactors)
	return k.err
}

func (k *keeper) RecordByConsole(_ context.Context, kind library.AuditKind, detail string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, string(kind)+" "+detail)
}

// serve answers in a folder of the test.
func serve(t *testing.T, k Keeper, log io.Writer) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "owner.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, l, Options{UID: os.Geteuid(), Keeper: k, Log: slog.New(slog.NewTextHandler(log, nil))})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		l.Close()
	})
	return path
}

func TestAsked(t *testing.T) {
	refusal := &library.Error{Kind: library.Invalid, Message: "Too short.", Hint: "Take a longer one.", Field: "password"}
	long := strings.Repeat("<", 1024) + strings.Repeat("é", 5000) // as JSON spends most
	for _, c := range []struct {
		name    string
		request Request
		err     error
		heard   bool
		want    *library.Error
	}{
		{"done", Request{Ask: ResetPassword, Password: "a new password"}, nil, true, nil},
		{"long", Request{Ask: ResetPassword, Password: long}, nil, true, nil},
		{"refused", Request{Ask: ResetPassword, Password: "x"}, refusal, true, &library.Error{Kind: library.Invalid, Message: "Too short.", Hint: "Take a longer one."}},
		{"odd", Request{Ask: ResetPassword, Password: "x"}, errors.New("odd"), true, &library.Error{Kind: library.Internal, Message: "odd"}},
		{"no password", Request{Ask: RemoveFactors, Password: RemoveFactors}, nil, true, nil},
		{"not needed", Request{Ask: RemoveFactors, Password: RemoveFactors}, refusal, true, &library.Error{Kind: library.Invalid, Message: "Too short.", Hint: "Take a longer one."}},
		{"something else", Request{Ask: "status", Password: "secret"}, nil, false, &library.Error{Kind: library.NotFound, Message: `Nothing answers to "status".`}},
		{"nothing", Request{}, nil, false, &library.Error{Kind: library.NotFound, Message: `Nothing answers to "".`}},
		{"too long", Request{Ask: ResetPassword, Password: strings.Repeat("<", maxRequest/6)}, nil, false, &library.Error{Kind: library.Invalid, Message: "A request is one line of JSON."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, log := &keeper{err: c.err}, &strings.Builder{}
			t.Cleanup(func() { // after Serve has ended
				if s := log.String(); strings.Contains(s, "secret") || strings.Contains(s, "<<") || c.want == nil && s != "" {
					t.Errorf("the log says %s", s)
				}
			})
			err := Ask(t.Context(), serve(t, k, log), c.request)
			if c.want == nil && err != nil {
				t.Fatal(err)
			}
			if e, ok := errors.AsType[*library.Error](err); c.want != nil && (!ok || *e != *c.want) {
				t.Errorf("%#v", err)
			}
			if heard := len(k.got) > 0; heard != c.heard || heard && k.got[0] != c.request.Password {
				t.Errorf("the keeper heard %q", k.got)
			}
		})
	}
}

// The kernel says who asks; nobody else is heard, whatever is sent.
func TestStrangersAreRefused(t *testing.T) {
	for uid, may := range map[int]bool{0: true, 4711: true, 1: false, 10002: false, 65534: false} {
		if err := (Options{UID: 4711}).judge(uid); (err == nil) != may {
			t.Errorf("user %d: %v", uid, err)
		}
	}
}

// What is no request changes nothing and does not come back in words.
func TestMalformed(t *testing.T) {
	for _, sent := range []string{"\n", "hello secret\n", `{"ask":"reset-password","password":7}` + "\n", `["secret"]` + "\n", `{"ask":"reset-password"` + "\n", ""} {
		k, log := &keeper{}, &strings.Builder{}
		c, err := net.Dial("unix", serve(t, k, log))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, sent)
		_ = c.(*net.UnixConn).CloseWrite()
		answer, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(answer), "one line of JSON") || strings.Contains(string(answer), "secret") || len(k.got) > 0 {
			t.Errorf("%q: %s, %v, %q", sent, answer, err, k.got)
		}
		c.Close()
	}
}

func TestNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "owner.sock")
	if err := Ask(t.Context(), path, Request{}); !errors.Is(err, ErrNobody) {
		t.Errorf("no socket: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := Ask(t.Context(), path, Request{}); !errors.Is(err, ErrNobody) {
		t.Errorf("a socket that is left: %v", err)
	}
}

// A box that dies over a request is no box that does not run: the store must
// not be opened behind its back.
func TestNoAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "owner.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			time.Sleep(10 * time.Millisecond)
			c.Close()
		}
	}()
	if err := Ask(t.Context(), path, Request{Ask: ResetPassword, Password: "x"}); err == nil || errors.Is(err, ErrNobody) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := Ask(ctx, path, Request{Ask: ResetPassword, Password: "x"}); err == nil { // nobody accepts
		t.Error("no answer is taken for one")
	}
}
