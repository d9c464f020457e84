package auth

import (
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/fernet/fernet-go"
)

// sealer keeps secrets that must be read again from those who only have the
// store: sealed with Fernet (AES-128-CBC, HMAC-SHA-256) under a key derived from
// the secret key for one purpose.
type sealer struct{ key fernet.Key }

func newSealer(secretKey []byte, purpose string) (sealer, error) {
	var s sealer
	key, err := hkdf.Key(sha256.New, secretKey, nil, "coffer sealed "+purpose, len(s.key))
	copy(s.key[:], key)
	return s, err
}

func (s sealer) seal(secret string) ([]byte, error) {
	return fernet.EncryptAndSign([]byte(secret), &s.key)
}

// open is false for what was sealed with another key, or changed since.
func (s sealer) open(sealed []byte) (secret string, ok bool) {
	plain := fernet.VerifyAndDecrypt(sealed, 0, []*fernet.Key{&s.key})
	return string(plain), plain != nil
}
