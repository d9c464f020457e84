package boot

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// NginxReady returns a Probe: nginx is ready when its pid file names it, which
// it writes once it holds its listeners, and address accepts a connection.
// The pid matters: another process on the port is not our edge.
func NginxReady(run, address string) func(ctx context.Context, pid int) error {
	pidFile := filepath.Join(run, "nginx", "nginx.pid")
	return func(ctx context.Context, pid int) error {
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		for {
			text, err := os.ReadFile(pidFile)
			if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(pid) && accepts(ctx, address) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again.C:
			}
		}
	}
}

func accepts(ctx context.Context, address string) bool {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
