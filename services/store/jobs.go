package store

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// Queue implements library.Store.
func (s *Store) Queue(ctx context.Context, f func(library.Job) error) error {
	return s.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bJobs)).ForEach(func(k, v []byte) error {
			j, err := decodeJob(v)
			if err != nil {
				return err
			}
			return f(j.job(library.SourceID(k), ""))
		})
	})
}

// Jobs implements library.Store. A cursor is the last key: an id, or a key of
// finished.
func (s *Store) Jobs(ctx context.Context, state library.JobState, p library.Page) (out library.List[library.Job], err error) {
	limit, bucket := limitOf(p), bJobs
	if state != library.JobWaiting {
		bucket = bFinished
		if _, _, err := splitFinished(p.Cursor); p.Cursor != "" && err != nil {
			return out, badCursor()
		}
	}
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = library.List[library.Job]{Total: countJobs(tx, bucket)}
		last := ""
		for d := descend(tx, bucket, "", p.Cursor); d.at != ""; d.next() {
			if len(out.Items) == limit {
				out.Next = last
				return nil
			}
			last = d.at
			j, err := readJob(tx, bucket, d.at)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, j)
		}
		return nil
	})
	return out, err
}

// readJob reads a row of jobs or finished with the title of its source.
func readJob(tx *bolt.Tx, bucket, key string) (library.Job, error) {
	v := get(tx, bucket, key)
	if bucket == bJobs {
		id := library.SourceID(key)
		j, err := decodeJob(v)
		if err != nil {
			return library.Job{}, err
		}
		r, err := getSource(tx, id)
		return j.job(id, r.Title), err
	}
	ended, id, err := splitFinished(key)
	if err != nil {
		return library.Job{}, err
	}
	var f finishedRow
	if err := decode(bFinished, v, &f); err != nil {
		return library.Job{}, err
	}
	r, err := getSource(tx, id)
	return library.Job{
		Source: id, Title: r.Title, State: f.State, Attempts: f.Attempts, Reason: f.Reason, UpdatedAt: ended,
	}, err
}

// countJobs counts the rows of jobs or finished.
func countJobs(tx *bolt.Tx, bucket string) int {
	if bucket == bFinished {
		return int(number(get(tx, bCounts, jobCount(library.JobDone))) + number(get(tx, bCounts, jobCount(library.JobFailed))))
	}
	// Each queued source has one waiting job, and no other has.
	n, prefix := 0, string(library.StatusQueued)+"\x00"
	c := tx.Bucket([]byte(bCounts)).Cursor()
	for k, v := c.Seek([]byte(prefix)); k != nil && len(k) > len(prefix) && string(k[:len(prefix)]) == prefix; k, v = c.Next() {
		n += int(number(v))
	}
	return n
}

// JobCounts implements library.Store.
func (s *Store) JobCounts(ctx context.Context) (out map[library.JobState]int, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = map[library.JobState]int{
			library.JobWaiting: countJobs(tx, bJobs),
			library.JobDone:    int(number(get(tx, bCounts, jobCount(library.JobDone)))),
			library.JobFailed:  int(number(get(tx, bCounts, jobCount(library.JobFailed)))),
		}
		return nil
	})
	return out, err
}

// Requeue implements library.Store.
func (s *Store) Requeue(ctx context.Context, id library.SourceID, now time.Time) (out library.Source, job library.Job, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, err := getSource(tx, id)
		if err != nil {
			return err
		}
		if was.Status != library.StatusFailed && was.Status != library.StatusCancelled {
			return conflict("Only a failed or cancelled source can be tried again.", "This one is "+string(was.Status)+".")
		}
		r, j := was, jobRow{Due: toMillis(now)}
		if err := dropFinished(tx, &r); err != nil {
			return err
		}
		r.Status, r.Reason, r.Archive = library.StatusQueued, nil, nil
		if err := dropMembers(tx, id); err != nil {
			return err
		}
		out, job = r.source(id), j.job(id, r.Title)
		if err := putJob(tx, id, j); err != nil {
			return err
		}
		return putSource(tx, id, &was, r)
	})
	return out, job, err
}

// Cancel implements library.Store.
func (s *Store) Cancel(ctx context.Context, id library.SourceID) (out library.Source, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, err := getSource(tx, id)
		if err != nil {
			return err
		}
		if was.Status != library.StatusQueued {
			return conflict("Only a source that waits or is being read can be cancelled.", "This one is "+string(was.Status)+".")
		}
		r := was
		r.Status = library.StatusCancelled
		out = r.source(id)
		if err := tx.Bucket([]byte(bJobs)).Delete([]byte(id)); err != nil {
			return err
		}
		return putSource(tx, id, &was, r)
	})
	return out, err
}

