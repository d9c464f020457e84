package words

import (
	"fmt"
	"strings"
	"time"
)

// Time says when something was, relative to now and exactly.
type Time struct {
	JustNow   string
	Minutes   Plural
	Hours     Plural
	Days      Plural
	Never     string
	Date      string // %[1]d the day, %[2]s the month, %[3]d the year
	Clock     string // Go layout, with what joins it to the date
	Months    [12]string
	Millis    string // %s: a duration in milliseconds
	Seconds   string // %s: a duration in seconds
	InSecs    Plural
	InMins    Plural
	Yesterday string
}

// Ago says how long before now t was; from a month on it is the date.
func (w *Words) Ago(t, now time.Time) string {
	if t.IsZero() {
		return w.Time.Never
	}
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return w.Time.JustNow
	case d < time.Hour:
		return w.For(w.Time.Minutes, int(d/time.Minute))
	case d < 24*time.Hour:
		return w.For(w.Time.Hours, int(d/time.Hour))
	case d < 48*time.Hour:
		return w.Time.Yesterday
	case d < 30*24*time.Hour:
		return w.For(w.Time.Days, int(d/(24*time.Hour)))
	}
	return w.Date(t)
}

// Date writes the day of t, the month by name.
func (w *Words) Date(t time.Time) string {
	return fmt.Sprintf(w.Time.Date, t.Day(), w.Time.Months[t.Month()-1], t.Year())
}

// Exact writes the day and the minute of t.
func (w *Words) Exact(t time.Time) string { return w.Date(t) + t.Format(w.Time.Clock) }

// Took writes a short duration: 12 ms, 1.4 s.
func (w *Words) Took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf(w.Time.Millis, fmt.Sprint(max(1, d.Round(time.Millisecond).Milliseconds())))
	}
	s := strings.Replace(fmt.Sprintf("%.1f", d.Seconds()), ".", w.Decimal, 1)
	return fmt.Sprintf(w.Time.Seconds, s)
}

// Wait writes how long to wait, rounded up: 40 seconds, 5 minutes.
func (w *Words) Wait(seconds int) string {
	if seconds <= 90 {
		return w.For(w.Time.InSecs, max(1, seconds))
	}
	return w.For(w.Time.InMins, (seconds+59)/60)
}
