// Package weaken names the protections that tests take away one at a time, to
// see that each is missed: by a test, and by the box itself.
//
// It owns the names and the switch. In what ships there is no switch: Without
// is the constant false, so that the compiler drops what would be done in its
// place, and the names with it. Only the build tag weaken makes it a question,
// which the program file answers for itself (see Blank). It refuses to know how
// anything is enforced: that stands where it is done.
package weaken

// Protection is the name of one.
type Protection string

// The protections. Each is left out at the place that enforces it.
const (
	// Of a process, by the spawn stub.
	WorkerUser      Protection = "left-out:worker-user"      // the worker stays root
	Groups          Protection = "left-out:groups"           // init's groups are kept
	BoundingSet     Protection = "left-out:bounding-set"     // what an executed file could regain is kept
	NewPrivileges   Protection = "left-out:new-privileges"   // nginx may gain some, so that the kernel confines it no further
	WorkerFiles     Protection = "left-out:worker-files"     // Landlock
	ParserFiles     Protection = "left-out:parser-files"     // Landlock
	EdgeConnections Protection = "left-out:edge-connections" // Landlock
	WorkerCalls     Protection = "left-out:worker-calls"     // seccomp
	ParserCalls     Protection = "left-out:parser-calls"     // seccomp
	APICalls        Protection = "left-out:api-calls"        // seccomp
	EdgeCalls       Protection = "left-out:edge-calls"       // seccomp
	Environment     Protection = "left-out:environment"      // a service has init's too
	Exec            Protection = "left-out:exec"             // running roles could execute and fork
	ChildFiles      Protection = "left-out:child-files"      // Landlock of a parser child
	ChildCalls      Protection = "left-out:child-calls"      // seccomp of a parser child
	ChildMemory     Protection = "left-out:child-memory"     // the limit of a parser child's data

	// Of files and sockets.
	ProtectedMode Protection = "left-out:protected-mode" // others may write protected files
	FolderMode    Protection = "left-out:folder-mode"    // others may enter folders of the volume
	SecretMode    Protection = "left-out:secret-mode"    // others may read secrets
	TokenMode     Protection = "left-out:token-mode"     // others may read the service token
	SocketMode    Protection = "left-out:socket-mode"    // others may connect to sockets
	Peer          Protection = "left-out:peer"           // the kernel is not asked who commands init
	ConsolePeer   Protection = "left-out:console-peer"   // nor who sets a new password
	Blotting      Protection = "left-out:blotting"       // secrets stay in lines of the log
	DevMode       Protection = "left-out:dev-mode"       // it needs no acknowledgement
	Certificates  Protection = "left-out:certificates"   // they are used as they come

	// Of requests.
	PublicOnly    Protection = "left-out:public-only" // pages are fetched from anywhere
	EdgeToken     Protection = "left-out:edge-token"
	SetupCode     Protection = "left-out:setup-code"
	PasswordCost  Protection = "left-out:password-cost"
	Guessing      Protection = "left-out:guessing"
	KeptLimits    Protection = "left-out:kept-limits"    // a restart forgets what was guessed
	ClientAddress Protection = "left-out:client-address" // a client may name its own
	Scripts       Protection = "left-out:scripts"        // they can read the session's cookie
	Witness       Protection = "left-out:witness"        // sessions that ended come back with a copy of the store
	KeyEnd        Protection = "left-out:key-end"        // expired keys open
	KeySecret     Protection = "left-out:key-secret"     // the id of a key is enough
	TokenRenewal  Protection = "left-out:token-renewal"  // the service token stays what it is
	SameSite      Protection = "left-out:same-site"
	HostNames     Protection = "left-out:host-names"
	ContentPolicy Protection = "left-out:content-policy"

	// Of backups.
	BackupSeal  Protection = "left-out:backup-seal"  // they are written in the clear
	BackupProof Protection = "left-out:backup-proof" // what was there is not compared with what must have been

	// Of diagnostics.
	Sweep Protection = "left-out:sweep" // the box's secrets are not looked for
)

// What tests ask of the parser in the same way; they protect nothing.
const (
	Obedience Protection = "asked-for:obedience" // a child does what a document tells it
	Hurry     Protection = "asked-for:hurry"     // a document may take seconds, not minutes
)

// Blank is how a program file says that nothing is left out. Who weakens one
// writes names over its beginning, separated by commas, and a comma after the
// last.
const Blank = "nothing-left-out," +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................" +
	"................................................................................................"
