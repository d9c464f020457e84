package diagnostics

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"coffer/services/library"
)

// Library is what is asked of the library. Of sources, the codes of failures
// are used and nothing else.
type Library interface {
	SourceCounts(context.Context) (map[library.SourceFilter]int, error)
	Sources(context.Context, library.SourceFilter, library.Page) (library.List[library.Source], error)
	JobCounts() map[library.JobState]int
	Activity() library.Activity
}

// Options are where facts come from. All fields but Metrics, Log and Now are
// required.
type Options struct {
	Version  string
	Started  time.Time // of the box
	Platform Platform
	Settings []Setting
	Modules  []string // the first parts of the names of what the program is built of

	Library  Library
	Accounts library.Accounts
	Posture  func(context.Context) (library.Posture, error)
	Services func() ([]Service, error)
	Backups  func(context.Context) (library.BackupOverview, error)
	Logs     library.Logs
	Metrics  func(io.Writer) error // nil: they are off

	StoreFile, IndexFolder string

	// Hosts are names of the box, which others stand for.
	Hosts []string
	// Secrets are those of this process alone.
	Secrets func(context.Context) ([][]byte, error)
	// Sweep has the child of init answer a Request; both are JSON.
	Sweep func(ctx context.Context, request []byte) ([]byte, error)

	Log *slog.Logger
	Now func() time.Time
}

const (
	heldFor    = 10 * time.Minute
	makeWithin = 45 * time.Second
)

// Keeper makes exports and holds the last one. It is safe for concurrent use.
type Keeper struct {
	o      Options
	shapes func() *Shapes
	heads  func() *regexp.Regexp

	making sync.Mutex // one at a time
	mu     sync.Mutex // guards what follows
	last   *held
	forget *time.Timer
}

type held struct {
	library.Diagnosis
	zip []byte
}

// New returns a Keeper that holds nothing.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{o: o, shapes: sync.OnceValue(NewShapes), heads: sync.OnceValue(headOfLine)}
}

// Preview implements library.Diagnostics.
func (k *Keeper) Preview(ctx context.Context, fresh bool) (library.Diagnosis, error) {
	h, err := k.get(ctx, fresh)
	if err != nil {
		return library.Diagnosis{}, err
	}
	return h.Diagnosis, nil
}

// Held implements library.Diagnostics.
func (k *Keeper) Held() (library.Diagnosis, bool) {
	if h := k.holding(); h != nil {
		return h.Diagnosis, true
	}
	return library.Diagnosis{}, false
}

// Export implements library.Diagnostics.
func (k *Keeper) Export(ctx context.Context, id string) (library.Diagnosis, []byte, error) {
	h := k.holding()
	switch {
	case id == "":
		var err error
		if h, err = k.get(ctx, false); err != nil {
			return library.Diagnosis{}, nil, err
		}
	case h == nil || h.ID != id:
		return library.Diagnosis{}, nil, &library.Error{
			Kind: library.NotFound, Message: "This preview is no longer held.", Hint: "Make another one, look at it, and download that.",
		}
	}
	return h.Diagnosis, h.zip, nil
}

func (k *Keeper) holding() *held {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil || !k.o.Now().Before(k.last.Until) {
		return nil
	}
	return k.last
}

