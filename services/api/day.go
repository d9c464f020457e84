package api

import (
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// day is a time in a query: RFC 3339, or a date, which stands for the whole
// day in UTC. start is its first instant; end is the instant after a day, and
// the instant itself for a time.
type day struct{ start, end time.Time }

// UnmarshalText lets huma read a day.
func (d *day) UnmarshalText(b []byte) error {
	if t, err := time.Parse(time.DateOnly, string(b)); err == nil {
		d.start, d.end = t, t.AddDate(0, 0, 1)
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return errors.New("expected a date (2006-01-02) or a time (RFC 3339)")
	}
	d.start, d.end = t, t
	return nil
}

// Schema describes a day.
func (d *day) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Description: "A date or an RFC 3339 time.", Examples: []any{"2006-01-02"}}
}
