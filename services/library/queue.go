package library

import (
	"container/heap"
	"context"
	"crypto/rand"
	"sort"
	"sync"
	"time"
)

// queue holds the waiting jobs in memory, in the order they fall due, and the
// leases on those being read. It loses nothing by dying with the process: the
// store has every job, and a lease that is lost costs nothing.
type queue struct {
	now func() time.Time

	mu      sync.Mutex
	jobs    map[SourceID]*job
	due     dueHeap
	leases  map[LeaseID]*job
	changed chan struct{} // closed and replaced when a job or a lease is added or moves
}

// job is waiting (lease empty) or leased.
type job struct {
	source   SourceID
	title    string // known once leased
	due      time.Time
	attempts int
	losses   int // leases lost or given back since it was queued
	slot     int // in the heap; -1 when leased

	lease    LeaseID
	expires  time.Time
	progress Progress
	since    time.Time
	told     time.Time // when its progress was last an event
}

func newQueue(now func() time.Time) *queue {
	return &queue{
		now: now, jobs: map[SourceID]*job{}, leases: map[LeaseID]*job{},
		changed: make(chan struct{}),
	}
}

// push queues a source anew, in place of what was known of it.
func (q *queue) push(id SourceID, due time.Time, attempts int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop(id)
	j := &job{source: id, due: due, attempts: attempts}
	q.jobs[id] = j
	heap.Push(&q.due, j)
	q.signal()
}

// remove forgets a source; a lease on it is void from now on.
func (q *queue) remove(id SourceID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop(id)
}

func (q *queue) drop(id SourceID) {
	j := q.jobs[id]
	if j == nil {
		return
	}
	delete(q.jobs, id)
	if j.lease != "" {
		delete(q.leases, j.lease)
		q.signal() // there is room for another lease
	} else {
		heap.Remove(&q.due, j.slot)
	}
}

// take waits for a due job and leases it.
func (q *queue) take(ctx context.Context) (job, error) {
	for {
		if err := ctx.Err(); err != nil {
			return job{}, err
		}
		j, ok, wait, changed := q.tryTake()
		if ok {
			return j, nil
		}
		if err := pause(ctx, wait, changed); err != nil {
			return job{}, err
		}
	}
}

// maxLeases bounds what readers hold together, so that a hostile one cannot
// take the whole queue.
const maxLeases = 64

// forever is longer than any job waits.
const forever = time.Duration(1<<63 - 1)

// tryTake leases a due job, or says how long nothing will be due unless
// changed closes first.
func (q *queue) tryTake() (j job, ok bool, wait time.Duration, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 || len(q.leases) >= maxLeases {
		return job{}, false, forever, q.changed
	}
	now := q.now()
	if wait = q.due[0].due.Sub(now); wait > 0 {
		return job{}, false, wait, q.changed
	}
	top := heap.Pop(&q.due).(*job)
	top.slot, top.lease = -1, LeaseID(rand.Text())
	top.expires, top.since, top.progress, top.told = now.Add(LeaseTTL), now, Progress{}, time.Time{}
	q.leases[top.lease] = top
	if len(q.leases) == 1 {
		q.signal() // there is an expiry to wait for now
	}
	return *top, true, 0, nil
}

// expire returns overdue leases to the queue; q.mu is held.
func (q *queue) expire() (expired []job) {
	now := q.now()
	for _, j := range q.leases {
		if !now.Before(j.expires) {
			expired = append(expired, *j)
			q.yield(j)
		}
	}
	return expired
}

// yield makes a leased job wait again. The first time it keeps its place; a
// job that keeps losing its readers steps back behind others, for up to a
// minute, so that it cannot hold up the queue.
func (q *queue) yield(j *job) {
	delete(q.leases, j.lease)
	j.lease, j.progress = "", Progress{}
	if j.losses++; j.losses > 1 {
		j.due = q.now().Add(min(time.Second<<min(j.losses-2, 6), time.Minute))
	}
	heap.Push(&q.due, j)
	q.signal()
}

// giveBack ends a lease unread; the job is not due before notBefore.
func (q *queue) giveBack(id LeaseID, notBefore time.Time) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.live(id)
	if j == nil {
		return job{}, false
	}
	was := *j
	q.yield(j)
	if notBefore.After(j.due) {
		j.due = notBefore
		heap.Fix(&q.due, j.slot)
	}
	return was, true
}

// live is the job of an unexpired lease, or nil; q.mu is held.
func (q *queue) live(id LeaseID) *job {
	j := q.leases[id]
	if j == nil || !q.now().Before(j.expires) {
		return nil
	}
	return j
}

// leased returns a copy of the job that a live lease is for.
func (q *queue) leased(id LeaseID) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.live(id); j != nil {
		return *j, true
	}
	return job{}, false
}

// abandon forgets a lease and its job, when the job is still that lease's.
func (q *queue) abandon(id LeaseID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.leases[id]; j != nil {
		q.drop(j.source)
	}
}

// name remembers the title of a leased source, for lists of jobs.
func (q *queue) name(id LeaseID, title string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.leases[id]; j != nil {
		j.title = title
	}
}

// renew extends a lease; tell is true when its progress is worth an event.
func (q *queue) renew(id LeaseID, p Progress) (j job, tell, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.live(id)
	if l == nil {
		return job{}, false, false
	}
	now := q.now()
	l.expires = now.Add(LeaseTTL)
	if p != l.progress {
		l.progress = p
		if tell = now.Sub(l.told) >= progressEvery; tell {
			l.told = now
		}
	}
	return *l, tell, true
}

// running lists the leased jobs, newest source first.
func (q *queue) running() []job {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]job, 0, len(q.leases))
	for _, j := range q.leases {
		all = append(all, *j)
	}
	sort.Slice(all, func(a, b int) bool { return all[a].source > all[b].source })
	return all
}

func (q *queue) isLeased(id SourceID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	return j != nil && j.lease != ""
}

// losses says how often a source lost its reader and when it is due again;
// waits is false while it is leased.
func (q *queue) losses(id SourceID) (n int, due time.Time, waits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	if j == nil {
		return 0, time.Time{}, true
	}
	return j.losses, j.due, j.lease == ""
}

func (q *queue) counts() (waiting, running int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.due), len(q.leases)
}

// signal wakes everyone who waits for a change; q.mu is held.
func (q *queue) signal() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// returnExpired returns expired leases to the queue as they expire, and calls
// f for each, until ctx ends.
func (q *queue) returnExpired(ctx context.Context, f func(job)) error {
	for {
		q.mu.Lock()
		expired := q.expire()
		wait := forever
		for _, j := range q.leases {
			wait = min(wait, j.expires.Sub(q.now()))
		}
		changed := q.changed
		q.mu.Unlock()
		for _, j := range expired {
			f(j)
		}
		if err := pause(ctx, wait, changed); err != nil {
			return err
		}
	}
}

// pause waits for d, for changed to close, or for ctx to end.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	var timer <-chan time.Time
	if d < forever {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-timer:
	}
	return nil
}

// dueHeap orders waiting jobs by due time, then by source.
type dueHeap []*job

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(a, b int) bool {
	if !h[a].due.Equal(h[b].due) {
		return h[a].due.Before(h[b].due)
	}
	return h[a].source < h[b].source
}
func (h dueHeap) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].slot, h[b].slot = a, b
}
func (h *dueHeap) Push(x any) {
	j := x.(*job)
	j.slot = len(*h)
	*h = append(*h, j)
}
func (h *dueHeap) Pop() any {
	old := *h
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return j
}
