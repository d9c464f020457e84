package auth

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"coffer/services/library"
)

func TestPasswordLength(t *testing.T) {
	for _, c := range []struct {
		name, password string
		ok             bool
	}{
		{"8 letters", "abcdefgh", true},
		{"8 spaces", strings.Repeat(" ", 8), true},
		{"8 of another script", "密码密码密码密码", true},
		{"8 emoji", strings.Repeat("🔑", 8), true},
		{"1024 of four bytes", strings.Repeat("🔑", 1024), true},
		{"1024 decomposed", strings.Repeat("e\u0301", 1024), true},
		{"empty", "", false},
		{"7 letters", "abcdefg", false},
		{"7 emoji, 28 bytes", strings.Repeat("🔑", 7), false},
		{"7 decomposed, 14 code points", strings.Repeat("e\u0301", 7), false},
		{"1025 letters", strings.Repeat("a", 1025), false},
		{"a megabyte", strings.Repeat("a", 1<<20), false},
		{"not text", "abcdefgh\xff", false},
	} {
		err := checkPassword(c.password, "password")
		if c.ok != (err == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.ok {
			wantKind(t, err, library.Invalid)
		}
	}
}

// bcrypt looks at 72 bytes; ours count to the last.
func TestLongPasswordsDiffer(t *testing.T) {
	b := newBox(t, nil)
	long := strings.Repeat("a", 1000)
	if _, err := b.Setup(t.Context(), "ABCD-2345", "Ada", long+"1", Client{}); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		password string
		want     library.Kind
	}{
		{long + "1", ""},
		{long + "2", library.Unauthorized},
		{long, library.Unauthorized},
		{long[:72], library.Unauthorized},
		{"", library.Unauthorized},
		{strings.Repeat("x", 1<<20), library.Unauthorized},
	} {
		_, err := b.Login(t.Context(), "Ada", c.password, Client{Address: string(rune('a' + i))})
		wantKind(t, err, c.want)
	}
}

