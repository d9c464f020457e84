package library

// Event tells that something changed. Subscribers get ids that grow by one;
// a subscriber that asks for an id no longer kept gets a single "reset".
type Event struct {
	ID   uint64
	Kind EventKind
	// Source is set for job and source events; Deleted when it is gone.
	Source  *Source
	Job     *Job
	Deleted SourceID
}

// EventKind is the event's name on the wire.
type EventKind string

// The kinds of event.
const (
	EventJob    EventKind = "job"
	EventSource EventKind = "source"
	EventBox    EventKind = "box"
	EventReset  EventKind = "reset"
)
