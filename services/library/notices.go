package library

import (
	"context"
	"time"
)

// Notices tells a program of the owner's of alarms. Errors are *Error.
type Notices interface {
	Notices(ctx context.Context) (NoticesState, error)
	// SetNotices has another program told, in the language of the pages, or
	// nobody where the wish is zero. Alarms that stand are told to it anew.
	SetNotices(ctx context.Context, wish NoticeWish, language string) error
	// TryNotice sends one that says that nothing is wrong, and returns what came
	// back. Its error is of the kind Conflict where it was not taken.
	TryNotice(ctx context.Context, language string) (NoticeReceipt, error)
}

// NoticeKind is how a program wants to be told.
type NoticeKind string

// The kinds.
const (
	NoticeWebhook NoticeKind = "webhook"
	NoticeNtfy    NoticeKind = "ntfy"
)

// NoticeWish is who is to be told. Zero is nobody.
type NoticeWish struct {
	Kind    NoticeKind
	Address string // URL, a secret
}

// NoticeTarget is what may be said of who is told.
type NoticeTarget struct {
	Kind   NoticeKind
	Host   string // empty: nobody is told
	Locked bool   // the configuration decides
}

// NoticesState is how telling goes.
type NoticesState struct {
	NoticeTarget
	Waiting int       // notices that have not been taken yet
	Lost    int       // that were too many to be kept
	Sent    time.Time // when one was taken last; zero: never
	Failure *Reason   // of the last attempt; nil: it was taken
	Failed  time.Time
	Next    time.Time // when it is tried again; zero: nothing waits
}

// NoticeEvent is an alarm that began or ended.
type NoticeEvent struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Over  bool      `json:"over,omitempty"` // it ended
	Alarm AlarmCode `json:"alarm"`          // empty: nothing is wrong, it is a test
	Grave bool      `json:"grave,omitempty"`
	Free  int64     `json:"free,omitempty"`  // as in Alarm
	When  time.Time `json:"when,omitzero"`   // Alarm.At
	Cause string    `json:"cause,omitempty"` // the code of Alarm.Reason; its message may name something
}

// Notice is an event in words.
type Notice struct {
	NoticeEvent
	Title, Text string
	Box         string // its id
}

// NoticeReceipt is what came back.
type NoticeReceipt struct {
	Status int    // of HTTP
	Said   string // the beginning of the answer, in the other side's words
}

// Messenger sends a notice to who is told. Its error is an *Error with a Code.
type Messenger interface {
	Send(ctx context.Context, n Notice) (NoticeReceipt, error)
}

// NoticePlace keeps who is told. Errors are *Error.
type NoticePlace interface {
	NoticeTarget(ctx context.Context) (NoticeTarget, error)
	SetNoticeTarget(ctx context.Context, wish NoticeWish) error
}

// NoticeBook is what has been told and what has not.
type NoticeBook struct {
	Language string        `json:"language,omitempty"` // a code of the pages' languages
	Standing []NoticeEvent `json:"standing,omitempty"` // alarms whose beginning is told, or waits to be
	Waiting  []NoticeEvent `json:"waiting,omitempty"`  // the oldest first
	Lost     int           `json:"lost,omitempty"`
	Sent     time.Time     `json:"sent,omitzero"`
	Failure  *Reason       `json:"failure,omitempty"`
	Failed   time.Time     `json:"failed,omitzero"`
	Tries    int           `json:"tries,omitempty"` // in a row that failed
	Next     time.Time     `json:"next,omitzero"`
}

// NoticeBooks keeps the book. A write is on disk when it returns.
type NoticeBooks interface {
	NoticeBook(ctx context.Context) (NoticeBook, error)
	UpdateNoticeBook(ctx context.Context, f func(*NoticeBook) error) error
}
