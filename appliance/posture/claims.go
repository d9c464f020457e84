package posture

import "context"

// Group gathers claims that concern the same part of the box.
type Group string

// The groups, in the order in which they are shown.
const (
	GroupFiles     Group = "files"
	GroupProcesses Group = "processes"
	GroupSignIn    Group = "sign-in"
	GroupWeb       Group = "web"
	GroupDocuments Group = "documents"
	GroupNetwork   Group = "network"
	GroupBackups   Group = "backups"
)

// Groups is all of them, with what they are called in documents.
func Groups() []struct {
	Group Group
	Name  string
} {
	return []struct {
		Group Group
		Name  string
	}{
		{GroupFiles, "Files and secrets"}, {GroupProcesses, "Processes"}, {GroupSignIn, "Signing in"},
		{GroupWeb, "The browser's side"}, {GroupDocuments, "Documents"}, {GroupNetwork, "Going out"},
		{GroupBackups, "Backups and exports"},
	}
}

// Claim is one row of the threat model.
type Claim struct {
	ID      string
	Group   Group
	Title   string
	Claim   string // what the box says of itself
	Against string // what that protects from
	Remedy  string // what to do when it does not hold
	Later   string // why there is no check: this version does not have it
	None    string // why there is no check: nothing of a running box shows it
	check   func(*look, context.Context) Finding
	live    bool // it makes requests, and so lines in the log
}

