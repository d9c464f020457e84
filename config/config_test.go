package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/config"
)

// load reads the configuration of a root with the given coffer.yaml; "" is none.
func load(t *testing.T, yaml string, environ ...string) (*config.Config, error) {
	t.Helper()
	root := t.TempDir()
	if yaml != "" {
		writeYAML(t, root, yaml, 0o600)
	}
	return config.Load(root, environ)
}

func writeYAML(t *testing.T, root, yaml string, mode os.FileMode) string {
	t.Helper()
	dir := filepath.Join(root, "data/config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "coffer.yaml")
	if err := os.WriteFile(path, []byte(yaml), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func faults(err error) config.Faults {
	var f config.Faults
	errors.As(err, &f)
	return f
}

func setting(c *config.Config, name string) config.Setting {
	for _, s := range c.Settings() {
		if s.Name == name {
			return s
		}
	}
	return config.Setting{}
}

func TestDefaults(t *testing.T) {
	c, err := config.Load("/srv/box", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(c.Root, c.Data, c.Run, c.Listen, c.TLS, c.MaxUpload, c.API, c.LogLevel, c.LogFormat, c.TimeZone, c.SetupOpen, c.DevMode)
	want := "/srv/box /srv/box/data /srv/box/run/coffer { 8080} off 2147483648 {10002 10002} info text UTC false false\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, s := range c.Settings() {
		if s.Source != config.FromDefault {
			t.Errorf("%s comes from %s", s.Name, s.Source)
		}
	}
}

func TestValues(t *testing.T) {
	for _, row := range []struct {
		set  string
		show func(c *config.Config) any
		want string
	}{
		{"COFFER_LISTEN=127.0.0.1:80", func(c *config.Config) any { return c.Listen }, "{127.0.0.1 80}"},
		{"COFFER_LISTEN=[::1]:8080", func(c *config.Config) any { return c.Listen }, "{::1 8080}"},
		{"COFFER_LISTEN=localhost:8080", func(c *config.Config) any { return c.Listen }, "{127.0.0.1 8080}"},
		{"COFFER_LISTEN=*:8080", func(c *config.Config) any { return c.Listen }, "{ 8080}"},
		{"COFFER_PUBLIC_URL=https://Box.example.org/", func(c *config.Config) any { return c.PublicURL }, "https://Box.example.org"},
		{"COFFER_PUBLIC_URL=https://Box.example.org:444", func(c *config.Config) any { return c.AllowedHosts }, "[box.example.org]"},
		{"COFFER_BASE_PATH=/a/b-c/", func(c *config.Config) any { return c.BasePath }, "/a/b-c"},
		{"COFFER_BASE_PATH=/", func(c *config.Config) any { return c.BasePath }, ""},
		{"COFFER_ALLOWED_HOSTS=A.example, b.example.,a.example", func(c *config.Config) any { return c.AllowedHosts }, "[a.example b.example]"},
		{"COFFER_HEALTH_ALLOW=10.0.0.0/8,fd00::1", func(c *config.Config) any { return c.HealthAllow }, "[10.0.0.0/8 fd00::1/128]"},
		{"COFFER_TRUSTED_PROXIES=172.18.0.2, fd00::/64", func(c *config.Config) any { return c.TrustedProxies }, "[172.18.0.2/32 fd00::/64]"},
		{"COFFER_MAX_UPLOAD=500MB", func(c *config.Config) any { return c.MaxUpload }, "500000000"},
		{"COFFER_MAX_UPLOAD=3 GiB", func(c *config.Config) any { return c.MaxUpload }, "3221225472"},
		{"COFFER_MAX_UPLOAD=2g", func(c *config.Config) any { return c.MaxUpload }, "2147483648"},
		{"COFFER_MAX_UPLOAD=1048576", func(c *config.Config) any { return c.MaxUpload }, "1048576"},
		{"COFFER_SETUP_OPEN=yes", func(c *config.Config) any { return c.SetupOpen }, "true"},
		{"COFFER_SETUP_CODE=my-own-code", func(c *config.Config) any { return c.SetupCode.Reveal() }, "my-own-code"},
		{"COFFER_LOG_LEVEL=DEBUG", func(c *config.Config) any { return c.LogLevel }, "debug"},
		{"COFFER_DATA=/srv//x/", func(c *config.Config) any { return c.Data }, "/srv/x"},
		{"PUID=1000", func(c *config.Config) any { return c.API }, "{1000 1000}"},
		{"PGID=100", func(c *config.Config) any { return c.API }, "{10002 100}"},
		{"UMASK=027", func(c *config.Config) any { return c.Umask }, "23"},
		{"TZ=Europe/Berlin", func(c *config.Config) any { return c.TimeZone }, "Europe/Berlin"},
		{"COFFER_LISTEN=", func(c *config.Config) any { return c.Listen }, "{ 8080}"},
		{"COFFER_TLS=off", func(c *config.Config) any { return c.TLS }, "off"},
		{"COFFER_TLS=Self-Signed", func(c *config.Config) any { return c.TLS }, "self-signed"},
		{"COFFER_LISTEN_TLS=[::1]:443", func(c *config.Config) any { return c.ListenTLS }, "{::1 443}"},
		{"COFFER_TLS_CERT=/certs//cert.pem", func(c *config.Config) any { return c.TLSCert.Path }, "/certs/cert.pem"},
		{"COFFER_TLS_KEY=/certs/key.pem", func(c *config.Config) any {
			return c.TLSKey.Path + setting(c, "COFFER_TLS_KEY").Value + fmt.Sprint(c.PlainSecrets())
		}, "/certs/key.pem/certs/key.pem[]"},
		{"COFFER_TLS_KEY=-----BEGIN PRIVATE KEY-----\nq7x", func(c *config.Config) any {
			return c.TLSKey.Text.Reveal() + setting(c, "COFFER_TLS_KEY").Value + fmt.Sprint(c.PlainSecrets())
		}, "-----BEGIN PRIVATE KEY-----\nq7x[hidden][COFFER_TLS_KEY]"},
		{"COFFER_TLS=ACME", func(c *config.Config) any { return c.TLS }, "acme"},
		{"COFFER_ACME_EMAIL=a@example.org", func(c *config.Config) any { return c.ACMEEmail }, "a@example.org"},
		{"COFFER_ACME_DIRECTORY=", func(c *config.Config) any { return c.ACMEDirectory }, "https://acme-v02.api.letsencrypt.org/directory"},
		{"COFFER_ACME_DIRECTORY=https://ca.example/dir", func(c *config.Config) any { return c.ACMEDirectory }, "https://ca.example/dir"},
		{"COFFER_ACME_ROOTS=/roots.pem", func(c *config.Config) any { return c.ACMERoots.Path }, "/roots.pem"},
		{"COFFER_NOTIFY_URL=https://a:b@hooks.example.org/q7x", func(c *config.Config) any {
			return c.NotifyURL.Reveal() + c.NotifyKind + setting(c, "COFFER_NOTIFY_URL").Value + fmt.Sprint(c.PlainSecrets())
		}, "https://a:b@hooks.example.org/q7xwebhook[hidden][COFFER_NOTIFY_URL]"},
		{"COFFER_NOTIFY_KIND=NTFY", func(c *config.Config) any { return c.NotifyKind + fmt.Sprint(c.Warnings()) }, "ntfy[COFFER_NOTIFY_KIND changes nothing without COFFER_NOTIFY_URL]"},
		{"COFFER_METRICS=false", func(c *config.Config) any { return c.Metrics }, "false"},
		{"COFFER_METRICS=1", func(c *config.Config) any { return c.Metrics }, "true"},
	} {
		c, err := load(t, "", row.set)
		if err != nil {
			t.Errorf("%s: %v", row.set, err)
		} else if got := fmt.Sprint(row.show(c)); got != row.want {
			t.Errorf("%s: %s, want %s", row.set, got, row.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, set := range []string{
		"COFFER_LISTEN=8080", "COFFER_LISTEN=:0", "COFFER_LISTEN=:65536", "COFFER_LISTEN=box.example:80", "COFFER_LISTEN=fe80::1%eth0:80",
		"COFFER_LISTEN_TLS=443", "COFFER_LISTEN_TLS=x",
		"COFFER_PUBLIC_URL=box.example", "COFFER_PUBLIC_URL=ftp://box", "COFFER_PUBLIC_URL=http://a@box", "COFFER_PUBLIC_URL=http://box/?a",
		"COFFER_PUBLIC_URL=http://box/path",
		"COFFER_BASE_PATH=path", "COFFER_BASE_PATH=/a//b", "COFFER_BASE_PATH=/..", "COFFER_BASE_PATH=/a b", "COFFER_BASE_PATH=/livez", "COFFER_BASE_PATH=/metrics",
		"COFFER_BASE_PATH=/_edge", "COFFER_BASE_PATH=/a{", "COFFER_BASE_PATH=/a;",
		"COFFER_ALLOWED_HOSTS=http://a", "COFFER_ALLOWED_HOSTS=a:80", "COFFER_ALLOWED_HOSTS=a..b", "COFFER_ALLOWED_HOSTS=*",
		"COFFER_TRUSTED_PROXIES=10.0.0.1/8", "COFFER_TRUSTED_PROXIES=x", "COFFER_TRUSTED_PROXIES=0.0.0.0/0", "COFFER_TRUSTED_PROXIES=::/0", "COFFER_TRUSTED_PROXIES=unix:", "COFFER_HEALTH_ALLOW=10.0.0.1/8", "COFFER_HEALTH_ALLOW=all",
		"COFFER_TLS=on", "COFFER_TLS_CERT=cert.pem", "COFFER_TLS_CERT=/cert;.pem", "COFFER_TLS_KEY=q7x.pem",
		"COFFER_ACME_EMAIL=a", "COFFER_ACME_EMAIL=Ada <a@example.org>", "COFFER_ACME_DIRECTORY=ca", "COFFER_ACME_DIRECTORY=http://ca.example",
		"COFFER_ACME_DIRECTORY=https://a@ca.example", "COFFER_ACME_ROOTS=roots",
		"COFFER_NOTIFY_URL=q7x.example.org", "COFFER_NOTIFY_URL=ftp://q7x.example.org", "COFFER_NOTIFY_URL=https:///q7x", "COFFER_NOTIFY_URL=https://q7x.example.org/#a",
		"COFFER_NOTIFY_URL=https://%zz/q7x", "COFFER_NOTIFY_KIND=mail",
		"COFFER_SECRET_KEY=q7x", "COFFER_SETUP_CODE=q7x", "COFFER_SETUP_CODE=a-b-c-d-", "COFFER_SETUP_CODE=with blanks", "COFFER_SETUP_CODE=ümläutig",
		"COFFER_SETUP_OPEN=maybe", "COFFER_MAX_UPLOAD=0", "COFFER_MAX_UPLOAD=-1", "COFFER_MAX_UPLOAD=1k", "COFFER_MAX_UPLOAD=9999999999999GiB",
		"COFFER_MAX_UPLOAD=2 gallons", "COFFER_METRICS=x", "COFFER_DEV_MODE=1", "COFFER_LOG_LEVEL=loud", "COFFER_LOG_FORMAT=xml",
		"COFFER_DATA=data", "COFFER_DATA=/a;b", "COFFER_RUN=run", "COFFER_RUN=/data\"", "PUID=0", "PUID=10000", "PUID=10010", "PUID=-1", "PUID=me",
		"PUID=4294967296", "PGID=0", "PGID=10005", "UMASK=8", "UMASK=1777", "UMASK=700", "TZ=Nowhere/Land", "TZ=../../etc/passwd",
	} {
		_, err := load(t, "", set)
		f := faults(err)
		name, value, _ := strings.Cut(set, "=")
		if len(f) != 1 {
			t.Errorf("%s: %v", set, err)
			continue
		}
		if !strings.HasPrefix(f[0].Name, name) || f[0].Remedy == "" {
			t.Errorf("%s: %+v", set, f[0])
		}
		if (strings.Contains(name, "SECRET") || strings.Contains(name, "CODE") || strings.Contains(name, "NOTIFY_URL") || strings.Contains(name, "KEY")) && strings.Contains(err.Error(), value) {
			t.Errorf("%s: the fault shows the secret: %v", name, err)
		}
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	_, err := load(t, "max_upload: nothing\nlog_levle: debug\n",
		"COFFER_LISTEN=x", "COFFER_TLS=on", "PUID=0", "COFFER_SECRET_KEY=a", "COFFER_SECRET_KEY_FILE=/b", "COFFER_SETUP_CODE_FILE=/does/not/exist")
	f := faults(err)
	if len(f) != 7 {
		t.Fatalf("%d faults: %v", len(f), err)
	}
	for _, words := range []string{"COFFER_LISTEN", "COFFER_TLS", "PUID", "COFFER_SECRET_KEY_FILE", "/does/not/exist", "log_level may be meant", "coffer.yaml): \"nothing\""} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("no word of %s in %v", words, err)
		}
	}
}

func TestOptionsAgree(t *testing.T) {
	for name, row := range map[string]struct {
		set []string
		ok  bool
	}{
		"HTTPS by itself":          {[]string{"COFFER_TLS=self-signed"}, true},
		"files without any":        {[]string{"COFFER_TLS=files"}, false},
		"files without a key":      {[]string{"COFFER_TLS=files", "COFFER_TLS_CERT=/cert.pem"}, false},
		"files":                    {[]string{"COFFER_TLS=files", "COFFER_TLS_CERT=/cert.pem", "COFFER_TLS_KEY=/key.pem"}, true},
		"one port for both":        {[]string{"COFFER_TLS=self-signed", "COFFER_LISTEN=127.0.0.1:8443"}, false},
		"one port, HTTPS off":      {[]string{"COFFER_LISTEN=127.0.0.1:8443"}, true},
		"one port, two addresses":  {[]string{"COFFER_TLS=self-signed", "COFFER_LISTEN=127.0.0.1:8443", "COFFER_LISTEN_TLS=127.0.0.2:8443"}, true},
		"dev mode by itself":       {[]string{"COFFER_DEV_MODE=1"}, false},
		"dev mode acknowledged":    {[]string{"COFFER_DEV_MODE=1", "COFFER_ALLOW_DEV_MODE=1"}, true},
		"only the acknowledgement": {[]string{"COFFER_ALLOW_DEV_MODE=1"}, true},
		"URL and path agree":       {[]string{"COFFER_PUBLIC_URL=https://a.example/box/", "COFFER_BASE_PATH=/box"}, true},
		"path without URL":         {[]string{"COFFER_BASE_PATH=/box"}, true},
		"URL and path differ":      {[]string{"COFFER_PUBLIC_URL=https://a.example/box", "COFFER_BASE_PATH=/other"}, false},
		"path not in the URL":      {[]string{"COFFER_PUBLIC_URL=https://a.example", "COFFER_BASE_PATH=/other"}, false},
		"run in data":              {[]string{"COFFER_DATA=/d", "COFFER_RUN=/d/run"}, false},
		"data in run":              {[]string{"COFFER_DATA=/r/data", "COFFER_RUN=/r"}, false},
		"the same place":           {[]string{"COFFER_DATA=/r", "COFFER_RUN=/r"}, false},
		"neighbours":               {[]string{"COFFER_DATA=/r-data", "COFFER_RUN=/r"}, true},
	} {
		_, err := load(t, "", row.set...)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSources(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte(strings.Repeat("k", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "max_upload: 5GiB\nlog_level: warn\nsetup_code: FROM-FILE-1\nallowed_hosts: [a.example, b.example]\nsetup_open: true\n",
		"COFFER_LOG_LEVEL=error", "COFFER_SECRET_KEY_FILE="+secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"COFFER_LOG_LEVEL":     "error environment",
		"COFFER_MAX_UPLOAD":    "5GiB coffer.yaml",
		"COFFER_SECRET_KEY":    "[hidden] file named by the environment",
		"COFFER_SETUP_CODE":    "[hidden] coffer.yaml",
		"COFFER_ALLOWED_HOSTS": "a.example,b.example coffer.yaml",
		"COFFER_SETUP_OPEN":    "true coffer.yaml",
		"COFFER_LISTEN":        ":8080 default",
	} {
		if s := setting(c, name); fmt.Sprint(s.Value, " ", s.Source) != want {
			t.Errorf("%s is %+v, want %s", name, s, want)
		}
	}
	if c.SecretKey.Reveal() != strings.Repeat("k", 40) || c.MaxUpload != 5<<30 || c.LogLevel != "error" || len(c.AllowedHosts) != 2 || !c.SetupOpen {
		t.Errorf("%+v", c)
	}
	if !c.Locked("LOG_LEVEL") || !c.Locked("MAX_UPLOAD") || c.Locked("LISTEN") || c.Locked("NOTHING") {
		t.Error("what is locked is not what was set")
	}
	if got := c.PlainSecrets(); len(got) != 0 {
		t.Errorf("plain secrets %v", got)
	}
	c, err = load(t, "", "COFFER_SETUP_CODE=PLAIN-CODE")
	if err != nil || !slices.Equal(c.PlainSecrets(), []string{"COFFER_SETUP_CODE"}) {
		t.Errorf("plain secrets %v, %v", c.PlainSecrets(), err)
	}
}

func TestUnknownNames(t *testing.T) {
	c, err := load(t, "", "COFFER_MAX_UPLAOD=1", "COFFER_LISTNE_FILE=x", "COFFER_ZZZZZZ=1", "PATH=/bin", "COFFERX=1", "MAX_UPLOAD=1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"COFFER_LISTNE_FILE is not an option of Coffer and changes nothing; did you mean COFFER_LISTEN_FILE?",
		"COFFER_MAX_UPLAOD is not an option of Coffer and changes nothing; did you mean COFFER_MAX_UPLOAD?",
		"COFFER_ZZZZZZ is not an option of Coffer and changes nothing",
	}
	if !slices.Equal(c.Warnings(), want) {
		t.Errorf("%q", c.Warnings())
	}
}

func TestFile(t *testing.T) {
	for name, row := range map[string]struct {
		yaml string
		mode os.FileMode
		want string // "" is no fault
	}{
		"empty":                    {"\n", 0o600, ""},
		"readable by others":       {"log_level: debug\n", 0o644, ""},
		"a secret others can read": {"setup_code: ABCD-EFGH\n", 0o644, "others can read it"},
		"others can write":         {"log_level: debug\n", 0o646, "can be changed by others"},
		"group can write":          {"log_level: debug\n", 0o660, "can be changed by others"},
		"unknown":                  {"colour: red\n", 0o600, "colour is not an option"},
		"unknown, nested":          {"tls:\n  mode: off\n", 0o600, "neither text nor a list"},
		"only environment":         {"data: /x\n", 0o600, "data is not an option"},
		"user":                     {"puid: 1000\n", 0o600, "puid is not an option"},
		"not YAML":                 {"a: b: c\n", 0o600, "not YAML"},
		"a list of numbers":        {"allowed_hosts: [1, 2]\n", 0o600, "other than text"},
		"a number as secret":       {"setup_code: 1234567890\n", 0o600, "put it in quotes"},
		"set twice":                {"log_level: info\nlog_level: warn\n", 0o600, "not YAML"},
		"too large":                {"# " + strings.Repeat("x", 70000) + "\n", 0o600, "larger than 64 KiB"},
	} {
		root := t.TempDir()
		writeYAML(t, root, row.yaml, row.mode)
		_, err := config.Load(root, nil)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFileIsNeverALinkOrAnothersOwn(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "elsewhere.yaml")
	if err := os.WriteFile(outside, []byte("log_level: debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := t.TempDir()
	path := writeYAML(t, link, "x", 0o600)
	folder := t.TempDir()
	open := t.TempDir()
	writeYAML(t, open, "log_level: debug\n", 0o600)
	for _, err := range []error{
		os.Remove(path), os.Symlink(outside, path),
		os.Mkdir(filepath.Join(folder, "data"), 0o755), os.Symlink(filepath.Dir(outside), filepath.Join(folder, "data/config")),
		os.Chmod(filepath.Join(open, "data/config"), 0o777),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := map[string]string{"link": link, "open folder": open}
	if os.Geteuid() == 0 {
		foreign := t.TempDir()
		if err := os.Chown(writeYAML(t, foreign, "log_level: debug\n", 0o600), 12345, 0); err != nil {
			t.Fatal(err)
		}
		rows["foreign"] = foreign
	}
	for name, root := range rows {
		if c, err := config.Load(root, nil); err == nil || c != nil {
			t.Errorf("%s was read", name)
		}
	}
	// What is no file of its own is not opened, and the fault says what mends it.
	for words, plant := range map[string]func(path string) error{
		"cp -p PATH PATH.copy && mv PATH.copy PATH": func(p string) error { return os.Link(outside, p) },
		"cp -p PATH PATH.copy":                      func(p string) error { return os.Symlink(outside, p) },
		"mv -n PATH PATH.aside":                     func(p string) error { return unix.Mkfifo(p, 0o600) },
	} {
		root := t.TempDir()
		path := writeYAML(t, root, "", 0o600)
		if err := errors.Join(os.Remove(path), plant(path)); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(root, nil); err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(words, "PATH", path)) {
			t.Errorf("%v; it does not say %q", err, words)
		}
	}
	if err := os.Rename(outside, filepath.Join(filepath.Dir(outside), "coffer.yaml")); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load(folder, nil); err == nil && c.LogLevel == "debug" {
		t.Error("a link to a folder was followed")
	}
}

func TestSecretPrintsNothing(t *testing.T) {
	const text = "the-hidden-text"
	s := config.NewSecret(text)
	holder := struct {
		Public  config.Secret
		private config.Secret
		Pointer *config.Secret
		List    []config.Secret
	}{s, s, &s, []config.Secret{s}}
	var logs bytes.Buffer
	slog.New(slog.NewJSONHandler(&logs, nil)).Info("x", "secret", s, "holder", holder, "any", slog.AnyValue(&s))
	slog.New(slog.NewTextHandler(&logs, nil)).Info("x", "secret", s, "holder", holder)
	j, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out := logs.String() + string(j) + s.String() + s.GoString() + fmt.Sprint(errors.New("x"), s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p", "%T", "%10.3s"} {
		out += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, holder) + fmt.Sprintf(verb, &s) + fmt.Sprintf(verb, holder.List)
	}
	for _, leak := range []string{text, "hidden-t", fmt.Sprintf("%x", text)} {
		if strings.Contains(out, leak) {
			t.Errorf("%q leaks: %s", leak, out)
		}
	}
	if s.Reveal() != text || !s.IsSet() || config.NewSecret("").IsSet() || config.NewSecret("").String() != "" {
		t.Error("a secret does not keep its text")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("max_upload: 1GiB", "COFFER_LISTEN", ":80")
	f.Add("a:\n- b", "PUID", "1000")
	f.Fuzz(func(t *testing.T, yaml, name, value string) {
		root := t.TempDir()
		writeYAML(t, root, yaml, 0o600)
		c, err := config.Load(root, []string{name + "=" + value})
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
