package index

import (
	"context"
	"runtime/debug"

	bleve "github.com/blevesearch/bleve_index_api"
	"golang.org/x/sync/errgroup"

	"coffer/services/library"
)

// batchPassages bounds the passages of one batch of the engine, and so the
// memory that it takes. More go in several batches, of which only the last one
// records the sequence: after a crash between two, all are applied again.
const batchPassages = 2000

// Apply replaces the passages of each document and drops removed sources. When
// it returns all is on disk, and the sequence with it. A source is at most once
// among docs.
func (x *Index) Apply(ctx context.Context, seq uint64, docs []library.Document, removed []library.SourceID) error {
	x.writing.Lock() // also keeps the engine from Reset and Close
	defer x.writing.Unlock()
	if x.closed {
		return closed()
	}
	if x.engine == nil {
		x.restart()
	}
	if x.engine == nil {
		return closed()
	}
	if err := x.apply(ctx, seq, docs, removed); err != nil {
		if ctx.Err() == nil {
			x.restart()
		}
		return broken("New text cannot be made searchable.", err)
	}
	return nil
}

func (x *Index) apply(ctx context.Context, seq uint64, docs []library.Document, removed []library.SourceID) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // as in Search
	defer func() {
		if r := recover(); r != nil {
			u := recovered(r)
			x.markDamaged(u)
			err = u
		}
	}()
	old, err := open(x.engine)
	if err != nil {
		return err
	}
	defer old.Close()
	w := &writer{x: x, old: old, next: old.state, batch: bleve.NewBatch(), gone: map[library.SourceID]bool{}}
	// The snapshot may hold a batch that did not reach the disk.
	w.next.seq = x.applied.Load()
	for _, id := range removed {
		if err := w.remove(id); err != nil {
			return err
		}
	}
	for _, d := range docs {
		if err := w.replace(ctx, d); err != nil {
			return err
		}
	}
	w.next.seq = seq
	return w.flush()
}

// writer collects the batches of one Apply.
type writer struct {
	x     *Index
	old   *snapshot // before the first batch
	next  state     // after the batch
	batch *bleve.Batch
	count int
	gone  map[library.SourceID]bool
}

// remove takes the passages of a source out, once.
func (w *writer) remove(id library.SourceID) error {
	if w.gone[id] {
		return nil
	}
	w.gone[id] = true
	ids, err := w.old.passagesOf(id)
	if err != nil {
		return err
	}
	for _, old := range ids {
		w.batch.Delete(old.String())
		w.next.words -= uint64(old.words)
		if old.title > 0 {
			w.next.titles--
			w.next.titled -= uint64(old.title)
		}
	}
	return nil
}

// replace puts the passages of a document in the place of its old ones. A
// source without text is there with its title.
func (w *writer) replace(ctx context.Context, d library.Document) error {
	if err := w.remove(d.Source.ID); err != nil {
		return err
	}
	ps := d.Passages
	if len(ps) == 0 {
		ps = []library.Passage{{}}
	}
	for start := 0; start < len(ps); start += batchPassages {
		part := ps[start:min(start+batchPassages, len(ps))]
		made, err := prepare(ctx, d.Source, part, start == 0)
		if err != nil {
			return err
		}
		for _, p := range made {
			w.batch.Update(p)
			w.next.words += uint64(p.id.words)
			if p.id.title > 0 {
				w.next.titles++
				w.next.titled += uint64(p.id.title)
			}
		}
		if w.count += len(made); w.count >= batchPassages {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare turns passages into words on two processors.
func prepare(ctx context.Context, s library.Source, ps []library.Passage, first bool) ([]*passage, error) {
	made := make([]*passage, len(ps))
	g, ctx := errgroup.WithContext(ctx)
	half := (len(ps) + 1) / 2
	for _, from := range []int{0, half} {
		g.Go(func() error {
			stems := stemmer{}
			for i := from; i < min(from+half, len(ps)); i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				made[i] = newPassage(s, ps[i], first && i == 0, stems)
			}
			return nil
		})
	}
	return made, g.Wait()
}

// flush writes the batch with the state that holds after it.
func (w *writer) flush() error {
	w.batch.SetInternal([]byte(stateKey), w.next.encode())
	if err := w.x.engine.Batch(w.batch); err != nil {
		return err
	}
	w.x.applied.Store(w.next.seq)
	w.batch, w.count = bleve.NewBatch(), 0
	return nil
}
