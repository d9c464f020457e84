package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
)

// RecoveryCodes is how many are made at a time.
const RecoveryCodes = 10

// A recovery code is recoveryLen random characters of base32, 80 bits, in groups
// of four. So much cannot be found by trying, so that a fast hash is enough, and
// none needs the secret key: codes open when that is lost.
const recoveryLen = 16

// newRecovery makes codes to be shown and their hashes to be kept.
func newRecovery() (codes []string, hashes [][]byte) {
	for range RecoveryCodes {
		plain := rand.Text()[:recoveryLen]
		var groups []string
		for part := range slices.Chunk([]byte(strings.ToLower(plain)), 4) {
			groups = append(groups, string(part))
		}
		codes = append(codes, strings.Join(groups, "-"))
		hashes = append(hashes, recoveryHash(plain))
	}
	return codes, hashes
}

func recoveryHash(plain string) []byte {
	h := sha256.Sum256([]byte("coffer recovery code " + plain))
	return h[:]
}

// withoutRecovery takes the hash of a code in its plain form out of those that
// are left; ok is false when it is none of them.
func withoutRecovery(left [][]byte, plain string) (rest [][]byte, ok bool) {
	hash := recoveryHash(plain)
	at := -1
	for i, h := range left {
		if subtle.ConstantTimeCompare(h, hash) == 1 {
			at = i
		}
	}
	if at < 0 {
		return left, false
	}
	return slices.Delete(slices.Clone(left), at, at+1), true
}
