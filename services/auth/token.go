package auth

import (
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
}

// signer makes and reads the tokens of one purpose.
type signer struct {
	key     []byte
	purpose string
	parser  *jwt.Parser
	now     func() time.Time
}

func newSigner(key []byte, purpose string, now func() time.Time) signer {
	return signer{key: key, purpose: purpose, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(now),
	)}
}

func (s signer) sign(subject, id, epoch string, expires time.Time) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   subject,
			ID:        id,
			IssuedAt:  jwt.NewNumericDate(s.now()),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Epoch:   epoch,
		Purpose: s.purpose,
	}).SignedString(s.key)
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
