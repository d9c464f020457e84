// Package authtest is a security key for tests: it makes passkeys and answers
// for them as an authenticator and its browser do (WebAuthn Level 3).
//
// What it says of where it is can be a lie. It refuses to check anything.
package authtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Authenticator holds one passkey. A copy of it is another key with the same.
type Authenticator struct {
	Key    *ecdsa.PrivateKey
	ID     []byte
	Count  uint32 // of uses
	Origin string // of the page, as the browser writes it
	Host   string // the name that the passkey belongs to
}

// New makes one in the browser of a page.
func New(t testing.TB, host, origin string) *Authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return &Authenticator{Key: key, ID: []byte(rand.Text()), Count: 1, Origin: origin, Host: host}
}

// Create answers the options of navigator.credentials.create.
func (a *Authenticator) Create(t testing.TB, options []byte) []byte {
	t.Helper()
	point, err := a.Key.PublicKey.Bytes()
	must(t, err)
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	must(t, err)
	data := append(a.data(0x41), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.ID))), a.ID...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": append(data, cose...)})
	must(t, err)
	return a.answer(t, map[string]any{"clientDataJSON": b64(a.client(t, "webauthn.create", options)), "attestationObject": b64(object)})
}

// Get answers the options of navigator.credentials.get, and counts one up.
func (a *Authenticator) Get(t testing.TB, options []byte) []byte {
	t.Helper()
	a.Count++
	client, data := a.client(t, "webauthn.get", options), a.data(0x01)
	of := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(data), of[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.Key, digest[:])
	must(t, err)
	return a.answer(t, map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)})
}

func (a *Authenticator) client(t testing.TB, kind string, options []byte) []byte {
	t.Helper()
	var o struct{ Challenge string }
	must(t, json.Unmarshal(options, &o))
	out, err := json.Marshal(map[string]any{"type": kind, "challenge": o.Challenge, "origin": a.Origin, "crossOrigin": false})
	must(t, err)
	return out
}

func (a *Authenticator) data(flags byte) []byte {
	rp := sha256.Sum256([]byte(a.Host))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), a.Count)
}

func (a *Authenticator) answer(t testing.TB, response map[string]any) []byte {
	t.Helper()
	out, err := json.Marshal(map[string]any{"id": b64(a.ID), "rawId": b64(a.ID), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	must(t, err)
	return out
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
