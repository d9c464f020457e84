package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
)

// A key is KeyPrefix, keyIDLen characters that name it, keySecretLen that are
// secret, and keySumLen over all before: lower-case base32 throughout, so that
// a double click takes all of it and a scanner for leaked secrets finds it by
// cfr_[a-z2-7]{75}.
const (
	KeyPrefix    = "cfr_"
	keyIDLen     = 16 // 80 bits
	keySecretLen = 52 // 260 bits
	keySumLen    = 7  // CRC-32
	keyLen       = len(KeyPrefix) + keyIDLen + keySecretLen + keySumLen
)

// newKeyText makes a key and the id that stands in it.
func newKeyText() (id, text string) {
	id = strings.ToLower(rand.Text())[:keyIDLen]
	body := KeyPrefix + id + strings.ToLower(rand.Text()+rand.Text())
	return id, body + keySum(body)
}

// keySum tells a mistyped or shortened key from a real one without a look at
// the store. It protects nothing: anybody can make one.
func keySum(body string) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum))
}

// keyIDOf returns the id in text, ok false when text is no key of any box.
func keyIDOf(text string) (id string, ok bool) {
	if len(text) != keyLen || !strings.HasPrefix(text, KeyPrefix) {
		return "", false
	}
	body := text[:keyLen-keySumLen]
	if strings.Trim(body[len(KeyPrefix):], "abcdefghijklmnopqrstuvwxyz234567") != "" || keySum(body) != text[len(body):] {
		return "", false
	}
	return body[len(KeyPrefix) : len(KeyPrefix)+keyIDLen], true
}

// keyHash is what is kept of a key. A fast hash is right here, other than for
// passwords: with 260 random bits nobody finds a key by trying, however fast a
// try is, and every request pays for one. All of the text is hashed, so that a
// hash that is moved to another row opens nothing.
func keyHash(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

// Bearer returns what r presents as a key, given false when it presents none.
// Any bearer counts, also one that cannot be ours: who brings one asks to be
// judged by it. Other schemes are a proxy's business.
func Bearer(r *http.Request) (text string, given bool) {
	for _, v := range r.Header.Values("Authorization") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
