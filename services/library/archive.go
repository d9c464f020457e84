package library

import (
	"context"
	"strings"
)

// Origin says which archive a source came in.
type Origin struct {
	Archive SourceID `json:"archive"` // may be deleted by now
	Name    string   `json:"name"`    // what the archive was called then
	Path    string   `json:"path"`    // inside it
}

// Contents count the members of an archive. Until it is ready they grow.
type Contents struct {
	Members int `json:"members"` // those below together
	Added   int `json:"added"`   // came in with it
	Known   int `json:"known"`   // the box had them already
	Left    int `json:"left"`    // are no sources, and lie in the archive's original
	// Trouble says why it could not be followed to its end; what came before that
	// has come in.
	Trouble *Reason `json:"trouble,omitempty"`
}

// Member is a file in an archive. Members are numbered from 0 in its order.
type Member struct {
	Number int
	Path   string
	Size   int64    // bytes; 0 when it was left out
	Source SourceID // the one that it is, also when that is deleted by now; empty: left out
	Known  bool     // the box had it already
	Reason *Reason  // why it was left out
}

// Limits on archives, whoever takes them apart.
const (
	MaxMembers = 50_000
	MaxPath    = 2 << 10 // bytes of a member's path
	// MaxMembersAtOnce bounds what is handed in together.
	MaxMembersAtOnce = 500
)

// Members returns up to n members of an archive from number from on. Those that
// are not an archive have none.
func (l *Library) Members(ctx context.Context, id SourceID, from, n int) ([]Member, error) {
	if from < 0 || n < 1 {
		return nil, fault(Invalid, "from", "Members are counted from 0.", "")
	}
	return l.o.Store.Members(ctx, id, from, n)
}

// DeleteArchive deletes an archive and every source that came in with it. Those
// that the box had before stay. The archive goes last, so that what a crash
// leaves is deleted by deleting it again.
func (l *Library) DeleteArchive(ctx context.Context, id SourceID) error {
	if err := l.stop(ctx, id); err != nil {
		return err
	}
	for from := 0; ; from += MaxMembersAtOnce {
		members, err := l.o.Store.Members(ctx, id, from, MaxMembersAtOnce)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := l.deleteMember(ctx, id, m.Source); err != nil {
				return err
			}
		}
		if len(members) < MaxMembersAtOnce {
			return l.Delete(ctx, id)
		}
	}
}

// stop ends the taking apart of an archive, so that nothing comes any more.
func (l *Library) stop(ctx context.Context, id SourceID) error {
	_, err := l.Cancel(ctx, id)
	if isKind(err, Conflict) {
		return nil // it has ended
	}
	return err
}

func (l *Library) deleteMember(ctx context.Context, archive, id SourceID) error {
	if id == "" {
		return nil
	}
	s, err := l.o.Store.Source(ctx, id)
	if isKind(err, NotFound) || err == nil && (s.Origin == nil || s.Origin.Archive != archive) {
		return nil
	}
	if err == nil {
		err = l.Delete(ctx, id)
	}
	if isKind(err, NotFound) {
		return nil
	}
	return err
}

// listing is the text of an archive: the paths in it.
func (l *Library) listing(ctx context.Context, id SourceID) ([]Passage, error) {
	var out []Passage
	var b strings.Builder
	total := 0
	cut := func() {
		if b.Len() > 0 {
			out = append(out, Passage{Number: len(out), Text: strings.TrimRight(b.String(), "\n")})
			b.Reset()
		}
	}
	for from := 0; ; from += MaxMembersAtOnce {
		members, err := l.o.Store.Members(ctx, id, from, MaxMembersAtOnce)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if total += len(m.Path) + 1; total > MaxReadingText {
				break
			}
			if b.Len()+len(m.Path) >= MaxPassage {
				cut()
			}
			b.WriteString(m.Path + "\n")
		}
		if len(members) < MaxMembersAtOnce {
			cut()
			return out, nil
		}
	}
}
