package notices

import (
	"slices"
	"time"

	"coffer/services/library"
)

// changes writes into the book what began and what ended, and reports that it
// did. missed counts the looks in a row that an alarm of the book was not there.
func changes(b *library.NoticeBook, told bool, all []library.Alarm, missed map[library.AlarmCode]int, now time.Time) bool {
	if !told { // whoever is told next hears of all that stands then
		clear(missed)
		if len(b.Standing)+len(b.Waiting) == 0 {
			return false
		}
		b.Standing, b.Waiting = nil, nil
		return true
	}
	changed := false
	for _, a := range all {
		delete(missed, a.Code)
		if stands(b.Standing, a.Code) {
			continue
		}
		e := library.NoticeEvent{ID: newID(), At: now.UTC(), Alarm: a.Code, Grave: a.Grave, Free: a.Free, When: a.At}
		if a.Reason != nil {
			e.Cause = a.Reason.Code
		}
		b.Standing = append(b.Standing, e)
		wait(b, e)
		changed = true
	}
	b.Standing = slices.DeleteFunc(b.Standing, func(e library.NoticeEvent) bool {
		if slices.ContainsFunc(all, func(a library.Alarm) bool { return a.Code == e.Alarm }) {
			return false
		}
		if missed[e.Alarm]++; missed[e.Alarm] < overAfter {
			return false
		}
		delete(missed, e.Alarm)
		changed = true
		if !slices.ContainsFunc(all, func(a library.Alarm) bool { return matter(a.Code) == matter(e.Alarm) }) {
			wait(b, library.NoticeEvent{ID: newID(), At: now.UTC(), Alarm: e.Alarm, Over: true})
		}
		return true
	})
	return changed
}

// matter puts alarms together of which one tells how the other ended.
func matter(code library.AlarmCode) library.AlarmCode {
	switch code {
	case library.AlarmDiskFull:
		return library.AlarmDiskLow
	case library.AlarmExpired:
		return library.AlarmExpires
	}
	return code
}

func stands(all []library.NoticeEvent, code library.AlarmCode) bool {
	return slices.ContainsFunc(all, func(e library.NoticeEvent) bool { return e.Alarm == code })
}

// wait puts an event at the end of those to be told.
func wait(b *library.NoticeBook, e library.NoticeEvent) {
	b.Waiting = append(b.Waiting, e)
	if more := len(b.Waiting) - maxWaiting; more > 0 {
		b.Waiting = slices.Delete(b.Waiting, 0, more)
		b.Lost += more
	}
}

// settle writes down what came of telling an event, and says when the next one
// is due. Of one that was dropped meanwhile nothing is kept.
func settle(b *library.NoticeBook, id string, failure *library.Reason, now time.Time) time.Duration {
	if !slices.ContainsFunc(b.Waiting, func(e library.NoticeEvent) bool { return e.ID == id }) {
		return 0
	}
	if failure == nil {
		b.Waiting = slices.DeleteFunc(b.Waiting, func(e library.NoticeEvent) bool { return e.ID == id })
		b.Sent, b.Failure, b.Failed, b.Tries, b.Next = now.UTC(), nil, time.Time{}, 0, time.Time{}
		return 0
	}
	b.Failure, b.Failed = failure, now.UTC()
	gap := firstWait << min(b.Tries, 10)
	b.Tries++
	b.Next = now.Add(min(gap, longestGap)).UTC()
	return b.Next.Sub(now)
}
