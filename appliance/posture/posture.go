// Package posture is how the box looks at itself: each claim of the threat
// model is a row of one table, with the check that a running box makes of it.
//
// It owns the claims and their words, the checks, what they saw last, and the
// rounds: once after the start, then every few minutes, and when somebody
// asks. A check gives evidence (a pid, a mode, a count), never a bare tick,
// and what cannot be seen is not a pass. It refuses to hold up the boot, to
// decide whether the box is healthy, and to know documents: what only a
// service knows comes in as Facts.
package posture

import (
	"context"
	"time"
)

// Status is what a check found.
type Status string

// The statuses. Degraded means that less is enforced than claimed, with the
// reason; NotApplicable that there is nothing to look at.
const (
	Pass          Status = "pass"
	Fail          Status = "fail"
	Degraded      Status = "degraded"
	NotApplicable Status = "n/a"
)

// Finding is a status and what was seen.
type Finding struct {
	Status   Status
	Evidence string
}

// Item is one claim and how it stands.
type Item struct {
	ID       string `json:"id"`
	Group    Group  `json:"group"`
	Title    string `json:"title"`
	Claim    string `json:"claim"`
	Against  string `json:"protects_from"`
	Status   Status `json:"status"`
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy,omitempty"` // of what does not pass
	// Later marks a claim whose code is not in this version.
	Later bool `json:"later,omitempty"`
}

// Summary counts the items by how they stand; Later are those of NotApplicable
// that this version does not have.
type Summary struct {
	Claims   int `json:"claims"`
	Pass     int `json:"pass"`
	Fail     int `json:"fail"`
	Degraded int `json:"degraded"`
	None     int `json:"not_applicable"`
	Later    int `json:"later"`
}

// Report is one round.
type Report struct {
	Items     []Item    `json:"items"`
	CheckedAt time.Time `json:"checked_at"` // zero: not yet
	Summary   Summary   `json:"summary"`
}

func summarise(items []Item) Summary {
	s := Summary{Claims: len(items)}
	for _, i := range items {
		switch i.Status {
		case Pass:
			s.Pass++
		case Fail:
			s.Fail++
		case Degraded:
			s.Degraded++
		default:
			s.None++
			if i.Later {
				s.Later++
			}
		}
	}
	return s
}

// Facts is what only the API knows, as it says it of itself.
type Facts struct {
	Owner           bool   `json:"owner"`              // somebody owns the box
	PasswordHash    string `json:"password_algorithm"` // the algorithm of the stored hash
	PasswordCost    int    `json:"password_cost"`
	LoginsPerMinute int    `json:"logins_per_minute"` // failures of one client
	BackoffAfter    int    `json:"backoff_after"`     // failures of all
	LimitsLast      bool   `json:"limits_last"`       // counts survive a restart
	SessionDays     int    `json:"session_days"`      // without use
	SessionDaysMost int    `json:"session_days_most"` // however much it is used
	OldStoreOpens   bool   `json:"old_store_opens"`   // sessions that ended come back with a copy of the store
	Sessions        int    `json:"sessions"`          // that are open
	Dev             bool   `json:"dev"`
	AnyCode         bool   `json:"any_code"` // a wrong setup code is taken
	Keys            int    `json:"keys"`
	KeysEnded       int    `json:"keys_ended"`      // that have expired or are void
	KeysBare        int    `json:"keys_bare"`       // that are not kept as a hash
	EndedKeyOpens   bool   `json:"ended_key_opens"` // found by trying
	AnyKeyOpens     bool   `json:"any_key_opens"`   // found by trying
	Token           bool   `json:"token"`           // there is to be a service token
	TokenOpens      bool   `json:"token_opens"`     // what is in its file opens something
	TokenDays       int    `json:"token_days"`      // its age
	TokenStays      bool   `json:"token_stays"`     // one that is due is not replaced; found by trying

	BackupsPlanned    bool      `json:"backups_planned"`
	Backups           int       `json:"backups"`
	BackupProvenAt    time.Time `json:"backup_proven_at"` // zero: none is proven
	BackupSources     int       `json:"backup_sources"`   // in that one
	BackupFailed      string    `json:"backup_failed"`    // why the newest failed
	CopiesTo          string    `json:"copies_to"`        // host of the storage; empty: no copies are made
	CopiedAt          time.Time `json:"copied_at"`        // the latest copy; zero: none
	CopyFailed        string    `json:"copy_failed"`      // why the last attempt failed
	BackupBare        bool      `json:"backup_bare"`      // found by trying, as the next three
	BackupForeign     bool      `json:"backup_foreign"`
	BackupTampered    bool      `json:"backup_tampered"`
	BackupPartIsWhole bool      `json:"backup_part_is_whole"`
}

// check looks at one thing. It may take until ctx ends.
type check func(ctx context.Context) Finding

func pass(evidence string) Finding     { return Finding{Pass, evidence} }
func fail(evidence string) Finding     { return Finding{Fail, evidence} }
func degraded(evidence string) Finding { return Finding{Degraded, evidence} }
func unseen(err error) Finding         { return Finding{Fail, "it could not be looked at: " + err.Error()} }
