package index

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"

	"coffer/services/library"
)

// engineConfig is how scorch works for a small box: a batch is on disk when it
// returns, one old snapshot is kept, and segments are few.
func engineConfig(dir string) map[string]any {
	slowFailures()
	return map[string]any{
		"path":               dir,
		"unsafe_batch":       false,
		"numSnapshotsToKeep": 1,
		// The lock beside the engine decides; this one is held only by us.
		"bolt_timeout":           "1s",
		"asyncErrorCallbackName": failureName,
		"scorchMergePlanOptions": map[string]any{
			// Every segment costs each search and some memory, every merge
			// writes again: this keeps ten or so segments at any size.
			"MaxSegmentsPerTier":   4,
			"SegmentsPerMergeTask": 8,
			"TierGrowth":           16.0,
			"FloorSegmentSize":     20, // passages
		},
	}
}

const failureName = "coffer"

// slowFailures makes scorch's background loops wait after a failure. They try
// again at once for ever, so that a full disk would keep a processor busy.
// Scorch finds the callback in a table that is written before first use.
var slowFailures = sync.OnceFunc(func() {
	scorch.RegistryAsyncErrorCallbacks[failureName] = func(error, string) {
		<-time.After(time.Second)
	}
})

func broken(message string, err error) *library.Error {
	if isFull(err) {
		return &library.Error{
			Kind:    library.Full,
			Message: "The disk is full, so new text cannot be made searchable.",
			Hint:    "Free some space; the box goes on by itself.",
			Cause:   err,
		}
	}
	return &library.Error{Kind: library.Internal, Message: message, Cause: err}
}

// isFull tells an error for want of space. Scorch passes on the text of an
// error, not the error.
func isFull(err error) bool {
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, full) || err != nil && strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

func closed() *library.Error {
	return &library.Error{Kind: library.Internal, Message: "The search index is closed."}
}
