package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
)

// PackageKey is the key (RFC 8032) with which the box signs packages. It is derived
// from the secret key, so that it comes back with a backup and nothing else has
// to be kept.
func PackageKey(secretKey []byte) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, secretKey, nil, "coffer signed packages", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
