package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

	"coffer/services/library"
	"coffer/weaken"
)

const (
	// passwordCost is bcrypt's: 2^12 rounds, about a quarter of a second.
	passwordCost = 12
	// Characters are code points after NFC.
	minPassword, maxPassword = 8, 1024
	// maxPasswordBytes bounds the work before anything is counted: UTF-8 has at
	// most 4 bytes for a code point, and NFC at most triples a string's length.
	maxPasswordBytes = 4 * 3 * maxPassword
	// maxHashing is how many passwords are hashed at a time; others wait, so
	// that a flood of sign-ins cannot take the whole machine.
	maxHashing = 2
)

// checkPassword refuses passwords that cannot be set.
func checkPassword(password, field string) error {
	invalid := func(message string) error {
		return &library.Error{Kind: library.Invalid, Field: field, Message: message}
	}
	if len(password) > maxPasswordBytes {
		return invalid("The password has at most 1,024 characters.")
	}
	if !utf8.ValidString(password) {
		return invalid("The password is not valid text.")
	}
	switch n := utf8.RuneCountInString(norm.NFC.String(password)); {
	case n < minPassword:
		return invalid("The password needs at least 8 characters.")
	case n > maxPassword:
		return invalid("The password has at most 1,024 characters.")
	}
	return nil
}

// prehash makes any password 44 bytes long, because bcrypt refuses more than
// 72. NFC first: keyboards differ in how they compose a letter. HMAC under a
// name of our own rather than a bare SHA-256, so that hashes leaked elsewhere
// cannot be tried in place of passwords; base64, because bcrypt ends at a zero
// byte in some implementations.
func prehash(password string) []byte {
	mac := hmac.New(sha256.New, []byte("coffer owner password"))
	mac.Write([]byte(norm.NFC.String(password)))
	return base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
}

func (k *Keeper) hashPassword(ctx context.Context, password string) ([]byte, error) {
	if err := k.enterHashing(ctx); err != nil {
		return nil, err
	}
	defer k.leaveHashing()
	cost := k.cost
	if weaken.Without(weaken.PasswordCost) {
		cost = bcrypt.MinCost
	}
	hash, err := bcrypt.GenerateFromPassword(prehash(password), cost)
	if err != nil {
		return nil, &library.Error{Kind: library.Internal, Message: "The password could not be stored.", Cause: err}
	}
	return hash, nil
}

// comparePassword takes as long whether the hash is the owner's or the dummy.
// The caller is between enterHashing and leaveHashing.
func comparePassword(hash []byte, password string) (bool, error) {
	if len(password) > maxPasswordBytes {
		password = ""
	}
	err := bcrypt.CompareHashAndPassword(hash, prehash(password))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	}
	return false, &library.Error{Kind: library.Internal, Message: "The stored password cannot be read.", Cause: err}
}

// dummyHash is a hash of passwordCost that no password matches: its salt and
// digest are random, and comparing costs what a real one costs.
func dummyHash() []byte {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	random := make([]byte, 53) // 22 characters of salt, 31 of digest
	rand.Read(random)
	for i, b := range random {
		random[i] = alphabet[b%64]
	}
	return fmt.Appendf(nil, "$2a$%02d$%s", passwordCost, random)
}

func (k *Keeper) enterHashing(ctx context.Context) error {
	select {
	case k.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &library.Error{Kind: library.Internal, Message: "The request ended while it waited.", Cause: ctx.Err()}
	}
}

func (k *Keeper) leaveHashing() { <-k.hashing }
