package parser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"coffer/services/parser/internal/limits"
)

// pool keeps children. At most Options.Children read at the same time; idle
// ones wait a while for the next document, those that read PDF apart from the
// others, because a compiled PDFium takes 50 MB.
type pool struct {
	options Options
	slots   chan struct{}
	archive chan struct{} // held by the one child that takes an archive apart
	mu      sync.Mutex
	idle    []*process
	compile sync.Mutex
}

func newPool(o Options) *pool {
	return &pool{options: o, slots: make(chan struct{}, o.Children), archive: make(chan struct{}, 1)}
}

// takeUnpacker returns a fresh child that takes an archive apart, waiting for the
// one before it to end. It does not count among those that read: its members are
// read while it goes on. endUnpacker must follow.
func (p *pool) takeUnpacker(ctx context.Context) (*process, error) {
	select {
	case p.archive <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	child, err := startProcess(ctx, p.options, argUnpack)
	if err != nil {
		<-p.archive
	}
	return child, err
}

func (p *pool) endUnpacker(child *process) {
	child.end()
	<-p.archive
}

// take returns a child that reads PDF or not, waiting for its turn. A child
// that is to be alone is fresh. Give must follow.
func (p *pool) take(ctx context.Context, pdf, alone bool) (*process, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !alone {
		for child := p.takeIdle(pdf); child != nil; child = p.takeIdle(pdf) {
			if child.alive() {
				return child, nil
			}
			child.end() // it died of something that no document is to blame for
		}
	}
	child, err := p.start(ctx, pdf)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return child, nil
}

// give returns a child after its document; keep is false when it must not
// read another.
func (p *pool) give(child *process, keep bool) {
	child.read++
	if !keep || child.read >= p.options.Limits.Documents {
		child.end()
	} else {
		child.idle = time.Now()
		p.mu.Lock()
		p.idle = append(p.idle, child)
		p.mu.Unlock()
	}
	<-p.slots
}

func (p *pool) takeIdle(pdf bool) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if child := p.idle[i]; child.pdf == pdf {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return child
		}
	}
	return nil
}

func (p *pool) start(ctx context.Context, pdf bool) (*process, error) {
	if !pdf {
		return startProcess(ctx, p.options, argText)
	}
	args := append([]string{argPDF}, p.options.CacheDirs...)
	child, err := startProcess(ctx, p.options, args...)
	if !errors.Is(err, errNoPDFium) {
		return child, err
	}
	if err := p.compilePDFium(ctx); err != nil {
		return nil, err
	}
	return startProcess(ctx, p.options, args...)
}

// compilePDFium compiles PDFium in a process that ends afterwards and takes
// its memory with it. One at a time: a second caller finds it done and
// compiles in the time that loading takes.
func (p *pool) compilePDFium(ctx context.Context) error {
	p.compile.Lock()
	defer p.compile.Unlock()
	if len(p.options.CacheDirs) == 0 {
		return errNoPDFium
	}
	ctx, cancel := context.WithTimeout(ctx, limits.Compile)
	defer cancel()
	dir := p.options.CacheDirs[len(p.options.CacheDirs)-1]
	cmd := command(p.options, argCompile, dir)
	said := &complaint{}
	cmd.Env, cmd.Stderr = []string{}, said
	p.options.Log.Info("compiling PDFium for this processor", slog.String("dir", dir))
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	stop()
	if err != nil {
		return fmt.Errorf("parser: PDFium cannot be compiled: %w: %s", err, said.first())
	}
	p.options.Log.Info("compiled PDFium", slog.Duration("took", time.Since(begin)))
	return nil
}

// reap ends children that wait too long, until ctx ends, and then all that
// wait.
func (p *pool) reap(ctx context.Context) {
	ticker := time.NewTicker(max(p.options.Linger/4, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			p.endIdle(time.Time{})
			return
		case now := <-ticker.C:
			p.endIdle(now.Add(-p.options.Linger))
		}
	}
}

// endIdle ends children that wait since before t, or all when t is zero.
func (p *pool) endIdle(t time.Time) {
	p.mu.Lock()
	var kept, ended []*process
	for _, child := range p.idle {
		if t.IsZero() || child.idle.Before(t) {
			ended = append(ended, child)
		} else {
			kept = append(kept, child)
		}
	}
	p.idle = kept
	p.mu.Unlock()
	for _, child := range ended {
		child.end()
	}
}
