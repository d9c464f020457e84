// Package secrets makes the box's own secrets once and keeps each readable by
// the one role that needs it.
//
// It owns what lies under DATA/secrets and the alphabet of the setup code. It
// refuses to follow a link to a secret, and to replace one that it cannot read
// or that is too short: a new key in its place would void what the old one
// protects, and the owner should hear of it first.
package secrets

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"coffer/appliance/beneath"
	"coffer/weaken"
)

// Names of the files under DATA/secrets.
const (
	SessionKey = "session-key" // hex of 32 bytes; signs sessions
	SetupCode  = "setup-code"  // what the owner types at the first visit
)

// Alphabet is what setup codes are made of: no 0 and O, no 1, I and L, no U
// and V, no S and 5, no B and 8, no 2 and Z.
const Alphabet = "34679ACDEFGHJKMNPQRTWXY"

const (
	codeLength = 8
	keyLength  = 32
	fileMode   = 0o440
	maxLength  = 512
)

// Options say where secrets lie and who reads them.
type Options struct {
	Dir string // DATA/secrets
	// ReaderGID is the group of the role that reads these secrets; without
	// root it is ignored.
	ReaderGID int
	// SecretKey, when set, decides the session key.
	SecretKey string
	// SetupCode, when set, decides the setup code.
	SetupCode string
	Log       *slog.Logger
}

// Secrets are the values, for init to hand on. Neither may be logged but the
// code, to the owner.
type Secrets struct {
	SessionKey []byte // 32 bytes
	SetupCode  string // without dashes
}

// Ensure makes what is missing, mends owners and modes, and returns the values.
func Ensure(o Options) (Secrets, error) {
	dir, err := beneath.Open(o.Dir)
	if err != nil {
		return Secrets{}, err
	}
	defer dir.Close()
	s := store{Options: o, dir: dir, root: os.Geteuid() == 0}

	key, err := s.ensure(SessionKey, deriveKey(o.SecretKey), newKey, checkKey)
	if err != nil {
		return Secrets{}, err
	}
	code, err := s.ensure(SetupCode, strings.TrimSpace(o.SetupCode), newCode, checkCode)
	if err != nil {
		return Secrets{}, err
	}
	raw, err := hex.DecodeString(key)
	return Secrets{SessionKey: raw, SetupCode: code}, err
}

// Code reads the setup code, for the owner's command.
func Code(dir string) (string, error) {
	d, err := beneath.Open(dir)
	if err != nil {
		return "", err
	}
	defer d.Close()
	n, err := d.File(SetupCode)
	if err != nil {
		return "", err
	}
	defer n.Close()
	text, err := n.Read(maxLength)
	return strings.TrimSpace(string(text)), err
}

// Show writes a code the way it is printed: XXXX-XXXX. Codes of the owner's
// own are shown as they are.
func Show(code string) string {
	if len(code) != codeLength || strings.Contains(code, "-") {
		return code
	}
	return code[:4] + "-" + code[4:]
}

type store struct {
	Options
	dir  *beneath.Dir
	root bool
}

// ensure returns the text of one secret. A seed is the owner's word and
// replaces what is there.
func (s store) ensure(name, seed string, fresh func() string, check func(string) error) (string, error) {
	for {
		text, err := s.read(name, check)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			value := seed
			if value == "" {
				value = fresh()
			}
			a := s.attributes()
			if weaken.Without(weaken.SecretMode) {
				a.Mode |= 0o004
			}
			err := s.dir.Create(name, []byte(value+"\n"), a)
			if errors.Is(err, fs.ErrExist) {
				continue // made meanwhile; read that one
			}
			return value, err
		case seed != "" && (err != nil && !isRefused(err) || err == nil && text != seed):
			if err := s.dir.Put(name, []byte(seed+"\n"), s.attributes()); err != nil {
				return "", err
			}
			s.Log.Warn("a secret was replaced by the one in the configuration", "secret", name)
			return seed, nil
		default:
			return text, err
		}
	}
}

func isRefused(err error) bool {
	var refused *beneath.Refused
	return errors.As(err, &refused)
}

func (s store) attributes() beneath.Attributes {
	if !s.root {
		return beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: fileMode}
	}
	return beneath.Attributes{UID: 0, GID: s.ReaderGID, Mode: fileMode}
}

// read returns a secret that is sound, with its owner and mode mended.
func (s store) read(name string, check func(string) error) (string, error) {
	n, err := s.dir.File(name)
	switch {
	case isRefused(err):
		return "", fmt.Errorf("%w. %s is not replaced on its own, because that would void what it protects: a new one means %s",
			err, name, consequence(name))
	case errors.Is(err, fs.ErrPermission):
		return "", unsound(name, s.dir.Path(), "cannot be read ("+err.Error()+")")
	case err != nil:
		return "", err
	}
	defer n.Close()
	a := s.attributes()
	if s.root && (n.UID != a.UID || n.GID != a.GID) {
		if err := n.Own(a.UID, a.GID); err != nil {
			return "", err
		}
		s.Log.Warn("a secret had another owner", "secret", name)
	}
	if was := n.Mode; was != a.Mode {
		if err := n.Chmod(a.Mode); err != nil {
			return "", err
		}
		s.Log.Warn("a secret had another mode", "secret", name, "mode", fmt.Sprintf("%04o", was))
	}
	content, err := n.Read(maxLength)
	if err != nil {
		return "", unsound(name, s.dir.Path(), "cannot be read ("+err.Error()+")")
	}
	text := string(bytes.TrimSpace(content))
	if err := check(text); err != nil {
		return "", unsound(name, s.dir.Path(), err.Error())
	}
	return text, nil
}

func unsound(name, dir, what string) error {
	return fmt.Errorf("%s/%s %s. It is not replaced on its own, because that would void what it protects. "+
		"Put it back from a backup, or remove it to have a new one made: for %s that means %s",
		dir, name, what, name, consequence(name))
}

func consequence(name string) string {
	if name == SessionKey {
		return "that everybody signs in again"
	}
	return "a new code, which matters only before setup"
}

func newKey() string {
	b := make([]byte, keyLength)
	_, _ = rand.Read(b) // it does not fail; it ends the process instead
	return hex.EncodeToString(b)
}

// deriveKey makes the session key of the owner's SECRET_KEY, so that other
// keys can be made of the same one.
func deriveKey(secret string) string {
	if secret == "" {
		return ""
	}
	b, err := hkdf.Key(sha256.New, []byte(secret), nil, "coffer session-key 1", keyLength)
	if err != nil {
		panic(err) // only for lengths that are not ours
	}
	return hex.EncodeToString(b)
}

func checkKey(text string) error {
	if b, err := hex.DecodeString(text); err != nil || len(b) != keyLength {
		return fmt.Errorf("does not hold %d bytes in hex", keyLength)
	}
	return nil
}

// newCode draws letters evenly: bytes past the last whole multiple are drawn
// again.
func newCode() string {
	var code strings.Builder
	limit := 256 - 256%len(Alphabet)
	for b := make([]byte, 1); code.Len() < codeLength; {
		_, _ = rand.Read(b)
		if int(b[0]) < limit {
			code.WriteByte(Alphabet[int(b[0])%len(Alphabet)])
		}
	}
	return code.String()
}

func checkCode(text string) error {
	if len(strings.ReplaceAll(text, "-", "")) < codeLength {
		return fmt.Errorf("holds fewer than %d characters", codeLength)
	}
	return nil
}
