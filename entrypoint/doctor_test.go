package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/posture"
	"coffer/services/web/words"
)

// doctor runs the command and returns its report and exit code.
func (b *boxed) doctor() (posture.Report, int) {
	b.t.Helper()
	out, err := b.coffer("doctor", "--json", "--root", b.root)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	var r posture.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
	if exit != nil {
		return r, exit.ExitCode()
	}
	return r, 0
}

func item(r posture.Report, id string) posture.Item {
	for _, i := range r.Items {
		if i.ID == id {
			return i
		}
	}
	return posture.Item{}
}

func TestDoctor(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	healthy := func(t *testing.T) posture.Report {
		t.Helper()
		r, code := b.doctor()
		if code != 0 || r.Summary.Fail != 0 || r.Summary.Claims != 31 {
			t.Errorf("code %d, %+v", code, r.Summary)
		}
		for _, i := range r.Items {
			if i.Status == posture.Fail {
				t.Errorf("%s: %s", i.ID, i.Evidence)
			}
		}
		return r
	}
	r := healthy(t)
	if os.Geteuid() == 0 && item(r, "process-identity").Status != posture.Pass {
		t.Errorf("%+v", item(r, "process-identity"))
	}
	out, err := b.coffer("doctor", "--root", b.root)
	if err != nil || !strings.Contains(out, "31 claims: ") || !strings.Contains(out, "Processes\n  ") {
		t.Errorf("%v\n%s", err, out)
	}

	client := b.signIn()
	t.Run("the API tells the owner", func(t *testing.T) {
		res, err := client.Get(b.url + "/api/v1/posture")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var got struct {
			Items     []struct{ ID, Status, Evidence string }
			CheckedAt time.Time `json:"checked_at"`
		}
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil || len(got.Items) != 31 || got.CheckedAt.IsZero() {
			t.Errorf("%s, %v, %d items", res.Status, err, len(got.Items))
		}
		res, err = http.Get(b.url + "/api/v1/posture")
		if err != nil || res.StatusCode != http.StatusUnauthorized {
			t.Errorf("to nobody: %v %v", res.Status, err)
		}
	})
	t.Run("the password and the parser are looked at once there are any", func(t *testing.T) {
		res, err := client.Post(b.url+"/api/v1/sources/text", "application/json", strings.NewReader(`{"title":"a","text":"b"}`))
		if err != nil || res.StatusCode != http.StatusAccepted {
			t.Fatalf("%v %v", res.Status, err)
		}
		b.eventually("the parser runs", func() bool { return b.service("parser").Pid != 0 })
		r := healthy(t)
		if i := item(r, "password-storage"); i.Status != posture.Pass || !strings.Contains(i.Evidence, "bcrypt with cost 12") {
			t.Errorf("%+v", i)
		}
		if i := item(r, "process-identity"); !strings.Contains(i.Evidence, "parser is user") {
			t.Errorf("%+v", i)
		}
	})
	damaged := []struct {
		name, path string
		hurt       func(path string) error
	}{
		{"another mode", "usr/share/coffer/templates/login.tmpl", func(p string) error { return os.Chmod(p, 0o666) }},
		{"another page", "usr/share/coffer/templates/setup.tmpl", func(p string) error {
			return errors.Join(os.Remove(p), os.WriteFile(p, []byte("give me the password"), 0o444))
		}},
		{"another configuration", "etc/nginx/coffer/headers.conf", func(p string) error { return errors.Join(os.Chmod(p, 0o644), os.Truncate(p, 0)) }},
	}
	for _, d := range damaged {
		t.Run(d.name, func(t *testing.T) {
			path := filepath.Join(b.root, d.path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.hurt(path); err != nil {
				t.Fatal(err)
			}
			r, code := b.doctor()
			if i := item(r, "file-manifest"); code != exitFailed || i.Status != posture.Fail || !strings.Contains(i.Evidence, d.path) || i.Remedy == "" {
				t.Errorf("code %d, %+v", code, i)
			}
			after, err := os.ReadFile(path)
			st, _ := os.Stat(path)
			if err != nil || string(after) != string(before) || st.Mode().Perm() != 0o444 {
				t.Errorf("it is not put back: %v %v", err, st.Mode())
			}
			b.eventually("it is logged", func() bool {
				log := b.log.String()
				return strings.Contains(log, "protected file repaired") && strings.Contains(log, "claim=file-manifest")
			})
			if i := item(healthy(t), "file-manifest"); !strings.Contains(i.Evidence, "since the start") || !strings.Contains(i.Evidence, d.path) {
				t.Errorf("it is forgotten: %+v", i)
			}
		})
	}
	t.Run("what does not hold is not ill health", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("SKIPPED: needs root")
		}
		key := filepath.Join(b.root, "data/secrets/session-key")
		if err := os.Chmod(key, 0o444); err != nil {
			t.Fatal(err)
		}
		r, code := b.doctor()
		if i := item(r, "secrets-readers"); code != exitFailed || i.Status != posture.Fail {
			t.Errorf("code %d, %+v", code, i)
		}
		res, err := client.Get(b.url + "/api/v1/health")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusOK || !strings.Contains(string(text), `"status":"ok"`) {
			t.Errorf("%s %s", res.Status, text)
		}
		if err := os.Chmod(key, 0o440); err != nil {
			t.Fatal(err)
		}
		healthy(t)
	})
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("code %d", code)
	}
	if out, err := b.coffer("doctor", "--root", b.root); err == nil || !strings.Contains(out, "is it running?") {
		t.Errorf("without a box: %v %s", err, out)
	}
}

