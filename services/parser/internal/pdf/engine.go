// Package pdf reads PDF with PDFium, which runs as WebAssembly: a fault in it
// reaches a linear memory of its own and nothing else.
//
// It owns PDFium: how it is compiled, loaded and bounded, and the text taken
// from pages, form fields and annotations. It renders nothing and runs no
// script of a document. Its import closure contains package net (by way of
// google/uuid and wazero's host functions), which opens no socket.
package pdf

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"coffer/services/parser/internal/limits"
)

// ErrNotCompiled means that no directory holds a PDFium compiled for this
// processor.
var ErrNotCompiled = errors.New("pdf: PDFium is not compiled for this processor")

// Engine is a loaded PDFium. It reads one document at a time, each in a fresh
// instance.
type Engine struct {
	pool   pdfium.Pool
	memory *memory
}

// Load loads the compiled PDFium from the first of dirs that has it. It never
// compiles: that takes seconds and hundreds of megabytes.
func Load(dirs []string) (*Engine, error) {
	for _, dir := range dirs {
		gate := &gate{Context: context.Background(), shut: closed()}
		engine, err := start(gate, dir)
		gate.shut = nil
		if err == nil {
			return engine, nil
		}
	}
	return nil, ErrNotCompiled
}

// Compile compiles PDFium for this processor into dir.
func Compile(dir string) error {
	engine, err := start(context.Background(), dir)
	if err != nil {
		return err
	}
	return engine.pool.Close()
}

func start(ctx context.Context, dir string) (*Engine, error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	m := &memory{}
	ctx = experimental.WithCompilationWorkers(experimental.WithMemoryAllocator(ctx, m), 2)
	pool, err := webassembly.Init(webassembly.Config{
		Context:  ctx,
		MaxTotal: 1,
		FSConfig: wazero.NewFSConfig(), // an empty one: the default mounts /
		Stdout:   io.Discard,
		Stderr:   io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfigCompiler().
			WithCompilationCache(cache).
			WithMemoryLimitPages(limits.PDFPages).
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling),
	})
	if err != nil {
		return nil, err
	}
	return &Engine{pool: pool, memory: m}, nil
}

// Warm makes and drops one instance, so that a child has what it needs before
// it confines itself.
func (e *Engine) Warm() error {
	instance, err := e.pool.GetInstance(10 * time.Second)
	if err != nil {
		return err
	}
	return instance.Close()
}

// gate is a context that is cancelled while it is shut. wazero looks at the
// context before it compiles a function but not when it loads a compiled one,
// so a shut gate means: load, or fail at once.
type gate struct {
	context.Context
	shut chan struct{}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (g *gate) Done() <-chan struct{} { return g.shut }

func (g *gate) Err() error {
	if g.shut != nil {
		return context.Canceled
	}
	return nil
}
