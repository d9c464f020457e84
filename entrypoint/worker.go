package main

import (
	"context"
	"fmt"

	"coffer/appliance/confine"
	"coffer/services/link"
	"coffer/services/parser"
	"coffer/services/worker"
)

// workerOptions is what init tells the worker.
type workerOptions struct {
	logOptions
	Link   string // sockets
	Parser string
}

// workerMemory is the soft limit of the worker's memory in bytes.
const workerMemory = 128 << 20

func playWorker(ctx context.Context, c call) int {
	if err := work(ctx, c); err != nil {
		return c.fail("worker", err)
	}
	return exitOK
}

func work(ctx context.Context, c call) error {
	var o workerOptions
	s, err := c.begin(ctx, &o, &o.logOptions)
	if err != nil {
		return err
	}
	defer s.stop()
	frugal(workerMemory)
	if err := confine.GiveUpExec(); err != nil {
		return fmt.Errorf("giving up exec: %w", err)
	}
	if err := s.Ready(""); err != nil {
		return err
	}
	return worker.Run(s.ctx, worker.Options{
		Link: link.NewClient(o.Link), Parser: parser.Client{Socket: o.Parser}, Log: s.log,
	})
}