// get returns what is held, or makes it.
func (k *Keeper) get(ctx context.Context, fresh bool) (*held, error) {
	before := k.holding()
	if before != nil && !fresh {
		return before, nil
	}
	k.making.Lock()
	defer k.making.Unlock()
	// Who waited takes what was made meanwhile.
	if now := k.holding(); now != nil && now != before {
		return now, nil
	}
	ctx, cancel := context.WithTimeout(ctx, makeWithin)
	defer cancel()
	h, err := k.make(ctx)
	if err != nil {
		k.o.Log.Error("diagnostics are refused", "error", err)
		return nil, &library.Error{
			Kind: library.Internal, Message: "The diagnostic file was not made: it could not be shown that it holds no secret.",
			Hint: "Nothing of it is kept. Try again; if it stays so, the log of the API says which check it was.", Cause: err,
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = h
	if k.forget != nil {
		k.forget.Stop()
	}
	k.forget = time.AfterFunc(heldFor, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.last == h {
			k.last = nil
		}
	})
	return h, nil
}

func (k *Keeper) make(ctx context.Context) (*held, error) {
	now := k.o.Now()
	h := &held{Diagnosis: library.Diagnosis{ID: rand.Text()[:16], MadeAt: now, Until: now.Add(heldFor)}}
	var files []file
	files, h.LeftOut = k.collect(ctx)
	if err := k.clean(ctx, &h.Diagnosis, files); err != nil {
		return nil, err
	}
	h.Files = append([]library.DiagnosisFile{{Name: "README.txt", Text: about(h.Diagnosis, k.o.Version), Redacted: map[string]int{}}}, h.Files...)
	var err error
	if h.zip, err = pack(h.Files, now); err != nil {
		return nil, err
	}
	h.Size = int64(len(h.zip))
	return h, k.check(ctx, h.zip)
}

// clean lets the texts pass what removes secrets and names from them.
func (k *Keeper) clean(ctx context.Context, d *library.Diagnosis, files []file) error {
	own, names, err := k.known(ctx)
	if err != nil {
		return err
	}
	texts, found := make([]string, len(files)), make([]Counts, len(files))
	for i, f := range files {
		found[i] = Counts{}
		if texts[i], err = passed(found[i])(own.Clean(strings.ToValidUTF8(f.text, "?"))); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	a, err := k.ask(ctx, Request{Texts: texts})
	if err != nil {
		return err
	}
	for i, f := range files {
		found[i].Add(a.Counts[i])
		found[i].Add(f.found)
		text, err := k.named(names, &files[i], found[i], a.Texts[i])
		whole, ok := files[i].whole(text)
		if err != nil || !ok {
			d.LeftOut = append(d.LeftOut, library.DiagnosisGap{What: f.name, Why: "It could not be cleaned without being torn apart."})
			continue
		}
		if files[i].cut {
			d.LeftOut = append(d.LeftOut, library.DiagnosisGap{What: f.name, Why: "Of what would be larger than " + kB(maxClean) + " once it is clean, only the end is here."})
		}
		d.Files = append(d.Files, library.DiagnosisFile{Name: f.name, Text: whole, Redacted: found[i]})
	}
	return nil
}

// named gives what names things other names, and removes what looks like a
// secret, before and after.
func (k *Keeper) named(names *Names, f *file, found Counts, text string) (string, error) {
	text, ids := names.IDs(text)
	found.Add(ids)
	text, err := passed(found)(k.shapes().Clean(text))
	if err != nil {
		return "", err
	}
	text, others := names.Clean(text)
	found.Add(others)
	return passed(found)(k.shapes().Clean(f.shorten(text)))
}

// passed adds what a step counted to counts.
func passed(counts Counts) func(string, Counts, error) (string, error) {
	return func(text string, found Counts, err error) (string, error) {
		counts.Add(found)
		return text, err
	}
}

// known is what this process knows: its own secrets, and names.
func (k *Keeper) known(ctx context.Context) (*Sweep, *Names, error) {
	secrets, err := k.o.Secrets(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := k.o.Accounts.Settings(ctx)
	if err != nil {
		return nil, nil, err
	}
	who := Known{Hosts: slices.Concat(s.Hosts, k.o.Hosts), Modules: k.o.Modules}
	owner, err := k.o.Accounts.Owner(ctx)
	switch {
	case err == nil:
		who.Users = []string{owner.Name}
	case !errors.Is(err, &library.Error{Kind: library.NotFound}):
		return nil, nil, err
	}
	return NewSweep(secrets), NewNames(who), nil
}

func (k *Keeper) ask(ctx context.Context, r Request) (a Answer, err error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false) // a text of < would be six times as long
	if err := e.Encode(r); err != nil {
		return a, err
	}
	got, err := k.o.Sweep(ctx, body.Bytes())
	if err != nil {
		return a, fmt.Errorf("the sweep for known secrets: %w", err)
	}
	if err := json.Unmarshal(got, &a); err != nil {
		return a, errors.New("the sweep for known secrets gave no answer")
	}
	if a.Error == "" && (len(a.Counts) != len(r.Texts) || !r.Look && len(a.Texts) != len(r.Texts)) {
		a.Error = "it did not answer for every text"
	}
	if a.Error != "" {
		return a, fmt.Errorf("the sweep for known secrets: %s", a.Error)
	}
	return a, nil
}

func pack(files []library.DiagnosisFile, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "coffer-diagnostics/" + f.Name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Minute)})
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.Text); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// ErrFound refuses a finished file in which something was found.
var ErrFound = errors.New("something was found in the finished file")

// check opens the finished file again and looks through all that is in it. What
// lines of a log begin with is left out: a service could end its lines so that
// the time of the next one looked like a secret, and no file would be made.
func (k *Keeper) check(ctx context.Context, file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	own, _, err := k.known(ctx)
	if err != nil {
		return err
	}
	r := Request{Look: true}
	for _, f := range z.File {
		content, err := f.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(content, MaxTexts))
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
		said := k.heads().ReplaceAllString(string(text), "")
		for _, found := range []Counts{own.Look(said), k.shapes().Look(said)} {
			if len(found) > 0 {
				return fmt.Errorf("%w: %s, %v", ErrFound, f.Name, found)
			}
		}
		r.Texts = append(r.Texts, said)
	}
	a, err := k.ask(ctx, r)
	if err != nil {
		return err
	}
	for i, found := range a.Counts {
		if len(found) > 0 {
			return fmt.Errorf("%w: %s, %v", ErrFound, z.File[i].Name, found)
		}
	}
	return nil
}
