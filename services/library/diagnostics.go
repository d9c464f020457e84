package library

import (
	"context"
	"time"
)

// Diagnostics makes the file that an owner gives away to be helped. Errors are
// *Error.
type Diagnostics interface {
	// Preview makes one, or returns that of the last minutes; fresh wants a new
	// one.
	Preview(ctx context.Context, fresh bool) (Diagnosis, error)
	// Held is the one of the last minutes, if there is one.
	Held() (Diagnosis, bool)
	// Export returns the file of a preview by its id, or with an empty id of the
	// last there is, or of a new one. NotFound once it has gone.
	Export(ctx context.Context, id string) (Diagnosis, []byte, error)
}

// Diagnosis is one such file, before it is given away.
type Diagnosis struct {
	ID      string
	MadeAt  time.Time
	Until   time.Time // it is held in memory so long
	Size    int64     // of the file, bytes
	Files   []DiagnosisFile
	LeftOut []DiagnosisGap
}

// DiagnosisFile is one member of it.
type DiagnosisFile struct {
	Name     string
	Text     string
	Redacted map[string]int // how often, by rule
}

// DiagnosisGap is something that is not in it.
type DiagnosisGap struct {
	What string // a word for programs, or the name of a file
	Why  string // in English
}