// One keyboard composes é, another sends e and an accent.
func TestPasswordComposition(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.Setup(t.Context(), "ABCD-2345", "Ada", "caf\u00e9 cr\u00e8me", Client{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Login(t.Context(), "Ada", "cafe\u0301 cre\u0300me", Client{}); err != nil {
		t.Error(err)
	}
	_, err := b.Login(t.Context(), "Ada", "cafe creme", Client{})
	wantKind(t, err, library.Unauthorized)
}

func TestStoredHash(t *testing.T) {
	k, err := New(Options{Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}, SecretKey: secret()})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := k.hashPassword(t.Context(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string][]byte{"owner": hash, "dummy": k.dummy} {
		if cost, err := bcrypt.Cost(h); cost != 12 || err != nil {
			t.Errorf("%s: cost %d, %v", name, cost, err)
		}
	}
	if good, err := comparePassword(k.dummy, goodPassword); good || err != nil {
		t.Errorf("dummy: %v, %v", good, err)
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(goodPassword)) == nil {
		t.Error("the password was not hashed before bcrypt")
	}
}

// An unknown name costs a whole comparison: the same bcrypt work, to within
// what a busy machine adds.
func TestUnknownNameCostsTheSame(t *testing.T) {
	k, err := New(Options{Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}, SecretKey: secret(), SetupOpen: true})
	if err != nil {
		t.Fatal(err)
	}
	timed := func(name string) time.Duration {
		best := time.Hour
		for i := range 3 {
			start := time.Now()
			_, err := k.Login(t.Context(), name, "wrong password", Client{Address: name + string(rune('0'+i))})
			wantKind(t, err, library.Unauthorized)
			best = min(best, time.Since(start))
		}
		k.limits = newLimits()
		return best
	}
	before := timed("Ada") // nobody there yet
	if _, err := k.Setup(t.Context(), "", "Ada", goodPassword, Client{}); err != nil {
		t.Fatal(err)
	}
	owner, stranger := timed("Ada"), timed("Eve")
	for name, d := range map[string]time.Duration{"before setup": before, "stranger": stranger} {
		if d < owner/3 {
			t.Errorf("%s took %v, the owner %v", name, d, owner)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		given, kept string
		ok          bool
	}{
		{"Ada", "Ada", true},
		{"  Ada Lovelace \t", "Ada Lovelace", true},
		{"Zoe\u0308", "Zoë", true},
		{"山田太郎", "山田太郎", true},
		{"Ольга", "Ольга", true},
		{"عائشة", "عائشة", true},
		{"क्षत्रिय", "क्षत्रिय", true},
		{"<b>&\"'", "<b>&\"'", true}, // pages escape it
		{strings.Repeat("é", 64), strings.Repeat("é", 64), true},
		{strings.Repeat("e\u0301", 64), strings.Repeat("é", 64), true},
		{given: ""},
		{given: " \u00a0\u3000 "},
		{given: strings.Repeat("a", 65)},
		{given: strings.Repeat("a", 1<<20)},
		{given: "Ada\x00"},
		{given: "Ada\nSet-Cookie: x"},
		{given: "Ada\x7f"},
		{given: "A\u0085da"},
		{given: "Ada\u2028x"},
		{given: "\u202eadA"},
		{given: "Ada\u2066x"},
		{given: "Ada\ufeffx"},
		{given: "Ada\ufffe"},
		{given: "Ada\ufffd"},
		{given: "Ada\ue000"},
		{given: "Ada\xff"},
	} {
		kept, err := cleanName(c.given)
		if c.ok != (err == nil) || kept != c.kept {
			t.Errorf("%q: got %q, %v", c.given, kept, err)
		}
		if !c.ok {
			wantKind(t, err, library.Invalid)
		}
	}
}

func TestSameName(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ada", "ada", true},
		{"Ada Lovelace", " ada  LOVELACE ", true},
		{"Zoë", "ZOE\u0308", true},
		{"Straße", "STRASSE", true},
		{"Ａｄａ", "ada", true}, // a Japanese keyboard left in full width
		{"ΑΛΈΞΗΣ", "αλέξης", true},
		{"Ada", "Eve", false},
		{"Ada", "Ad", false},
		{"Ada", "", false},
		{"Zoë", "Zoe", false},
		{"Ada", "Аda", false}, // a Cyrillic А
	} {
		if sameName(c.a, c.b) != c.same || sameName(c.b, c.a) != c.same {
			t.Errorf("%q, %q: not %v", c.a, c.b, c.same)
		}
	}
}

// A new password without the old one ends every session, lets everybody try
// again, and changes nothing else.
func TestResetPassword(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		wantKind(t, b.ResetPassword(t.Context(), "another password"), library.Conflict)
		g := b.setUp(t)
		other := b.logIn(t, stranger(1))
		was := *b.a.owner
		for name, password := range map[string]string{
			"empty": "", "short": "seven77", "long": strings.Repeat("x", maxPassword+1), "very long": strings.Repeat("x", 1<<20), "no text": "eight \xff bytes",
		} {
			if e := wantKind(t, b.ResetPassword(t.Context(), password), library.Invalid); e.Field != "password" {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if _, err := b.Verify(t.Context(), g.Token); err != nil || b.a.owner.Epoch != was.Epoch {
			t.Fatalf("a refusal changed something: %v", err)
		}
		for i := range failuresTogether {
			b.wrong(t, stranger(10+i))
		}
		ended := b.Ended(t.Context(), g.Identity.SessionID)

		if err := b.ResetPassword(t.Context(), "another password"); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{g.Token, other.Token} {
			_, err := b.Verify(t.Context(), token)
			wantKind(t, err, library.Unauthorized)
		}
		select {
		case <-ended:
		default:
			t.Error("a stream of an ended session goes on")
		}
		if len(b.a.sessions) != 0 {
			t.Errorf("%d sessions are left", len(b.a.sessions))
		}
		now := *b.a.owner
		if now.ID != was.ID || now.Name != was.Name || !now.CreatedAt.Equal(was.CreatedAt) || now.Epoch == was.Epoch {
			t.Errorf("the owner was %+v and is %+v", was, now)
		}
		last := b.said.events[len(b.said.events)-1]
		if last.Kind != library.AuditPasswordReset || last.Who != library.ByConsole || last.Client != "" {
			t.Errorf("the audit log says %+v", last)
		}
		if !b.a.guesses.Until.IsZero() {
			t.Error("a restart would have strangers wait again")
		}
		_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(2))
		wantKind(t, err, library.Unauthorized)
		_, err = b.Login(t.Context(), "Ada", "another password", stranger(2))
		wantKind(t, err, "")
		if strings.Contains(b.log.String(), "another") {
			t.Error("the password is in the log")
		}
	})
}
