package library

import (
	"context"
	"time"
)

// Key lets a program in. What is kept opens nothing: the key itself is told
// once, when it is made.
type Key struct {
	// ID is also the beginning of the key, so that one that leaked can be found
	// among those that are kept.
	ID        string
	Owner     string
	Epoch     string // the owner's when it was made; under another it is void
	Name      string
	Hash      []byte // SHA-256 of the whole key
	Scopes    []string
	CreatedAt time.Time
	Expires   time.Time // zero: never
	LastUsed  time.Time // zero: not yet
	// Service marks a key that the box made by itself, for the file in which the
	// owner's scripts find one (TokenFile).
	Service bool
}

// Keys keeps the keys of programs. Each method that writes is one transaction,
// on disk when it returns. Errors are *Error.
type Keys interface {
	PutKey(ctx context.Context, k Key) error
	Key(ctx context.Context, id string) (Key, error)
	Keys(ctx context.Context) ([]Key, error)
	// DeleteKey is content with a key that is gone.
	DeleteKey(ctx context.Context, id string) error
	// KeysUsed sets when keys were last used. It brings back none that is gone,
	// and turns no time back.
	KeysUsed(ctx context.Context, at map[string]time.Time) error
}

// TokenFile is the file in which the owner's scripts find a key. The box keeps a
// good one in it.
type TokenFile interface {
	// Path is where the file lies, as the box sees it.
	Path() string
	// Sum is the SHA-256 of the key that is in it; nil: there is none.
	Sum(ctx context.Context) ([]byte, error)
	// Write puts another key into it: who reads it sees the one before or this
	// one, whatever is stopped.
	Write(ctx context.Context, key string) error
	// Remove is content with a file that is gone.
	Remove(ctx context.Context) error
}
