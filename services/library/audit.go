package library

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"
)

// AuditKind says what happened.
type AuditKind string

// The kinds of event. A new one needs a row in AuditKinds and its words in the
// catalogue of the pages.
const (
	AuditSetup           AuditKind = "setup"            // the box got its owner
	AuditSetupFailed     AuditKind = "setup_failed"     // a wrong setup code
	AuditSignIn          AuditKind = "sign_in"          // a browser signed in
	AuditSignInFailed    AuditKind = "sign_in_failed"   // a wrong name or password
	AuditSignOut         AuditKind = "sign_out"         // a browser signed itself out
	AuditSessionEnded    AuditKind = "session_ended"    // another browser was signed out; Detail: which
	AuditOthersEnded     AuditKind = "others_ended"     // all other browsers were signed out
	AuditEverywhere      AuditKind = "everywhere"       // every browser was signed out, and keys are void
	AuditPutBack         AuditKind = "put_back"         // the store is an older copy; as everywhere
	AuditPassword        AuditKind = "password_changed" // and all other browsers were signed out
	AuditPasswordReset   AuditKind = "password_reset"   // without the old one; all browsers were signed out
	AuditPasswordFailed  AuditKind = "password_refused" // the present password was wrong
	AuditFactorFailed    AuditKind = "factor_failed"    // the password was right, the code was wrong
	AuditFactorOn        AuditKind = "factor_on"        // codes are asked for
	AuditFactorOff       AuditKind = "factor_off"       // and not any more
	AuditPasskeyAdded    AuditKind = "passkey_added"
	AuditPasskeyRemoved  AuditKind = "passkey_removed"
	AuditPasskeyCopied   AuditKind = "passkey_copied"   // its count went back: a copy of it may exist
	AuditFactorsRemoved  AuditKind = "factors_removed"  // as off, without a proof
	AuditRecoveryUsed    AuditKind = "recovery_used"    // a recovery code
	AuditRecoveryMade    AuditKind = "recovery_made"    // anew; those before are void
	AuditSettingsChanged AuditKind = "settings_changed" // Detail: the names of what changed
	AuditHTTPSChanged    AuditKind = "https_changed"    // Detail: its mode, and what else is different
	AuditCertificateMade AuditKind = "certificate_made" // by an authority that it was ordered from; Detail: for which names, and until when
	AuditOrderFailed     AuditKind = "order_failed"     // no certificate was made; Detail: why
	AuditNoticesSet      AuditKind = "notices_set"      // another program is told of alarms; Detail: its host
	AuditNoticesOff      AuditKind = "notices_off"      // nobody is told any more
	AuditCopiesSet       AuditKind = "copies_set"       // backups are copied to another storage; Detail: host, bucket and folder
	AuditCopiesOff       AuditKind = "copies_off"       // and to none any more
	AuditCopyFetched     AuditKind = "copy_fetched"     // brought back from the storage; Detail: its name
	AuditKeyCreated      AuditKind = "key_created"      // Detail: its name and scopes
	AuditKeyRevoked      AuditKind = "key_revoked"      // Detail: its name
	AuditTokenMade       AuditKind = "token_made"       // another service token; by the box: in its time
	AuditTokenOff        AuditKind = "token_off"        // and the file is gone
	AuditBackupKey       AuditKind = "backup_key_set"   // Detail: the public half of the recovery key
	AuditBackupMade      AuditKind = "backup_made"      // because somebody asked for it; Detail: its id
	AuditBackupTaken     AuditKind = "backup_taken"     // downloaded; Detail: its id
	AuditBackupDeleted   AuditKind = "backup_deleted"   // Detail: its id
	AuditFormerDeleted   AuditKind = "former_deleted"   // what was there before the last restore
	AuditExported        AuditKind = "exported"         // the library left the box; Detail: in which form
	AuditDiagnosed       AuditKind = "diagnostics"      // a diagnostic file was taken; Detail: its id
	AuditImported        AuditKind = "imported"         // a package was taken; Detail: what it calls itself
)

// AuditKinds are all kinds, in the order in which they are offered as filters.
func AuditKinds() []AuditKind {
	return []AuditKind{
		AuditSignIn, AuditSignInFailed, AuditSignOut, AuditSessionEnded, AuditOthersEnded, AuditEverywhere, AuditPutBack,
		AuditPassword, AuditPasswordReset, AuditPasswordFailed, AuditFactorFailed, AuditFactorOn, AuditFactorOff, AuditFactorsRemoved,
		AuditPasskeyAdded, AuditPasskeyRemoved, AuditPasskeyCopied,
		AuditRecoveryUsed, AuditRecoveryMade, AuditKeyCreated, AuditKeyRevoked, AuditTokenMade, AuditTokenOff, AuditSettingsChanged, AuditHTTPSChanged,
		AuditCertificateMade, AuditOrderFailed, AuditNoticesSet, AuditNoticesOff, AuditCopiesSet, AuditCopiesOff, AuditCopyFetched,
		AuditBackupKey, AuditBackupMade, AuditBackupTaken, AuditBackupDeleted, AuditFormerDeleted, AuditExported, AuditImported, AuditDiagnosed,
		AuditSetup, AuditSetupFailed,
	}
}

// Repeats reports a kind that anybody can cause at will. Events of such a kind
// from one client are one entry with a count, and take a bounded share of the
// log.
func (k AuditKind) Repeats() bool {
	return k == AuditSignInFailed || k == AuditPasswordFailed || k == AuditFactorFailed || k == AuditPasskeyCopied || k == AuditSetupFailed
}

// AuditActor is in which capacity something was done.
type AuditActor string

// The capacities.
const (
	BySession  AuditActor = "session"  // a signed-in browser
	ByKey      AuditActor = "key"      // a program with a key of the owner
	ByConsole  AuditActor = "console"  // a command inside the container
	ByBox      AuditActor = "box"      // the box itself
	ByStranger AuditActor = "stranger" // nobody known
)

// AuditEntry is one event, or several alike that count as one.
type AuditEntry struct {
	ID     string // set by the log
	Time   time.Time
	Kind   AuditKind
	Who    AuditActor
	Client string    // the address; empty for the console, and where many are counted together
	Agent  string    // the program's own description
	Detail string    // data, never a secret: a name, a list of settings
	Count  int       // 1 or more
	Last   time.Time // of the latest of them; Time when it is one
}

// The bounds of the log.
const (
	AuditKeep    = 10_000               // entries
	AuditRepeats = 2_000                // of them of kinds that repeat
	AuditAge     = 365 * 24 * time.Hour // older ones go
	AuditSpan    = time.Hour            // events of one client within it count as one
	AuditClients = 20                   // in that span; those of further clients count as one together
)

// AuditFilter narrows a list of events; zero is all.
type AuditFilter struct{ Kind AuditKind }

// Audit keeps what was done, newest first, within the bounds. Nothing changes
// or removes an entry but its age and the bounds.
type Audit interface {
	Record(ctx context.Context, e AuditEntry) error
	Events(ctx context.Context, f AuditFilter, p Page) (List[AuditEntry], error)
}

// ChangedSettings are the names of the settings that differ, as in the API.
func ChangedSettings(was, is Settings) []string {
	a, b := fields(was), fields(is)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	return names
}

func fields(s Settings) map[string]any {
	out := map[string]any{}
	if text, err := json.Marshal(s); err == nil {
		_ = json.Unmarshal(text, &out) // what was just written can be read
	}
	return out
}
