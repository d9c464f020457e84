package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims are what a token says. Purpose keeps one kind of token from standing
// in for another, besides the key each kind has of its own.
type claims struct {
	jwt.RegisteredClaims
	Epoch   string `json:"epoch,omitempty"`
	Purpose string `json:"purpose"`
	Nonce   []byte `json:"nonce,omitempty"`  // the hash of what the browser's cookie has
	Secret  string `json:"secret,omitempty"` // that the browser is shown anyway
}

// signer makes and reads the tokens of one purpose.
type signer struct {
	key     []byte
	purpose string
	parser  *jwt.Parser
	now     func() time.Time
}

// newSigner derives its key under a name of its own.
func newSigner(o Options, name, purpose string) (signer, error) {
	key, err := hkdf.Key(sha256.New, o.SecretKey, nil, "coffer "+name, 32)
	return signer{key: key, purpose: purpose, now: o.Now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(o.Now),
	)}, err
}

func (s signer) sign(subject, id, epoch string, expires time.Time) (string, error) {
	return s.signed(claims{Epoch: epoch}, subject, id, expires)
}

// signed signs what else c says.
func (s signer) signed(c claims, subject, id string, expires time.Time) (string, error) {
	c.Purpose, c.RegisteredClaims = s.purpose, jwt.RegisteredClaims{
		Subject:   subject,
		ID:        id,
		IssuedAt:  jwt.NewNumericDate(s.now()),
		ExpiresAt: jwt.NewNumericDate(expires),
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(s.key)
}

// maxToken is in bytes; ours are about 300.
const maxToken = 1024

func (s signer) read(token string) (claims, error) {
	var c claims
	if len(token) > maxToken {
		return claims{}, errors.New("token too long")
	}
	if _, err := s.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.key, nil }); err != nil {
		return claims{}, err
	}
	if c.Purpose != s.purpose || c.ID == "" || c.Subject == "" {
		return claims{}, errors.New("token of another purpose")
	}
	return c, nil
}