// Claims is the threat model.
func Claims() []Claim {
	return []Claim{
		{
			ID: "file-manifest", Group: GroupFiles, Title: "Protected files",
			Claim:   "The pages, styles, scripts and the edge's configuration are exactly those of this build and belong to root. That is checked at each start and every few minutes; what was changed is put back, logged and shown here.",
			Against: "somebody who got a foot in and changes the sign-in page to catch your password",
			Remedy:  "Read the log for \"protected file\". If you changed nothing yourself, something in the container writes as root: take the volume to a fresh container of the same image. Running coffer doctor confirms that you have seen it. Where files cannot be put back, the file system is read-only or another user's.",
			check:   (*look).fileManifest,
		},
		{
			ID: "data-ownership", Group: GroupFiles, Title: "Owners on the volume",
			Claim:   "The volume and its secrets belong to root, and each service owns only its own folders. A start mends a fixed list of paths, follows no link and never walks the volume.",
			Against: "a service that was taken over reaching for another's files, and links planted to have root change a file elsewhere",
			Remedy:  "Restart the box: it mends owners and modes of its own folders. If they change again, another program writes to the volume.",
			check:   (*look).dataOwnership,
		},
		{
			ID: "secrets-readers", Group: GroupFiles, Title: "Readers of secrets",
			Claim:   "Each secret can be read by init and by the one service that needs it. None stands in a service's environment or arguments.",
			Against: "a leak through ps, docker inspect, a crash report or another service",
			Remedy:  "Give secrets as files: COFFER_SECRET_KEY_FILE and COFFER_SETUP_CODE_FILE instead of the plain names. For a wrong owner or mode, restart the box.",
			check:   (*look).secretsReaders,
		},
		{
			ID: "process-identity", Group: GroupProcesses, Title: "A user for each service",
			Claim:   "The edge, the API, the worker, the parser and egress, the one that goes out, run as different users without further groups, without any capability, and can never gain one.",
			Against: "one service that was taken over acting with the rights of another, or of root",
			Remedy:  "Run the container as root with its default capabilities, so that init can give each service a user of its own. It keeps few for itself and hands on none.",
			check:   (*look).processIdentity,
		},
		{
			ID: "sandbox-worker", Group: GroupProcesses, Title: "The worker's sandbox",
			Claim:   "The worker opens no file of the volume, no internet socket and no listener, and starts no program. A task it takes on reaches that document only.",
			Against: "a document that gets past its reader and wants the rest of the library",
			Remedy:  "Use a kernel with Landlock (5.13 or later, enabled at boot) and do not start the container with seccomp=unconfined on kernels without filters.",
			check:   (*look).sandboxWorker,
		},
		{
			ID: "sandbox-parser", Group: GroupProcesses, Title: "The parser's sandbox",
			Claim:   "Each document is read by a confined process without network and without files, with bounds on memory, processor time, output and patience. Whatever goes wrong costs that one document.",
			Against: "documents made to crash, exhaust or take over the program that reads them",
			Remedy:  "Use a kernel with Landlock (5.13 or later, enabled at boot).",
			check:   (*look).sandboxParser,
		},
		{
			ID: "supervisor-control", Group: GroupProcesses, Title: "Commands to the box",
			Claim:   "Only root can command the box's init, or set a new password without the old one, and the kernel vouches for who asks. There is no password to it that could leak.",
			Against: "a service that was taken over stopping others, or giving the box to somebody else",
			Remedy:  "Restart the box, which makes its sockets anew. Run it as root to keep its services from being the user that commands it.",
			check:   (*look).supervisorControl,
		},
		{
			ID: "edge-only", Group: GroupSignIn, Title: "One way in",
			Claim:   "The API listens on no network port. Who you are is taken from the edge's word only, proven by a token that each start makes anew; all else is refused.",
			Against: "requests that claim to be you by headers of their own",
			Remedy:  "Restart the box. If the API holds an internet socket, this is not the program that was built: pull the image again.",
			check:   (*look).edgeOnly, live: true,
		},
		{
			ID: "setup-code", Group: GroupSignIn, Title: "The setup code",
			Claim:   "Creating the owner needs the one-time code from the container's log.",
			Against: "a stranger who opens the new box before you do",
			Remedy:  "Finish the setup now, or remove COFFER_SETUP_OPEN.",
			check:   (*look).setupCode,
		},
		{
			ID: "password-storage", Group: GroupSignIn, Title: "The stored password",
			Claim:   "Your password is stored as a bcrypt hash of cost 12 and can have 8 to 1,024 characters. A wrong name takes as long to refuse as a wrong password.",
			Against: "a stolen volume giving away your password, and guessing which name is right",
			Remedy:  "Change the password in Settings, which stores it anew.",
			check:   (*look).passwordStorage,
		},
		{
			ID: "brute-force", Group: GroupSignIn, Title: "Guessing",
			Claim:   "One client can fail to sign in 5 times a minute. After 10 failures strangers wait 1, then 5, then 15 minutes, also across a restart. A browser that you have used is never locked out by them.",
			Against: "guessing your password, and locking you out by guessing",
			Remedy:  "Use a long password; it holds without these limits too. Where what was counted is not kept, make room on the disk and look into the log of the API.",
			check:   (*look).bruteForce, live: true,
		},
		{
			ID: "client-address", Group: GroupSignIn, Title: "Who a client is",
			Claim:   "A client is who the TCP connection comes from, or whom a proxy that you named vouches for. A header that says otherwise changes nothing.",
			Against: "getting around limits by pretending to be many clients",
			Remedy:  "Restart the box, which puts the edge's configuration back.",
			check:   (*look).clientAddress, live: true,
		},
		{
			ID: "sessions", Group: GroupSignIn, Title: "Sessions",
			Claim:   "A session is a signed token in a cookie that scripts cannot read. It ends after 30 days without use and after 90 at the latest. It can be ended on its own or with all others, and a restored backup revives none.",
			Against: "stolen or forged cookies, and sessions that outlive their end",
			Remedy:  "Restart the box, and make room on its disk if there is none. To end every session, use Sign out everywhere in Settings, Account.",
			check:   (*look).sessionCookies, live: true,
		},
		{
			ID: "csrf", Group: GroupWeb, Title: "Requests from other sites",
			Claim:   "A request that another site makes your browser send changes nothing, signing out included.",
			Against: "a hostile page that acts in your name while you are signed in",
			Remedy:  "Pull the image again and restart; if a reverse proxy stands in front, let it pass Origin and Sec-Fetch-Site unchanged.",
			check:   (*look).crossSite, live: true,
		},
		{
			ID: "host-header", Group: GroupWeb, Title: "Names of the box",
			Claim:   "The box answers to its address, to local names and to those you listed. To any other it answers 421; before setup such a name reaches the setup page only, which asks for the code.",
			Against: "a hostile name that points at your box to get around your browser's walls (DNS rebinding)",
			Remedy:  "Remove names that are not yours from COFFER_ALLOWED_HOSTS and from Settings, Access.",
			check:   (*look).hostHeader, live: true,
		},
		{
			ID: "headers", Group: GroupWeb, Title: "Instructions to the browser",
			Claim:   "Every answer tells the browser to run nothing inline and nothing from elsewhere, not to guess types, not to be framed, and what not to tell others.",
			Against: "text of a document turning into code in your browser",
			Remedy:  "Restart the box, which puts the edge's configuration back; let a proxy in front leave these headers alone.",
			check:   (*look).headersEverywhere, live: true,
		},
		{
			ID: "tls", Group: GroupWeb, Title: "HTTPS",
			Claim:   "HTTPS is off, with a certificate of the box's own, with yours, or with one that the box orders from an authority (ACME); TLS 1.2 and 1.3 are spoken. A bad certificate is refused before it is used, and it is switched and renewed while the box runs; whatever fails, the one before it serves on. Browsers are told that a name is opened over HTTPS only once you confirm it, and that it no longer is when you take it back.",
			Against: "being read or changed on the network",
			Remedy:  "Choose one in Settings, HTTPS, or by COFFER_TLS, or put a reverse proxy with one in front. A certificate that is refused or ends soon has to be renewed where it comes from; Settings, HTTPS, and the log say what is wrong with it. For one that is ordered, port 80 of its name has to lead to port 8080 of the box.",
			check:   (*look).https,
		},
		{
			ID: "api-keys", Group: GroupSignIn, Title: "API keys",
			Claim:   "API keys are kept as hashes, have scopes and an end, can be revoked at once, and begin with cfr_, so that one that leaks is recognised. None can change the password, keys or sessions; a changed password ends them all.",
			Against: "a script's key that opens more than the script needs, or outlives it",
			Remedy:  "Revoke keys that you do not know in Settings, Keys. To end them all, change the password. If an ended key still opens something, pull the image again and restart.",
			check:   (*look).apiKeys, live: true,
		},
		{
			ID: "service-token", Group: GroupSignIn, Title: "Service token",
			Claim:   "The file DATA/service-token holds a key for your own scripts, which may read and add. Only the user of the API and root can read it; the key ends after 90 days, is replaced after 60, and can be ended or turned off at once.",
			Against: "passwords in scripts, and a key that others on the machine can read",
			Remedy:  "Remove what lies at DATA/service-token and restart the box; make another key in Settings, Keys, if somebody may have read it.",
			check:   (*look).serviceToken,
		},
		{
			ID: "dev-mode", Group: GroupFiles, Title: "Dev mode",
			Claim:   "Dev mode reads pages from disk and logs more, nothing else, and the box does not start with it unless that is acknowledged by name.",
			Against: "a switch left on by mistake",
			Remedy:  "Remove COFFER_DEV_MODE and restart.",
			check:   (*look).devMode,
		},
		{
			ID: "content-type", Group: GroupDocuments, Title: "What a file is",
			Claim:   "What a file is comes from its bytes, not from its name. Originals come back as downloads or in a sandbox of their own, never as active content of the box.",
			Against: "a page named like a picture that runs in your browser as part of the box",
			None:    "only a document could show it, and the box does not try yours; tests of each build do",
		},
		{
			ID: "archives", Group: GroupDocuments, Title: "Archives",
			Claim:   "Archives are opened by one careful extractor: nothing outside its folder, no links, and bounds on number, size, ratio, depth and time that hold for archives in archives.",
			Against: "archive bombs and archives that write where they should not",
			None:    "only a hostile archive could show it, and the box opens none to itself; tests of each build do",
		},
		{
			ID: "inbox", Group: GroupDocuments, Title: "The drop folder",
			Claim:   "Nothing outside the drop folder can be taken in through it, and nothing half-written is.",
			Against: "links in the folder that lead to other files",
			Later:   "comes later: this version has no drop folder",
		},
		{
			ID: "mini-apps", Group: GroupDocuments, Title: "Small apps",
			Claim:   "An app runs apart from the box, with a short token that reaches its own storage and what you granted.",
			Against: "an app that reads more than you gave it",
			Later:   "comes later: this version runs no apps",
		},
		{
			ID: "no-egress", Group: GroupNetwork, Title: "Nothing goes out",
			Claim:   "One service, egress, can open internet sockets, and the edge cannot connect out. Egress takes nothing in, opens nothing of the volume, and goes only for purposes that you configured; each destination is counted and shown. With none configured the box sends no packet of its own, not even a DNS question.",
			Against: "your documents leaving the box, by a bug or by somebody who got in",
			Remedy:  "Use a kernel with Landlock 4 (6.7 or later). If a connection is listed here, stop the box and keep its log.",
			check:   (*look).noEgress,
		},
		{
			ID: "fetch-ssrf", Group: GroupNetwork, Title: "Fetching pages",
			Claim:   "A page is fetched from public addresses only, at the very address that was judged, and judged again at each hop. Size, time and type are bounded. Adding pages by address comes later; the policy is in place.",
			Against: "a link that makes the box look into your own network",
			Remedy:  "Pull the image again: this is not the program that was built.",
			check:   (*look).fetchSSRF,
		},
		{
			ID: "vault", Group: GroupNetwork, Title: "Keys of providers",
			Claim:   "Keys and tokens of providers are sealed where they are stored.",
			Against: "a stolen volume giving away accounts elsewhere",
			Later:   "comes later: this version stores no such keys",
		},
		{
			ID: "backup-sealed", Group: GroupBackups, Title: "Sealed backups",
			Claim:   "A backup is encrypted and vouched for. One that was tampered with, cut short or made elsewhere is refused before anything changes.",
			Against: "a stolen or a planted backup",
			Remedy:  "Delete the backups that are named, pull the image again, and make a new one.",
			check:   (*look).backupSealed,
		},
		{
			ID: "backup-proven", Group: GroupBackups, Title: "Proven backups",
			Claim:   "The last backup was opened again, restored beside the box and compared. Where you have copies made, it came into your storage and was compared there.",
			Against: "a backup that turns out not to restore, or to have been lost with the machine",
			Remedy:  "Open Settings, Backups, and Copies elsewhere: they say why the last one failed. Free space on the volume if it is full, then make a new one.",
			check:   (*look).backupProven,
		},
		{
			ID: "diagnostics-clean", Group: GroupBackups, Title: "Clean exports",
			Claim:   "A diagnostic export holds what is on a list, and was searched for every secret of the box before you get it, and again once it was finished.",
			Against: "giving away secrets when you ask for help",
			Remedy:  "Make no diagnostic file until this holds: restart the box, and pull the image again if it stays so.",
			check:   (*look).diagnosticsClean,
		},
		{
			ID: "logs-clean", Group: GroupBackups, Title: "Clean logs",
			Claim:   "Secrets are of a kind that cannot be printed, and requests are logged without query, cookies or body.",
			Against: "a secret or a search that ends in a log and is passed on with it",
			Remedy:  "Delete the log file that is named, and replace the secret: remove it from the volume's secrets folder and restart.",
			check:   (*look).logsClean,
		},
	}
}
