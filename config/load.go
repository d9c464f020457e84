package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"coffer/weaken"
)

// apiID is the API's user and group when PUID and PGID say nothing.
const apiID = 10002

// maxFile bounds coffer.yaml and every file named by COFFER_X_FILE.
const maxFile = 64 << 10

// Load reads the configuration for the tree under root. The error is Faults,
// with everything that is wrong.
func Load(root string, environ []string) (*Config, error) {
	c := &Config{Root: filepath.Clean(root)}
	l := loader{config: c, viper: viper.New(), env: map[string]string{}, origin: map[string]string{}, source: map[string]Source{}}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			l.env[name] = value
		}
	}
	table := options()
	l.environment(table)
	l.file(table)
	for _, o := range table {
		l.decide(o)
	}
	l.agree()
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	return c, nil
}

type loader struct {
	config *Config
	viper  *viper.Viper
	env    map[string]string
	source map[string]Source // by viper key, absent for defaults
	origin map[string]string // by viper key: the file a value came from
	faults Faults
}

func (l *loader) fault(name, what, remedy string) {
	l.faults = append(l.faults, Fault{Name: name, What: what, Remedy: remedy})
}

func viperKey(name string) string { return strings.ToLower(name) }

// environment takes what the environment sets. An empty variable is an unset
// one: Compose files pass them along.
func (l *loader) environment(table []option) {
	var known []string
	for _, o := range table {
		key := viperKey(o.name)
		value, file := l.env[o.key()], ""
		known = append(known, o.key())
		if !o.bare {
			known = append(known, o.key()+"_FILE")
			file = l.env[o.key()+"_FILE"]
		}
		switch {
		case value != "" && file != "":
			l.fault(o.key(), "it is set, and so is "+o.key()+"_FILE", "Keep one of the two.")
		case value != "":
			l.viper.Set(key, value)
			l.source[key] = FromEnvironment
		case file != "":
			content, err := readSmall(file)
			if err != nil {
				l.fault(o.key()+"_FILE", fmt.Sprintf("%s cannot be read (%v)", file, plain(err)),
					"Name a readable file that holds the value and nothing else.")
				continue
			}
			l.viper.Set(key, strings.TrimRight(string(content), "\r\n"))
			l.source[key], l.origin[key] = FromSecretFile, file
		}
	}
	var strange []string
	for name := range l.env {
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	for _, name := range strange {
		warning := name + " is not an option of Coffer and changes nothing"
		if near := nearest(name, known); near != "" {
			warning += "; did you mean " + near + "?"
		}
		l.config.warnings = append(l.config.warnings, warning)
	}
}

// file reads DATA/config/coffer.yaml beneath what the environment sets.
func (l *loader) file(table []option) {
	data := l.viper.GetString("data")
	if data == "" {
		data = filepath.Join(l.config.Root, "data")
	}
	path := filepath.Join(data, "config", "coffer.yaml")
	content, mode, err := readOwned(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		me := fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid())
		l.fault(path, "user "+me+", as whom the box runs, may not look for it", fmt.Sprintf(
			"On the host run: chown -R %s FOLDER, where FOLDER is what is mounted at %s. "+
				"For a named volume: docker run --rm --user 0 --entrypoint chown -v VOLUME:%[2]s IMAGE -R %[1]s %[2]s", me, data))
		return
	}
	if errors.Is(err, errNoFolder) {
		l.fault(filepath.Dir(path), err.Error(), ordinary(filepath.Dir(path), err))
		return
	}
	if err != nil {
		l.fault(path, plain(err).Error(), ordinary(path, err))
		return
	}
	l.viper.SetConfigType("yaml")
	if err := l.viper.ReadConfig(bytes.NewReader(content)); err != nil {
		l.fault(path, "it is not YAML ("+strings.ReplaceAll(err.Error(), "\n", " ")+")", "Write lines such as: max_upload: 4GiB")
		return
	}
	var known []string
	for _, o := range table {
		if !o.bare && !o.envOnly {
			known = append(known, viperKey(o.name))
		}
	}
	for _, o := range table {
		key := viperKey(o.name)
		if !l.viper.InConfig(key) || !slices.Contains(known, key) {
			continue
		}
		if o.secret && mode&0o077 != 0 && !(o.open != nil && o.open(l.viper.GetString(key))) {
			l.fault(path, "it holds "+key+" and others can read it", "Run chmod 0600 on it.")
		}
		if l.source[key] == "" {
			l.source[key], l.origin[key] = FromFile, path
		}
	}
	for _, key := range topKeys(l.viper, table) {
		if slices.Contains(known, key) {
			continue
		}
		what := key + " is not an option that can be set here"
		if near := nearest(key, known); near != "" {
			what += "; " + near + " may be meant"
		}
		l.fault(path, what, "Correct or remove the line.")
	}
}

