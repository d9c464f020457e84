package pdf

import (
	"syscall"

	"github.com/tetratelabs/wazero/experimental"

	"coffer/services/parser/internal/limits"
)

// memory gives PDFium its linear memory as one reservation of address space
// of which only what is used is writable: growing copies nothing, and closing
// an instance returns everything to the system at once.
type memory struct {
	used uint64 // size of the last instance, in bytes
}

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	most = min(most, limits.PDFPages<<16)
	space, err := syscall.Mmap(-1, 0, int(most), syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return &linear{owner: m}
	}
	return &linear{owner: m, space: space}
}

type linear struct {
	owner    *memory
	space    []byte
	writable uint64
}

// Reallocate implements experimental.LinearMemory; nil is a refusal.
func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.space)) {
		l.owner.used = size
		return nil
	}
	if size > l.writable {
		if syscall.Mprotect(l.space[:size], syscall.PROT_READ|syscall.PROT_WRITE) != nil {
			l.owner.used = limits.PDFPages << 16
			return nil
		}
		l.writable = size
	}
	l.owner.used = size
	return l.space[:size]
}

// Free implements experimental.LinearMemory.
func (l *linear) Free() {
	if l.space != nil {
		// The only failure is a range that is not mapped, which this one is.
		_ = syscall.Munmap(l.space)
		l.space = nil
	}
}

// full tells whether the last instance grew to about its limit. PDFium ends
// itself when it gets no memory, so a fault then means too little memory.
func (m *memory) full() bool { return m.used >= limits.PDFPages<<16/8*7 }
