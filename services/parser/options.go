package parser

import (
	"cmp"
	"log/slog"
	"runtime"
	"time"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/wire"
)

// Options are what the wiring gives the service.
type Options struct {
	// ChildCommand starts a child; the service adds words that Child takes.
	ChildCommand []string
	// CacheDirs hold PDFium compiled for some processors, in the order in
	// which they are tried. The last one is written to when none has it for
	// this processor.
	CacheDirs []string
	// Children is how many documents are read at the same time; 0 means one
	// per processor, at most two.
	Children int
	// Idle is how long Serve waits without a connection before it returns;
	// 0 means a minute, less than 0 for ever.
	Idle time.Duration
	// Linger is how long a child is kept without a document.
	Linger time.Duration
	// Limits replaces limits that are not zero.
	Limits Limits
	Log    *slog.Logger
}

// Limits bound one document. A zero field means the default, which package
// limits gives with its reason.
type Limits struct {
	Stall     time.Duration // silence of a child
	CPU       time.Duration // processor time of a document
	Wall      time.Duration // time from the last byte to the result
	Hand      time.Duration // pause of a peer inside its document
	Start     time.Duration // until a child is ready
	Data      int64         // bytes of data segment besides the document
	Text      int           // bytes of text
	Passages  int           // passages
	Documents int           // documents until a child is replaced
	// An archive has a wall and a processor time of its own; its Stall counts
	// while nobody is being waited for.
	ArchiveWall  time.Duration
	ArchiveCPU   time.Duration
	ArchiveBytes int64 // bytes of the members that are taken from one archive
}

func (o Options) withDefaults() Options {
	o.Children = cmp.Or(o.Children, min(2, runtime.NumCPU()))
	o.Idle = cmp.Or(o.Idle, time.Minute)
	o.Linger = cmp.Or(o.Linger, limits.Linger)
	l := &o.Limits
	l.Stall = cmp.Or(l.Stall, limits.Stall)
	l.CPU = cmp.Or(l.CPU, limits.CPU)
	l.Wall = cmp.Or(l.Wall, limits.Wall)
	l.Hand = cmp.Or(l.Hand, limits.Hand)
	l.Start = cmp.Or(l.Start, limits.Start)
	l.Data = cmp.Or(l.Data, limits.ChildData)
	l.Text = cmp.Or(l.Text, wire.MaxText)
	l.Passages = cmp.Or(l.Passages, wire.MaxPassages)
	l.Documents = cmp.Or(l.Documents, limits.Documents)
	// The child ends by itself before that.
	l.ArchiveWall = cmp.Or(l.ArchiveWall, limits.ArchiveTime+time.Minute)
	l.ArchiveCPU = cmp.Or(l.ArchiveCPU, limits.ArchiveCPU)
	l.ArchiveBytes = cmp.Or(l.ArchiveBytes, limits.ArchiveTotal)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
