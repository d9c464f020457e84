package library

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Jobs lists jobs: running, then waiting, then finished, newest first in each.
// A cursor is the letter of its section and a cursor in it.
func (l *Library) Jobs(ctx context.Context, p Page) (List[Job], error) {
	p, err := checkPage(p)
	if err != nil {
		return List[Job]{}, err
	}
	section, cursor := "r", ""
	if p.Cursor != "" {
		section, cursor = p.Cursor[:1], p.Cursor[1:]
		if !strings.Contains("rwf", section) {
			return List[Job]{}, fault(Invalid, "cursor", "The cursor is not one of this list.", "Start again without it.")
		}
	}
	counts, err := l.o.Store.JobCounts(ctx)
	if err != nil {
		return List[Job]{}, err
	}
	out := List[Job]{Total: counts[JobWaiting] + counts[JobDone] + counts[JobFailed]}

	if section == "r" {
		for _, j := range l.queue.running() {
			if cursor != "" && string(j.source) >= cursor {
				continue
			}
			if s, err := l.Source(ctx, j.source); err != nil || s.Status != StatusProcessing {
				continue // it ended a moment ago, and is listed as what it became
			}
			if len(out.Items) == p.Limit {
				out.Next = "r" + string(out.Items[p.Limit-1].Source)
				return out, nil
			}
			out.Items = append(out.Items, j.view())
		}
		section, cursor = "w", ""
	}
	for _, part := range []struct {
		letter string
		state  JobState
	}{{"w", JobWaiting}, {"f", JobDone}} {
		if section != part.letter {
			continue
		}
		room := p.Limit - len(out.Items)
		if room == 0 {
			out.Next = section
			return out, nil
		}
		list, err := l.o.Store.Jobs(ctx, part.state, Page{Limit: room, Cursor: cursor})
		if err != nil {
			return List[Job]{}, err
		}
		for _, j := range list.Items {
			if part.state != JobWaiting {
				out.Items = append(out.Items, j)
			} else if losses, due, waits := l.queue.losses(j.Source); waits {
				out.Items = append(out.Items, interrupted(j, losses, due))
			}
		}
		if list.Next != "" {
			out.Next = section + list.Next
			return out, nil
		}
		section, cursor = "f", ""
	}
	return out, nil
}

// interrupted says of a waiting job that it keeps losing its readers: nothing
// is charged for that, but nobody is to wonder why it waits.
func interrupted(j Job, losses int, due time.Time) Job {
	if losses > 1 {
		j.NotBefore = due.UTC()
		j.Reason = &Reason{Code: "interrupted", Message: fmt.Sprintf(
			"Reading was interrupted %d times without an answer about the document. It is tried again.", losses)}
	}
	return j
}

// JobCounts counts jobs by state.
func (l *Library) JobCounts() map[JobState]int {
	counts, err := l.o.Store.JobCounts(context.Background())
	if err != nil {
		l.o.Log.Error("jobs could not be counted", "err", err)
		counts = map[JobState]int{}
	}
	counts[JobWaiting], counts[JobRunning] = l.queue.counts()
	return counts
}

// view is a leased job as lists and events show it.
func (j *job) view() Job {
	return Job{
		Source: j.source, Title: j.title, State: JobRunning,
		Attempts: j.attempts, Progress: j.progress, UpdatedAt: j.since.UTC(),
	}
}

// tell publishes a source and its job.
func (l *Library) tell(s Source, j *Job) {
	events := []Event{{Kind: EventSource, Source: &s}}
	if j != nil {
		events = append(events, Event{Kind: EventJob, Job: j, Source: &s})
	}
	l.hub.publish(events...)
}

// tellWaiting publishes that a source lost its reader.
func (l *Library) tellWaiting(ctx context.Context, id SourceID) {
	s, err := l.o.Store.Source(ctx, id)
	if err != nil || s.Status != StatusQueued {
		return // it changed meanwhile, and that was told
	}
	l.tell(s, &Job{Source: id, Title: s.Title, State: JobWaiting, UpdatedAt: l.o.Now()})
}
