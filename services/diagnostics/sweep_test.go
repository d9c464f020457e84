package diagnostics

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"testing/iotest"
)

func TestSweepFindsEveryForm(t *testing.T) {
	for _, secret := range []string{
		"hunter2!", "correct horse battery staple", "pa\"ss\\wo/rd\n+&=%", "ÄÖÜ-geheim-ß", "ABCDEFGH",
		strings.Repeat("0123456789abcdef", 4), "sk-abc123def456", "tab\tand\x01control",
	} {
		s := NewSweep([][]byte{[]byte(secret)})
		for _, c := range Disguises(secret) {
			text := "before " + c.Text + " after\nnext line\n"
			clean, counts, err := s.Clean(text)
			if err != nil || c.In(clean) || len(counts) == 0 {
				t.Errorf("%q as %s: %q becomes %q, %v, %v", secret, c.Form, text, clean, counts, err)
			}
			if strings.Count(clean, "\n") != strings.Count(text, "\n") {
				t.Errorf("%s: lines do not stay: %q", c.Form, clean)
			}
			if !strings.HasPrefix(clean, "before ") || !strings.HasSuffix(clean, " after\nnext line\n") {
				t.Errorf("%s: too much is gone: %q", c.Form, clean)
			}
			if n := s.Look(clean); len(n) > 0 {
				t.Errorf("%s: a second look finds %v", c.Form, n)
			}
		}
	}
}

func TestSweepLeavesWhatIsNoSecret(t *testing.T) {
	s := NewSweep([][]byte{[]byte("hunter2hunter2"), []byte("short"), nil, []byte("  "), []byte("redacted")})
	for _, text := range []string{"", "a line\n\n", "hunter2 hunter", "short redacted words stay: 50% \\", `\u12 %zz %`} {
		if clean, counts, err := s.Clean(text); err != nil || clean != text || len(counts) > 0 {
			t.Errorf("%q becomes %q, %v, %v", text, clean, counts, err)
		}
	}
}

// A piece of a long secret is one too, and of PEM the key alone is.
func TestSweepOfKeys(t *testing.T) {
	long := drawnText(120)
	pair := "-----BEGIN CERTIFICATE-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END CERTIFICATE-----\n" +
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ3pHbs8gEuB0g0YtqQ1Zr7m0nq5b7pT3b0m2qV7x8yz\n-----END PRIVATE KEY-----\n"
	s := NewSweep([][]byte{[]byte(long), []byte(pair)})
	if clean, _, err := s.Clean("cut: " + long[:60]); err != nil || strings.Contains(clean, long[:48]) {
		t.Errorf("%q, %v", clean, err)
	}
	clean, _, err := s.Clean("MC4CAQAwBQYDK2VwBCIEIJ3p\nHbs8gEuB0g0YtqQ1Zr7m0nq5b7p\nT3b0m2qV7x8yz and AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil || strings.Contains(clean, "0YtqQ1Zr7m") || !strings.Contains(clean, "and AAAA") {
		t.Errorf("%q, %v", clean, err)
	}
}

// FuzzSweep: what was planted in any form is not there any more, however the
// request arrives.
func FuzzSweep(f *testing.F) {
	f.Add("hunter2!", "before ", " after\n", byte(3))
	f.Add("correct horse battery", "{\"a\":\"", "\"}", byte(0))
	f.Add("ÄÖÜ%41\\n", "%2", "\\", byte(9))
	f.Fuzz(func(t *testing.T, secret, before, after string, which byte) {
		if !json.Valid([]byte(`"`+secret+`"`)) && strings.ToValidUTF8(secret, "") != secret || len(secret) > 200 || len(before)+len(after) > 4000 {
			return
		}
		secret = strings.TrimSpace(secret)
		if len(foldText(secret)) < shortest+2 || itself(foldText(secret)) {
			return
		}
		before, after = strings.ToValidUTF8(before, ""), strings.ToValidUTF8(after, "")
		all := Disguises(secret)
		c := all[int(which)%len(all)]
		text := before + " " + c.Text + " " + after
		body, err := json.Marshal(Request{Texts: []string{text}})
		if err != nil {
			t.Skip()
		}
		var whole, slow bytes.Buffer
		if err := Serve(bytes.NewReader(body), [][]byte{[]byte(secret)}, &whole); err != nil {
			t.Fatal(err)
		}
		if err := Serve(iotest.OneByteReader(bytes.NewReader(body)), [][]byte{[]byte(secret)}, &slow); err != nil || !bytes.Equal(whole.Bytes(), slow.Bytes()) {
			t.Fatalf("%v: %s, in chunks %s", err, &whole, &slow)
		}
		var a Answer
		if err := json.Unmarshal(whole.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if a.Error != "" {
			return // refused is clean
		}
		if n := NewSweep([][]byte{[]byte(secret)}).Look(a.Texts[0]); len(n) > 0 {
			t.Fatalf("%q holds %v", a.Texts[0], n)
		}
		if strings.Contains(foldText(a.Texts[0]), foldText(secret)) {
			t.Fatalf("%q as %s is in %q", secret, c.Form, a.Texts[0])
		}
		if strings.Count(a.Texts[0], "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q became %q: lines do not stay", text, a.Texts[0])
		}
	})
}

func TestServeRefuses(t *testing.T) {
	var out bytes.Buffer
	if err := Serve(strings.NewReader(`{"texts": ["hunter2`), nil, &out); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	body, _ := json.Marshal(Request{Texts: []string{strings.Repeat("a", MaxTexts), "b"}})
	if err := Serve(bytes.NewReader(body), nil, &out); err != nil || !strings.Contains(out.String(), "too much") {
		t.Errorf("%v %s", err, &out)
	}
}

func TestProve(t *testing.T) {
	for range 20 {
		public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(drawnText(64))})
		p := Prove([][]byte{[]byte("ABCDEFGH"), []byte(drawnText(32)), []byte("a"), public, nil})
		if len(p.Left) > 0 || p.Secrets != 5 || p.Planted < 60 {
			t.Errorf("%+v", p)
		}
	}
}