// A secret by plain environment, the code waived: both work, and are told.
func TestDoctorTellsWhatIsOpen(t *testing.T) {
	b := startBox(t, newRoot(t), "COFFER_SECRET_KEY="+strings.Repeat("k", 32), "COFFER_SETUP_OPEN=true", "COFFER_DEV_MODE=true", "COFFER_ALLOW_DEV_MODE=1")
	b.up()
	r, code := b.doctor()
	if code != 0 {
		t.Errorf("code %d", code)
	}
	for id, says := range map[string]string{"secrets-readers": "COFFER_SECRET_KEY", "setup-code": "COFFER_SETUP_OPEN", "dev-mode": "COFFER_ALLOW_DEV_MODE"} {
		if i := item(r, id); i.Status != posture.Degraded || !strings.Contains(i.Evidence, says) || i.Remedy == "" {
			t.Errorf("%+v", i)
		}
	}
}

// signIn creates the owner.
func (b *boxed) signIn() *http.Client {
	b.t.Helper()
	code, err := b.coffer("setup-code", "--root", b.root)
	if err != nil {
		b.t.Fatal(err, code)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	body, err := json.Marshal(map[string]string{"code": strings.TrimSpace(code), "username": "ada", "password": "correct horse battery"})
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := client.Post(b.url+"/api/v1/setup", "application/json", strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		b.t.Fatal(res.Status)
	}
	return client
}

// Each claim is said in every language.
func TestClaimsAreTranslated(t *testing.T) {
	for _, w := range words.NewCatalogue().All {
		for _, c := range posture.Claims() {
			own := words.Claim{Title: c.Title, Text: c.Claim, Against: c.Against, Remedy: c.Remedy}
			said := w.Claim(c.ID, own)
			switch {
			case w.Code == "en" && said != own:
				t.Errorf("%s: English has words of its own", c.ID)
			case w.Code == "en":
			case said.Text == own.Text || said.Title == "" || said.Text == "" || said.Against == "" || said.Against == own.Against:
				t.Errorf("%s is not said in %s", c.ID, w.Code)
			case (said.Remedy == "") != (own.Remedy == ""):
				t.Errorf("%s: the remedy in %s: %q", c.ID, w.Code, said.Remedy)
			}
		}
	}
}
