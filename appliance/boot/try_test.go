package boot

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"coffer/appliance/reap"
)

// Whoever asks a program has its exit status, while orphans are collected.
func TestAnswersBesideTheReaper(t *testing.T) {
	nginx := filepath.Join(t.TempDir(), "nginx")
	if err := os.WriteFile(nginx, []byte("#!/bin/sh\necho nginx version: nginx/1.26.3 >&2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	b := &box{reaper: reap.New(), front: newFront()}
	b.Services, b.FrontDoor = []Service{{Path: nginx}}, ""
	ctx, stop := context.WithCancel(t.Context())
	var reaping sync.WaitGroup
	defer reaping.Wait()
	defer stop()
	reaping.Go(func() { _ = b.reaper.Run(ctx) })
	for n := range 200 {
		b.front.own = nil
		if own, err := b.http2(ctx); err != nil || !own {
			t.Fatalf("asked %d times: %v, %v", n, own, err)
		}
	}
	b.front.own = nil
	b.Services[0].Path = "/nonexistent"
	if _, err := b.http2(ctx); err == nil {
		t.Error("no program says its version")
	}
}
