package web

import (
	"context"
	"crypto/sha256"
	"sync/atomic"
	"testing"
	"time"
)

// scriptFile is the file of the owner's scripts, in memory.
type scriptFile struct{ key atomic.Pointer[string] }

func (f *scriptFile) Path() string { return "/data/service-token" }

func (f *scriptFile) Sum(context.Context) ([]byte, error) {
	key := f.key.Load()
	if key == nil {
		return nil, nil
	}
	sum := sha256.Sum256([]byte(*key))
	return sum[:], nil
}

func (f *scriptFile) Write(_ context.Context, key string) error { f.key.Store(&key); return nil }

func (f *scriptFile) Remove(context.Context) error { f.key.Store(nil); return nil }

// The key for scripts is shown by where it lies, replaced, turned off and on again,
// without scripts.
func TestServiceTokenPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	for end := time.Now().Add(time.Minute); b.scripts.key.Load() == nil && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	first := *b.scripts.key.Load()
	page, _ := v.get("/settings/keys")
	has(t, page, "/data/service-token", "$(cat /data/service-token)", "Make another now", "Turn it off", "!"+first, "No program has a key yet")
	page, r := v.post("/settings/keys/service-token/renew", nil)
	at(t, r, "/box/settings/keys?done=renewed")
	has(t, page, "Another key is in the file")
	if *b.scripts.key.Load() == first {
		t.Error("it is the same")
	}
	page, r = v.post("/settings/keys/service-token/drop", nil)
	at(t, r, "/box/settings/keys?done=dropped")
	has(t, page, "there is no file", "Turn it on", "!Turn it off")
	if b.scripts.key.Load() != nil {
		t.Error("the file stays")
	}
	page, _ = v.post("/settings/keys/service-token/renew", nil)
	has(t, page, "Turn it off")
	page, _ = v.get("/settings/audit")
	has(t, page, "Service token made", "Service token turned off")
	b.elapse(11 * time.Minute)
	page, _ = v.post("/settings/keys/service-token/drop", nil)
	has(t, page, `name="reauth_password"`) // it wants a proof
	if b.scripts.key.Load() == nil {
		t.Error("without a proof the file is gone")
	}
}