// waiting reads a source that waits to be read, and its job.
func waiting(tx *bolt.Tx, id library.SourceID) (sourceRow, jobRow, error) {
	r, err := getSource(tx, id)
	if err != nil {
		return r, jobRow{}, err
	}
	v := get(tx, bJobs, string(id))
	if r.Status != library.StatusQueued || v == nil {
		return r, jobRow{}, conflict("The source does not wait to be read.", "It is "+string(r.Status)+".")
	}
	j, err := decodeJob(v)
	return r, j, err
}

// Commit implements library.Store.
func (s *Store) Commit(ctx context.Context, id library.SourceID, reading library.Reading, now time.Time) (out library.Source, seq uint64, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, job, err := waiting(tx, id)
		if err != nil {
			return err
		}
		passages := tx.Bucket([]byte(bPassages))
		passages.FillPercent = appendFill
		for i, p := range reading.Passages {
			if err := passages.Put(passageKey(id, i), encodePassage(p)); err != nil {
				return err
			}
		}
		r := was
		r.Status, r.Reason, r.Type = library.StatusReady, nil, reading.Type
		r.Pages, r.Passages, r.Ready = reading.Pages, len(reading.Passages), toMillis(now)
		if reading.Title != "" && !r.Named {
			r.Title = reading.Title
		}
		r.Archive = withTrouble(r.Archive, reading.Trouble)
		if seq, err = appendChange(tx, was.Change, library.Change{Source: id}); err != nil {
			return err
		}
		r.Change = seq
		if err := finish(tx, id, &r, finishedRow{State: library.JobDone, Attempts: job.Attempts}, now); err != nil {
			return err
		}
		out = r.source(id)
		return putSource(tx, id, &was, r)
	})
	return out, seq, err
}

// RecordFailure implements library.Store.
func (s *Store) RecordFailure(ctx context.Context, id library.SourceID, reason library.Reason, attempts int, notBefore, now time.Time) (out library.Source, job library.Job, err error) {
	if attempts < 0 || attempts > 255 {
		return out, job, translate(fmt.Errorf("%d attempts", attempts))
	}
	err = s.update(ctx, func(tx *bolt.Tx) error {
		was, _, err := waiting(tx, id)
		if err != nil {
			return err
		}
		if !notBefore.IsZero() {
			j := jobRow{Due: toMillis(notBefore), Attempts: attempts, Reason: &reason}
			out, job = was.source(id), j.job(id, was.Title)
			return putJob(tx, id, j)
		}
		r := was
		r.Status, r.Reason = library.StatusFailed, &reason
		row := finishedRow{State: library.JobFailed, Attempts: attempts, Reason: &reason}
		if err := finish(tx, id, &r, row, now); err != nil {
			return err
		}
		out = r.source(id)
		job = library.Job{
			Source: id, Title: r.Title, State: row.State, Attempts: attempts, Reason: &reason, UpdatedAt: fromMillis(toMillis(now)),
		}
		return putSource(tx, id, &was, r)
	})
	return out, job, err
}

// finish moves a job from waiting to finished; r then names its key.
func finish(tx *bolt.Tx, id library.SourceID, r *sourceRow, row finishedRow, now time.Time) error {
	if err := tx.Bucket([]byte(bJobs)).Delete([]byte(id)); err != nil {
		return err
	}
	if err := dropFinished(tx, r); err != nil {
		return err
	}
	r.Finished = finishedKey(now, id)
	b := tx.Bucket([]byte(bFinished))
	b.FillPercent = appendFill
	if err := putJSON(b, r.Finished, row); err != nil {
		return err
	}
	return count(tx, jobCount(row.State), +1)
}

// dropFinished removes the finished job of a source, if it is still kept.
func dropFinished(tx *bolt.Tx, r *sourceRow) error {
	v := get(tx, bFinished, r.Finished)
	if r.Finished == "" || v == nil {
		return nil
	}
	var row finishedRow
	if err := decode(bFinished, v, &row); err != nil {
		return err
	}
	if err := count(tx, jobCount(row.State), -1); err != nil {
		return err
	}
	err := tx.Bucket([]byte(bFinished)).Delete([]byte(r.Finished))
	r.Finished = ""
	return err
}

// removeAtOnce bounds one transaction that removes what has had its time.
const removeAtOnce = 2000

// PruneJobs implements library.Store, in several transactions when there are
// many. Sources go on naming the pruned key; it is then not found.
func (s *Store) PruneJobs(ctx context.Context, t time.Time) error {
	for {
		end := finishedKey(t, "")
		var keys []string
		err := s.view(ctx, func(tx *bolt.Tx) error {
			keys = nil
			c := tx.Bucket([]byte(bFinished)).Cursor()
			for k, _ := c.First(); k != nil && string(k) < end && len(keys) < removeAtOnce; k, _ = c.Next() {
				keys = append(keys, string(k))
			}
			return nil
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		err = s.update(ctx, func(tx *bolt.Tx) error {
			for _, k := range keys {
				if err := dropFinished(tx, &sourceRow{Finished: k}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(keys) < removeAtOnce {
			return err
		}
	}
}
