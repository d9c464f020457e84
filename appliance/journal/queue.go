package journal

import "sync"

// queueBytes is how much of one service waits for one end of the journal.
const queueBytes = 256 << 10

// entryCost is what an entry takes besides its text, in bytes.
const entryCost = 128

// entry is a line on its way to an end.
type entry struct {
	line    Line
	printed string // with time and level, as the service printed it
	asItIs  bool
}

func (e *entry) cost() int { return len(e.printed) + len(e.line.Text) + entryCost }

// queue holds lines for one end. Each service has a share of its own, so that
// a chatty one takes nothing from the others.
type queue struct {
	wake chan struct{}

	mu      sync.Mutex // guards what follows
	waiting []entry
	held    map[string]int // bytes waiting or being written, by service
	dropped map[string]int // lines, by service
	closed  bool
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), held: map[string]int{}, dropped: map[string]int{}}
}

// put never waits.
func (q *queue) put(e entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch service := e.line.Service; {
	case q.closed:
		return
	case q.held[service]+e.cost() > queueBytes:
		q.dropped[service]++
	default:
		q.held[service] += e.cost()
		q.waiting = append(q.waiting, e)
	}
	q.nudge()
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close lets take end once everything is taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.nudge()
}

// take waits for what there is to write: lines, which count as held until done
// is called with them, or only a nudge. more is false after the last.
func (q *queue) take() (lines []entry, dropped map[string]int, more bool) {
	<-q.wake
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, q.waiting = q.waiting, nil
	dropped, q.dropped = q.dropped, map[string]int{}
	return lines, dropped, !q.closed
}

// done gives back the room of lines that were written.
func (q *queue) done(lines []entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range lines {
		q.held[lines[i].line.Service] -= lines[i].cost()
	}
}

// bytes is how much is held for all services.
func (q *queue) bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, held := range q.held {
		n += held
	}
	return n
}
