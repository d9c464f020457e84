package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"coffer/appliance/confine"
	"coffer/services/parser"
	"coffer/weaken"
)

// parserOptions is what init tells the parser.
type parserOptions struct {
	logOptions
	Self   string   // this program
	Caches []string // folders with compiled PDFium; the last may be written
}

// parserMemory is the soft limit of the parser's own memory in bytes; its
// children have theirs.
const parserMemory = 64 << 20

func playParser(ctx context.Context, c call) int {
	if err := parse(ctx, c); err != nil {
		return c.fail("parser", err)
	}
	return exitOK
}

func parse(ctx context.Context, c call) error {
	var o parserOptions
	s, err := c.begin(ctx, &o, &o.logOptions)
	if err != nil {
		return err
	}
	defer s.stop()
	frugal(parserMemory)
	listener, err := s.Listener("parser")
	if err != nil {
		return err
	}
	if err := s.Ready(""); err != nil {
		return err
	}
	options := parser.Options{ChildCommand: []string{o.Self, "parser-child"}, CacheDirs: o.Caches, Log: s.log}
	if weaken.Without(weaken.Hurry) {
		options.Limits = parser.Limits{Stall: 4 * time.Second, CPU: 3 * time.Second, Wall: 8 * time.Second}
	}
	return parser.Serve(s.ctx, listener, options)
}

// playParserChild reads documents. It has nothing but its pipes.
func playParserChild(_ context.Context, c call) int {
	err := parser.Child(c.args, c.in, c.out, parser.ChildOptions{Confine: func() error {
		// Its memory is bounded by the parser, document by document.
		return confine.Child(confine.ChildLimits{OpenFiles: childFiles})
	}})
	if err != nil {
		return c.fail("parser-child", err)
	}
	return exitOK
}

// childFiles is more descriptors than a child has: its pipes and its poller.
const childFiles = 16

// playPDFiumCache compiles PDFium for this processor into a folder, so that an
// image starts without doing it.
func playPDFiumCache(_ context.Context, c call) int {
	if len(c.args) != 1 {
		return c.fail("pdfium-cache", fmt.Errorf("%w: coffer pdfium-cache DIR", errUsage))
	}
	if err := parser.CompileCache(c.args[0]); err != nil {
		return c.fail("pdfium-cache", err)
	}
	// It is written for its maker alone; the parser is another user.
	err := filepath.WalkDir(c.args[0], func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o555)
		}
		return os.Chmod(path, 0o444)
	})
	if err != nil {
		return c.fail("pdfium-cache", err)
	}
	return exitOK
}
