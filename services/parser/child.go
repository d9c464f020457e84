package parser

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"coffer/services/parser/internal/formats"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/pdf"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/unpack"
	"coffer/services/parser/wire"
)

// ChildOptions are what the wiring gives a child.
type ChildOptions struct {
	// Confine gives up, for good, everything that reading a document does not
	// take. It is called once, before the first byte of a document is read;
	// when it fails the child ends.
	Confine func() error
}

// Words that a child is started with, after Options.ChildCommand.
const (
	argText    = "text"    // reads everything but PDF
	argUnpack  = "unpack"  // takes one archive apart, and ends
	argPDF     = "pdf"     // reads PDF too; directories of compiled PDFium follow
	argCompile = "compile" // compiles PDFium into the directory that follows
)

// Child is the whole life of a child: args are what the service put after
// Options.ChildCommand, in and out its stdin and stdout.
func Child(args []string, in io.Reader, out io.Writer, options ChildOptions) error {
	if len(args) == 2 && args[0] == argCompile {
		return CompileCache(args[1])
	}
	if len(args) == 0 || args[0] != argText && args[0] != argPDF && args[0] != argUnpack {
		return fmt.Errorf("parser: a child cannot do %q", args)
	}
	debug.SetMemoryLimit(limits.ChildHeap)
	debug.SetMaxStack(limits.Stack)
	c := &child{in: wire.NewReader(in), out: wire.NewWriter(out)}
	if args[0] == argPDF {
		engine, err := pdf.Load(args[1:])
		if errors.Is(err, pdf.ErrNotCompiled) {
			return c.say(wire.Ready{NoPDFium: true})
		}
		if err == nil {
			err = engine.Warm()
		}
		if err != nil {
			return err
		}
		c.pdf = engine
	}
	if err := options.Confine(); err != nil {
		return fmt.Errorf("parser: a child could not confine itself: %w", err)
	}
	if err := c.say(wire.Ready{}); err != nil {
		return err
	}
	if args[0] == argUnpack {
		return c.archive()
	}
	for {
		if err := c.document(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// archive takes one archive apart.
func (c *child) archive() error {
	debug.SetMemoryLimit(limits.ArchiveHeap)
	m, err := c.in.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	request, ok := m.(wire.Unpack)
	if !ok {
		return fmt.Errorf("%w: %T before a request", wire.ErrFrame, m)
	}
	return unpack.Run(request, c.in, c.out)
}

// CompileCache compiles PDFium for this processor into dir. It takes seconds
// and some 300 MB, so a service runs it in a process of its own.
func CompileCache(dir string) error { return pdf.Compile(dir) }

// large is the size in bytes of a document after which a child gives its
// memory back before it waits for the next one.
const large = 4 << 20

type child struct {
	in  *wire.Reader
	out *wire.Writer
	pdf *pdf.Engine
}

func (c *child) say(m wire.Message) error {
	if err := c.out.Write(m); err != nil {
		return err
	}
	return c.out.Flush()
}

// document reads one document and answers with its text or a failure. Its
// error is io.EOF when there is no further document.
func (c *child) document() error {
	request, doc, err := receive(c.in)
	if err != nil {
		return err
	}
	if err := c.obey(doc); err != nil {
		return err
	}
	w := prose.NewWriter(
		func(p wire.Passage) error { return c.out.Write(p) },
		func(p wire.Progress) error { return c.progress(p) })
	head, err := formats.Read(doc, request.FileName, w, c.pdf)
	if doc = nil; request.Size > large {
		debug.FreeOSMemory()
	}
	if err == nil {
		return c.say(head)
	}
	var failure *wire.Failure
	if !errors.As(err, &failure) {
		return err
	}
	return c.say(*failure)
}

// progress is sent at once, because whoever watches counts a silent child as
// one that hangs.
func (c *child) progress(p wire.Progress) error { return c.say(p) }

// receive reads a request and the document that follows it.
func receive(in *wire.Reader) (wire.Request, []byte, error) {
	m, err := in.Next()
	if err != nil {
		return wire.Request{}, nil, err
	}
	request, ok := m.(wire.Request)
	if !ok {
		return wire.Request{}, nil, fmt.Errorf("%w: %T before a request", wire.ErrFrame, m)
	}
	doc := make([]byte, 0, request.Size)
	for {
		m, err := in.Next()
		if err != nil {
			return wire.Request{}, nil, errors.Join(wire.ErrFrame, err)
		}
		switch m := m.(type) {
		case wire.Data:
			if int64(len(doc)+len(m)) > request.Size {
				return wire.Request{}, nil, fmt.Errorf("%w: a document longer than announced", wire.ErrFrame)
			}
			doc = append(doc, m...)
		case wire.End:
			if int64(len(doc)) != request.Size {
				return wire.Request{}, nil, fmt.Errorf("%w: a document shorter than announced", wire.ErrFrame)
			}
			return request, doc, nil
		default:
			return wire.Request{}, nil, fmt.Errorf("%w: %T inside a document", wire.ErrFrame, m)
		}
	}
}
