package secrets

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/appliance/beneath/beneathtest"
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

// TestPlantsInEveryRow: what is planted in the place of a secret is refused, with
// a command that loses nothing, whatever the configuration says.
func TestPlantsInEveryRow(t *testing.T) {
	for _, kind := range beneathtest.Kinds() {
		for _, file := range []string{SessionKey, SetupCode} {
			t.Run(file+" "+kind.Name, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, file)
				_, err := Ensure(quiet(dir))
				must(t, err)
				victim := beneathtest.New(t)
				victim.Plant(kind, path)
				// A seed does not make a plant welcome.
				seeded := quiet(dir)
				seeded.SecretKey, seeded.SetupCode = strings.Repeat("s", 40), "SEEDED-CODE"
				for _, o := range []Options{quiet(dir), seeded} {
					_, err := Ensure(o)
					refused, ok := errors.AsType[*beneath.Refused](err)
					if !ok || refused.Path != path || refused.What != kind.What || !strings.Contains(err.Error(), "not replaced on its own") {
						t.Errorf("%v", err)
					}
				}
				if _, err := Code(dir); file == SetupCode && err == nil {
					t.Error("the code was read")
				}
				if held, err := Inspect(quiet(dir)); err != nil || !slices.ContainsFunc(held, func(h Held) bool { return h.Name == file && h.Wrong == "is "+kind.What }) {
					t.Errorf("a look finds %+v, %v", held, err)
				}
				victim.Stands(path)
				victim.Untouched()
			})
		}
	}
}

// A second name, by whatever made it, goes by the command that is told, and the
// secret stays.
func TestASecondNameIsMended(t *testing.T) {
	dir := t.TempDir()
	before, err := Ensure(quiet(dir))
	must(t, err, os.Link(dir+"/"+SessionKey, filepath.Join(t.TempDir(), "snapshot")))
	_, err = Ensure(quiet(dir))
	refused, ok := errors.AsType[*beneath.Refused](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	if out, err := exec.Command("sh", "-c", refused.Command()).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	after, err := Ensure(quiet(dir))
	if err != nil || string(after.SessionKey) != string(before.SessionKey) {
		t.Errorf("the secret is another one: %v", err)
	}
	checkFile(t, dir+"/"+SessionKey)
}

func TestAFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/"+SessionKey, 0o700))
	if _, err := Ensure(quiet(dir)); !isRefused(err) {
		t.Errorf("%v", err)
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
