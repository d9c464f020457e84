package secrets

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
)

func quiet(dir string) Options {
	gid := beneath.Keep
	if os.Geteuid() == 0 {
		gid = 10002
	}
	return Options{Dir: dir, ReaderGID: gid, Log: slog.New(slog.DiscardHandler)}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	if st.Mode != unix.S_IFREG|0o440 || os.Geteuid() == 0 && (st.Uid != 0 || st.Gid != 10002) {
		t.Errorf("%s has mode %o and belongs to %d:%d", path, st.Mode, st.Uid, st.Gid)
	}
}

func TestMadeOnce(t *testing.T) {
	dir := t.TempDir()
	defer unix.Umask(unix.Umask(0o777))
	first, err := Ensure(quiet(dir))
	must(t, err)
	if len(first.SessionKey) != 32 || len(first.SetupCode) != 8 || strings.Trim(first.SetupCode, Alphabet) != "" {
		t.Errorf("made %d bytes and %q", len(first.SessionKey), first.SetupCode)
	}
	checkFile(t, dir+"/"+SessionKey)
	checkFile(t, dir+"/"+SetupCode)
	again, err := Ensure(quiet(dir))
	if err != nil || string(again.SessionKey) != string(first.SessionKey) || again.SetupCode != first.SetupCode {
		t.Errorf("the second start has other secrets: %v", err)
	}
	if code, err := Code(dir); err != nil || code != first.SetupCode {
		t.Errorf("Code: %q, %v", code, err)
	}
	other, err := Ensure(quiet(t.TempDir()))
	if err != nil || string(other.SessionKey) == string(first.SessionKey) || other.SetupCode == first.SetupCode {
		t.Errorf("two boxes share secrets: %v", err)
	}
	if left, _ := filepath.Glob(dir + "/.*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMended(t *testing.T) {
	dir := t.TempDir()
	first, err := Ensure(quiet(dir))
	must(t, err, os.Chmod(dir+"/"+SessionKey, 0o666), os.Chmod(dir+"/"+SetupCode, 0o4777))
	if os.Geteuid() == 0 {
		must(t, os.Chown(dir+"/"+SessionKey, 10003, 10003))
	}
	again, err := Ensure(quiet(dir))
	if err != nil || again.SetupCode != first.SetupCode {
		t.Errorf("%v", err)
	}
	checkFile(t, dir+"/"+SessionKey)
	checkFile(t, dir+"/"+SetupCode)
}

func TestNeverReplacedOnItsOwn(t *testing.T) {
	for name, row := range map[string]struct {
		file, content string
	}{
		"empty key":  {SessionKey, ""},
		"short key":  {SessionKey, "abcd"},
		"not hex":    {SessionKey, strings.Repeat("x", 64)},
		"long key":   {SessionKey, strings.Repeat("a", 66)},
		"huge key":   {SessionKey, strings.Repeat("a", 2000)},
		"empty code": {SetupCode, "\n"},
		"short code": {SetupCode, "AB-CD-EF"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(dir+"/"+row.file, []byte(row.content), 0o440))
			_, err := Ensure(quiet(dir))
			if err == nil || !strings.Contains(err.Error(), dir+"/"+row.file) || !strings.Contains(err.Error(), "not replaced") {
				t.Errorf("%v", err)
			}
			if row.content != "" && len(row.content) > 4 && strings.Contains(err.Error(), row.content) {
				t.Errorf("the error shows the secret: %v", err)
			}
			if got, _ := os.ReadFile(dir + "/" + row.file); string(got) != row.content {
				t.Errorf("it now holds %q", got)
			}
		})
	}
}

func TestPlantsAreRefused(t *testing.T) {
	for name, plant := range map[string]func(path, victim string) error{
		"a link":          func(p, v string) error { return os.Symlink(v, p) },
		"a dangling link": func(p, v string) error { return os.Symlink(v+"-none", p) },
		"a second name":   func(p, v string) error { return os.Link(v, p) },
		"a FIFO":          func(p, _ string) error { return unix.Mkfifo(p, 0o600) },
		"a folder":        func(p, _ string) error { return os.Mkdir(p, 0o700) },
	} {
		for _, file := range []string{SessionKey, SetupCode} {
			t.Run(name+" as "+file, func(t *testing.T) {
				dir := t.TempDir()
				victim := filepath.Join(t.TempDir(), "victim")
				must(t, os.WriteFile(victim, []byte(strings.Repeat("a", 64)), 0o604), plant(dir+"/"+file, victim))
				// A seed does not make a plant welcome.
				o := quiet(dir)
				o.SecretKey, o.SetupCode = strings.Repeat("s", 40), "SEEDED-CODE"
				for _, o := range []Options{quiet(dir), o} {
					_, err := Ensure(o)
					var refused *beneath.Refused
					if !errors.As(err, &refused) {
						t.Errorf("%v", err)
					}
				}
				info, err := os.Stat(victim)
				must(t, err)
				if text, _ := os.ReadFile(victim); len(text) != 64 || info.Mode().Perm() != 0o604 {
					t.Errorf("the victim was changed: %q %v", text, info.Mode())
				}
				if _, err := os.Lstat(victim + "-none"); err == nil {
					t.Error("a file was made through the link")
				}
			})
		}
	}
}

func TestSeeds(t *testing.T) {
	dir := t.TempDir()
	first, err := Ensure(quiet(dir))
	must(t, err)
	o := quiet(dir)
	o.SecretKey, o.SetupCode = strings.Repeat("s", 40), "My-Own-Code-1"
	seeded, err := Ensure(o)
	if err != nil || seeded.SetupCode != "My-Own-Code-1" || string(seeded.SessionKey) == string(first.SessionKey) {
		t.Errorf("%+v, %v", seeded.SetupCode, err)
	}
	if strings.Contains(hex.EncodeToString(seeded.SessionKey), hex.EncodeToString([]byte("ssss"))) {
		t.Error("the session key is the secret itself")
	}
	checkFile(t, dir+"/"+SessionKey)
	again, err := Ensure(o)
	if err != nil || string(again.SessionKey) != string(seeded.SessionKey) {
		t.Errorf("the same seed makes another key: %v", err)
	}
	o.SecretKey = strings.Repeat("t", 40)
	if other, err := Ensure(o); err != nil || string(other.SessionKey) == string(seeded.SessionKey) {
		t.Errorf("another seed makes the same key: %v", err)
	}
	// Without the seed the secret stays.
	o.SecretKey, o.SetupCode = "", ""
	if kept, err := Ensure(o); err != nil || kept.SetupCode != "My-Own-Code-1" {
		t.Errorf("%v", err)
	}
}

func TestShow(t *testing.T) {
	for code, want := range map[string]string{"ABCDEFGH": "ABCD-EFGH", "my-own-code": "my-own-code", "SHORT": "SHORT", "LONGERTHAN8": "LONGERTHAN8", "ABC-DEFG": "ABC-DEFG"} {
		if got := Show(code); got != want {
			t.Errorf("%q is shown as %q", code, got)
		}
	}
	for _, c := range "0O1ILUVS5B82Z" {
		if strings.ContainsRune(Alphabet, c) {
			t.Errorf("%c can be mistaken for another", c)
		}
	}
	seen := map[byte]int{}
	for range 3000 {
		code := newCode()
		for i := range codeLength {
			seen[code[i]]++
		}
	}
	for i := range len(Alphabet) {
		if n := seen[Alphabet[i]]; n < 3000*codeLength/len(Alphabet)*7/10 || n > 3000*codeLength/len(Alphabet)*13/10 {
			t.Errorf("%c was drawn %d times", Alphabet[i], n)
		}
	}
}