// topKeys lists the top-level names of the file that was read.
func topKeys(v *viper.Viper, table []option) []string {
	var keys []string
	add := func(key string) {
		if v.InConfig(key) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, key := range v.AllKeys() {
		top, _, _ := strings.Cut(key, ".")
		add(top)
	}
	for _, o := range table {
		add(viperKey(o.name))
	}
	slices.Sort(keys)
	return keys
}

// decide parses the value that wins for one option and records it.
func (l *loader) decide(o option) {
	key := viperKey(o.name)
	source, ok := l.source[key]
	if !ok {
		source = FromDefault
	}
	text, err := o.fallback, error(nil)
	if source != FromDefault {
		text, err = l.text(o, key)
	} else if o.name == "DATA" || o.name == "RUN" {
		text = filepath.Join(l.config.Root, o.fallback)
	}
	if err == nil {
		err = o.parse(l.config, text)
	}
	if err != nil {
		l.fault(o.key()+where(source, l.origin[key]), err.Error(), o.remedy)
	}
	shown, secret := text, o.secret && !(o.open != nil && o.open(text))
	if secret {
		shown = NewSecret(text).String()
	}
	l.config.settings = append(l.config.settings, Setting{
		Name: o.key(), Value: shown, Source: source, Secret: secret, Origin: l.origin[key],
	})
}

func where(s Source, origin string) string {
	if s == FromFile || s == FromSecretFile {
		return " (in " + origin + ")"
	}
	return ""
}

// text flattens what YAML made of a value.
func (l *loader) text(o option, key string) (string, error) {
	switch v := l.viper.Get(key).(type) {
	case string:
		return strings.TrimSpace(v), nil
	case nil:
		return o.fallback, nil
	case bool, int, int64, uint64:
		if o.secret {
			return "", errors.New("it is not text; put it in quotes")
		}
		return fmt.Sprint(v), nil
	case []any:
		var parts []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return "", errors.New("its list holds something other than text")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	default:
		return "", errors.New("it is neither text nor a list")
	}
}

// agree checks options against each other.
func (l *loader) agree() {
	c := l.config
	if c.DevMode && !c.allowDevMode && !weaken.Without(weaken.DevMode) {
		l.fault("COFFER_DEV_MODE", "developer mode is on and not acknowledged",
			"Remove it, or also set COFFER_ALLOW_DEV_MODE=1 on a machine for development.")
	}
	if u := c.PublicURL; u != nil {
		if u.Path != c.BasePath {
			l.fault("COFFER_PUBLIC_URL", fmt.Sprintf("its path is %q and COFFER_BASE_PATH is %q", u.Path, c.BasePath),
				"Give both the same path, or neither.")
		}
		host := strings.ToLower(u.Hostname())
		if _, err := netip.ParseAddr(host); err != nil && !slices.Contains(c.AllowedHosts, host) {
			c.AllowedHosts = append(c.AllowedHosts, host)
		}
	}
	l.certificates()
	if !c.NotifyURL.IsSet() && c.Locked("NOTIFY_KIND") {
		c.warnings = append(c.warnings, prefix+"NOTIFY_KIND changes nothing without "+prefix+"NOTIFY_URL")
	}
	if within(c.Data, c.Run) || within(c.Run, c.Data) {
		l.fault("COFFER_RUN", "it and COFFER_DATA lie in one another", "Give them separate places.")
	}
	switch {
	case c.API.UID == 0 && c.API.GID == 0:
		c.API = Owner{UID: apiID, GID: apiID}
	case c.API.UID == 0:
		c.API.UID = apiID
	case c.API.GID == 0:
		c.API.GID = c.API.UID
	}
}

func within(outer, inner string) bool {
	rel, err := filepath.Rel(outer, inner)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// plain drops the operation and path that the caller already names.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
