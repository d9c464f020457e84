package signals

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// What signals ask for, in their order, also when they came before anybody
// could act.
func TestServe(t *testing.T) {
	for _, row := range []struct {
		sent []syscall.Signal
		want []string
	}{
		{[]syscall.Signal{syscall.SIGTERM}, []string{"stop"}},
		{[]syscall.Signal{syscall.SIGQUIT}, []string{"stop"}},
		{[]syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGTERM}, []string{"stop", "hurry", "hurry"}},
		{[]syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGWINCH},
			[]string{"hangup", "user defined signal 1", "stop", "window changed"}},
		{[]syscall.Signal{firstRealTime, lastRealTime}, []string{"signal 35", "signal 64"}},
	} {
		c := Catch()
		for i, s := range row.sent {
			if err := syscall.Kill(os.Getpid(), s); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(5 * time.Second); len(c.c) <= i && time.Now().Before(end); { // pending signals have no order
				time.Sleep(time.Millisecond)
			}
		}
		got := make(chan string, len(row.sent)+1)
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan struct{})
		go func() {
			defer close(served)
			c.Serve(ctx, Asked{
				Stop:    func() { got <- "stop" },
				Hurry:   func() { got <- "hurry" },
				Forward: func(s syscall.Signal) { got <- s.String() },
			})
		}()
		var all []string
		for range row.want {
			select {
			case s := <-got:
				all = append(all, s)
			case <-time.After(time.Minute):
			}
		}
		if !slices.Equal(all, row.want) {
			t.Errorf("%v ask for %q, want %q", row.sent, all, row.want)
		}
		cancel()
		<-served
		c.Release()
	}
}
