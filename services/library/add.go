package library

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Add streams an original in and queues it. Known content returns the existing
// source with created false.
func (l *Library) Add(ctx context.Context, fileName string, r io.Reader) (s Source, created bool, err error) {
	name := baseName(fileName)
	return l.add(ctx, Source{Title: titleFrom(name), FileName: name}, r)
}

// AddText adds a note: title and text, stored as a Markdown original of at
// most MaxNote bytes. The title stays as given.
func (l *Library) AddText(ctx context.Context, title, text string) (s Source, created bool, err error) {
	if title, err = checkTitle(title); err != nil {
		return Source{}, false, err
	}
	switch {
	case strings.TrimSpace(text) == "":
		return Source{}, false, fault(Invalid, "text", "The note is empty.", "Write something and save it again.")
	case len(text) > MaxNote:
		return Source{}, false, fault(TooLarge, "text", "The note is longer than 10 MiB.", "Save it as a file and add the file.")
	case !utf8.ValidString(text):
		return Source{}, false, fault(Invalid, "text", "The note is not UTF-8 text.", "Save it as a file and add the file.")
	}
	name := baseName(strings.Map(dashed, title) + ".md")
	return l.add(ctx, Source{Title: title, Named: true, FileName: name}, strings.NewReader(text))
}

// dashed keeps a title from being taken for a path when it names a file.
func dashed(r rune) rune {
	if r == '/' || r == '\\' {
		return '-'
	}
	return r
}

func checkTitle(title string) (string, error) {
	if utf8.RuneCountInString(title) > MaxTitle {
		return "", fault(Invalid, "title", "The title is longer than 500 characters.", "Shorten it.")
	}
	if title = clean(title, MaxTitle); title == "" {
		return "", fault(Invalid, "title", "The title is empty.", "Give it a name.")
	}
	return title, nil
}

func (l *Library) add(ctx context.Context, s Source, r io.Reader) (Source, bool, error) {
	return l.take(ctx, s, r, l.o.Store.AddSource)
}

// take keeps what r gives as the original of s, has put write s and its job, and
// queues it.
func (l *Library) take(ctx context.Context, s Source, r io.Reader, put func(context.Context, Source) (Source, bool, error)) (Source, bool, error) {
	staged, err := l.o.Blobs.Stage(ctx, r, l.o.MaxUpload)
	if err != nil {
		return Source{}, false, err
	}
	defer staged.Discard()
	if staged.Size() == 0 {
		return Source{}, false, fault(Invalid, "file", "The file is empty.", "Nothing was added; choose another file.")
	}
	s.SHA256, s.Size = staged.SHA256(), staged.Size()

	// From here to the end nobody removes this blob. It is published before
	// the store is asked, so that known content whose original was lost from
	// the disk gets it back.
	defer l.blobs.lock(s.SHA256)()
	if err := staged.Publish(); err != nil {
		return Source{}, false, err
	}
	s.ID, s.Status, s.AddedAt = l.ids.next(), StatusQueued, l.o.Now()
	stored, created, err := put(ctx, s)
	if isKind(err, Full) {
		// Nothing keeps the blob: it would take up the room that is wanted.
		if _, kept := l.o.Store.BySHA256(ctx, s.SHA256); isKind(kept, NotFound) {
			err = errors.Join(err, l.o.Blobs.Remove(s.SHA256))
		}
	}
	if err != nil {
		return Source{}, false, err // after other errors the blob stays until it is swept
	}
	l.done.arrived(s.Size, created)
	if !created {
		return l.live(stored), false, nil
	}
	// Told before it is queued: a reader may finish before this line's sequel.
	l.tell(stored, &Job{Source: stored.ID, Title: stored.Title, State: JobWaiting, UpdatedAt: stored.AddedAt})
	l.queue.push(stored.ID, stored.AddedAt, 0)
	return stored, true, nil
}
