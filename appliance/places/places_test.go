package places

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func store(t *testing.T) (Store, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	return Store{
		Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil)),
		Reachable: func(host string) error {
			if host == "127.0.0.1" {
				return errors.New("it is this machine")
			}
			return nil
		},
	}, &log
}

func TestKeptAndForgotten(t *testing.T) {
	s, _ := store(t)
	if got := s.State(); got != (State{}) {
		t.Errorf("at first %+v", got)
	}
	c := Change{Kind: Ntfy, Address: " https://ada:pa55word@ntfy.example.org:8443/my-topic "}
	if err := s.Apply(c); err != nil {
		t.Fatal(err)
	}
	if got := s.State(); got != (State{Kind: Ntfy, Host: "ntfy.example.org:8443"}) {
		t.Errorf("%+v", got)
	}
	if got := s.Notices().Address; got != strings.TrimSpace(c.Address) {
		t.Errorf("kept %q", got)
	}
	at := filepath.Join(s.Dir, NoticesFile)
	if st, err := os.Stat(at); err != nil || st.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := s.Apply(Change{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at); err == nil || s.State().Host != "" {
		t.Error("it is still there")
	}
	if err := s.Apply(Change{}); err != nil {
		t.Errorf("nobody, twice: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for _, row := range []struct {
		kind    Kind
		address string
		code    Code
	}{
		{"mail", "https://a.example/q7x", BadKind},
		{"", "https://a.example/q7x", BadKind},
		{Webhook, "q7x", BadAddress},
		{Webhook, "ftp://a.example/q7x", BadAddress},
		{Webhook, "https:///q7x", BadAddress},
		{Webhook, "https:q7x", BadAddress},
		{Webhook, "https://a.example/%zzq7x", BadAddress},
		{Webhook, "https://a.example/#q7x", BadAddress},
		{Webhook, "https://a.example:99999/q7x", BadAddress},
		{Webhook, "https://a.example/" + strings.Repeat("q7x", 1000), BadAddress},
		{Ntfy, "https://ntfy.sh", NoTopic},
		{Ntfy, "https://ntfy.sh/", NoTopic},
		{Webhook, "http://127.0.0.1/q7x", Unreachable},
	} {
		s, _ := store(t)
		err := s.Apply(Change{row.kind, row.address})
		f, ok := errors.AsType[*Fault](err)
		if !ok || f.Code != row.code || f.Remedy == "" || strings.Contains(err.Error(), "q7x") {
			t.Errorf("%s %.40s: %v, want %s", row.kind, row.address, err, row.code)
		}
		if s.State().Host != "" {
			t.Errorf("%s is kept", row.address)
		}
	}
}

// What the configuration says counts, and cannot be changed.
func TestFixed(t *testing.T) {
	s, _ := store(t)
	if err := s.Apply(Change{Webhook, "https://mine.example/x"}); err != nil {
		t.Fatal(err)
	}
	s.Fixed, s.Given = true, Notices{Ntfy, "https://theirs.example/x"}
	if got := s.State(); got != (State{Ntfy, "theirs.example", true}) {
		t.Errorf("%+v", got)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	s.Given.Address = "https://127.0.0.1/x"
	if f, ok := errors.AsType[*Fault](s.Check()); !ok || f.Code != Unreachable {
		t.Errorf("%v", f)
	}
	f, _ := errors.AsType[*Fault](s.Apply(Change{Webhook, "https://mine.example/y"}))
	if f == nil || f.Code != Decided {
		t.Errorf("%v", f)
	}
}

// A damaged file tells nobody, and is not quoted; a link is not followed.
func TestDamaged(t *testing.T) {
	for _, text := range []string{"{", `{"kind":"webhook","address":"http://127.0.0.1/q7x"}`, `{"kind":"q7x","address":"http://a/"}`, strings.Repeat("q7x", 10_000)} {
		s, log := store(t)
		if err := os.WriteFile(filepath.Join(s.Dir, NoticesFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s.State().Host != "" || !strings.Contains(log.String(), "nobody is told") || strings.Contains(log.String(), "q7x") {
			t.Errorf("%.40s: %+v, %s", text, s.State(), log)
		}
	}
	s, _ := store(t)
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte(`{"kind":"webhook","address":"http://a.example/"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(s.Dir, NoticesFile)); err != nil {
		t.Fatal(err)
	}
	if s.State().Host != "" {
		t.Error("a link is followed")
	}
}

func TestSecrets(t *testing.T) {
	got := Notices{Webhook, "https://ada:pa55word@hooks.example.org/in/token-4711?auth=QmFzaWMtc2VjcmV0&k=v"}.Secrets()
	want := []string{"https://ada:pa55word@hooks.example.org/in/token-4711?auth=QmFzaWMtc2VjcmV0&k=v", "pa55word", "token-4711", "QmFzaWMtc2VjcmV0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if all := (Notices{}).Secrets(); len(all) != 0 {
		t.Errorf("%q of nobody", all)
	}
}
