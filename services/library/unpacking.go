package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Unpack says under a live lease that its original is an archive, which is now
// taken apart.
func (l *Library) Unpack(ctx context.Context, id LeaseID) error {
	return l.under(id, func(j job) error {
		s, err := l.o.Store.BeginArchive(ctx, j.source)
		if err == nil {
			l.tell(l.live(s), nil)
		}
		return err
	})
}

// Plan says how many files the directory of an archive lists, and how many bytes
// it says they have. Where those have no room, the source fails with that reason
// before anything comes in.
func (l *Library) Plan(ctx context.Context, id LeaseID, files int, size int64) error {
	if files < 0 || size < 0 {
		return fault(Invalid, "plan", "There is no such plan.", "")
	}
	if _, ok := l.queue.leased(id); !ok {
		return errLost()
	}
	free, err := l.o.Blobs.Free()
	if err != nil || size <= free {
		return err
	}
	reason := Reason{Code: "no_room", Message: fmt.Sprintf(
		"The files in the archive take %s, and %s are free. Free some space on the volume and try again, or unpack it yourself and add what you need.",
		megabytes(size), megabytes(free))}
	if err := l.Fail(ctx, id, Failure{Reason: reason}); err != nil {
		return err
	}
	return errLost()
}

func megabytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", (n+1e6-1)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// Leave hands in members that are no sources, in their order, after all before.
func (l *Library) Leave(ctx context.Context, id LeaseID, left []Member) error {
	if err := checkMembers(left); err != nil || len(left) == 0 {
		return err
	}
	return l.under(id, func(j job) error {
		_, _, err := l.o.Store.AddMembers(ctx, j.source, left, nil)
		return err
	})
}

// AddMember hands in the members that were left out before m, and m with its
// bytes: it becomes a source, unless the box has it. On a full disk the archive
// waits and the lease is void; what has come in stays.
func (l *Library) AddMember(ctx context.Context, id LeaseID, left []Member, m Member, r io.Reader) error {
	m.Source, m.Reason = "", nil
	if err := checkMembers(append(left[:len(left):len(left)], m)); err != nil {
		return err
	}
	return l.under(id, func(j job) error {
		archive, err := l.o.Store.Source(ctx, j.source)
		if err != nil {
			return err
		}
		name := baseName(m.Path)
		s := Source{Title: titleFrom(name), FileName: name, Origin: &Origin{Archive: archive.ID, Name: archive.named(), Path: m.Path}}
		_, _, err = l.take(ctx, s, r, func(ctx context.Context, s Source) (Source, bool, error) {
			m.Size = s.Size
			return l.o.Store.AddMembers(ctx, archive.ID, append(left[:len(left):len(left)], m), &s)
		})
		if e := (*Error)(nil); errors.As(err, &e) && e.Kind == TooLarge {
			m.Reason = &Reason{Code: "too_large", Message: e.Message}
			_, _, err = l.o.Store.AddMembers(ctx, archive.ID, append(left[:len(left):len(left)], m), nil)
		}
		return err
	})
}

// named is what a source is called where it is told from others.
func (s *Source) named() string {
	if s.FileName != "" {
		return s.FileName
	}
	return s.Title
}

// under runs f for the job of a live lease. Where the store says that the archive
// is gone or no longer taken apart, the lease was lost; where it is out of
// room, the archive waits.
func (l *Library) under(id LeaseID, f func(job) error) error {
	j, ok := l.queue.leased(id)
	if !ok {
		return errLost()
	}
	err := f(j)
	switch {
	case isKind(err, NotFound), isKind(err, Conflict):
		l.queue.abandon(id)
		return errLost()
	case isKind(err, Full):
		l.queue.giveBack(id, l.o.Now().Add(storeTrouble))
		l.o.Log.Warn("an archive waits for room on the disk", "source", j.source)
		l.tellWaiting(context.Background(), j.source)
	}
	return err
}

// CompleteArchive ends the taking apart under a live lease: all members have been
// handed in, or those before trouble, which may be nil.
func (l *Library) CompleteArchive(ctx context.Context, id LeaseID, members int, trouble *Reason) error {
	if trouble != nil {
		trouble = tidied(*trouble)
	}
	return l.finish(ctx, id, func(j job) error {
		s, err := l.o.Store.Source(ctx, j.source)
		if err != nil {
			return err
		}
		if s.Archive == nil || s.Archive.Members != members {
			return fault(Invalid, "members", "Members of the archive are missing.", "")
		}
		passages, err := l.listing(ctx, j.source)
		if err != nil {
			return err
		}
		l.follower.expect(j.source)
		_, seq, err := l.o.Store.Commit(ctx, j.source, Reading{Type: TypeArchive, Passages: passages, Trouble: trouble}, l.o.Now())
		if err != nil {
			l.follower.forget(j.source)
			return err
		}
		l.queue.remove(j.source)
		l.follower.settle(j.source, seq)
		return nil
	})
}

// tidied is a reason as it is kept and shown.
func tidied(r Reason) *Reason {
	r.Code, r.Message = clean(r.Code, 40), clean(r.Message, 500)
	if r.Code == "" || r.Message == "" {
		r = Reason{Code: "malformed", Message: "The document could not be read."}
	}
	return &r
}

// checkMembers tidies what is said of members and refuses what nobody of ours
// would send.
func checkMembers(members []Member) error {
	bad := func(what string) error { return fault(Invalid, "members", "The members cannot be kept.", what) }
	if len(members) > MaxMembersAtOnce+1 {
		return bad("too many at once")
	}
	for i := range members {
		m := &members[i]
		switch {
		case m.Number != members[0].Number+i || m.Number < 0 || m.Number >= MaxMembers:
			return bad("out of order")
		case m.Path == "" || len(m.Path) > MaxPath || !utf8.ValidString(m.Path):
			return bad("an impossible path")
		}
		m.Path, m.Source, m.Size, m.Known = clean(m.Path, MaxPath), "", 0, false
		if m.Reason != nil {
			m.Reason = tidied(*m.Reason)
		}
	}
	return nil
}
