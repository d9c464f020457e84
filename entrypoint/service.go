package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"syscall"

	"coffer/appliance/sockets"
)

// logOptions is what every service is told of the log.
type logOptions struct {
	LogLevel string
	LogJSON  bool
}

// service is a service's side of its start: what it was handed.
type service struct {
	*sockets.Inherited
	ctx  context.Context // until init says stop
	stop context.CancelFunc
	log  *slog.Logger
}

// begin takes over what init handed to a service and reads its options into o.
func (c call) begin(ctx context.Context, o any, log *logOptions) (*service, error) {
	in, err := sockets.Inherit(c.env)
	if err != nil {
		return nil, err
	}
	data, err := in.Bytes("config")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, o); err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	s := &service{Inherited: in, log: c.logger(*log)}
	s.ctx, s.stop = signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	return s, nil
}

// frugal tells the runtime that the machine is small: it collects garbage
// early, and gives memory back rather than pass soft bytes.
func frugal(soft int64) {
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(soft)
}

func (c call) logger(o logOptions) *slog.Logger {
	return newLogger(c.err, o)
}
