package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// What a caller needs for a route: nothing, or one of the scopes.
const (
	anyone = ""
	read   = "read"
	add    = "add"
	admin  = "admin"
	scrape = "metrics"
	owner  = "owner" // no scope: admin, and signed in. No key does.
)

// routes is every route of this package. The site's pages are its own.
func (s *server) routes(e *gin.Engine) {
	for _, machine := range []gin.IRouter{e, s.root} {
		if machine == s.root && s.BasePath == "" {
			continue
		}
		machine.Match([]string{"GET", "HEAD"}, "/livez", s.livez)
		machine.Match([]string{"GET", "HEAD"}, "/readyz", s.readyz)
		if s.Metrics != nil {
			machine.GET("/metrics", s.metrics)
		}
	}
	e.GET("/_edge/verify", s.verify)
	e.GET("/_edge/facts", s.facts)

	handle(s, anyone, "GET /health", "Whether the box works; details for the owner", s.health)
	handle(s, anyone, "GET /health/auth", "What the box sees of your sign-in", s.healthAuth)
	handle(s, anyone, "GET /setup", "Whether the box still needs its owner", s.setupNeeded)
	handle(s, anyone, "POST /setup", "Create the owner with the one-time code, and sign in", s.setup)

	handle(s, anyone, "POST /auth/login", "Sign in", s.login)
	handle(s, anyone, "POST /auth/factor", "Finish a sign-in with a code of the authenticator app, a recovery code or a passkey", s.takeStep)
	handle(s, anyone, "POST /auth/logout", "Sign out", s.logout)
	handle(s, read, "GET /auth/me", "Who is signed in", s.me)
	handle(s, admin, "GET /auth/sessions", "Browsers that are signed in", s.sessions)
	handle(s, owner, "DELETE /auth/sessions", "Sign all other browsers out, or every one and void all keys", s.endSessions)
	handle(s, owner, "DELETE /auth/sessions/{id}", "Sign a browser out", s.endSession)
	handle(s, owner, "POST /auth/password", "Change the password; other browsers are signed out, keys are void", s.changePassword)
	handle(s, admin, "GET /auth/factors", "What signing in needs besides the password", s.factors)
	handle(s, owner, "POST /auth/factors/totp", "Make a secret for an authenticator app. Wants a proof of the last minutes", s.beginTOTP)
	handle(s, owner, "POST /auth/factors/totp/confirm", "Turn codes on, by one of that secret; the answer alone tells the recovery codes", s.confirmTOTP)
	handle(s, owner, "DELETE /auth/factors/totp", "Turn codes off; without a passkey, recovery codes are void. Wants a proof of the last minutes", s.disableTOTP)
	handle(s, owner, "POST /auth/factors/passkeys", "Ask for a new passkey. Wants a proof of the last minutes", s.beginPasskey)
	handle(s, owner, "POST /auth/factors/passkeys/confirm", "Turn the new passkey on; with the first factor the answer tells the recovery codes. Wants a proof of the last minutes", s.addPasskey)
	handle(s, owner, "DELETE /auth/factors/passkeys/{id}", "Remove a passkey; with the last factor the recovery codes are void. Wants a proof of the last minutes", s.removePasskey)
	handle(s, owner, "POST /auth/reauthenticate/passkey", "Ask for a passkey, to be sent to /auth/reauthenticate in the place of a code", s.askPasskey)
	handle(s, owner, "POST /auth/factors/recovery-codes", "Make other recovery codes; those before are void. Wants a proof of the last minutes", s.renewRecovery)
	handle(s, owner, "POST /auth/reauthenticate", "Prove once more who you are, for what asks for it with code reauthentication_required", s.reauthenticate)
	handle(s, admin, "GET /auth/keys", "Keys of programs, newest first", s.keys)
	handle(s, owner, "POST /auth/keys", "Make a key; the answer alone tells it. Wants a proof of the last minutes", s.createKey)
	handle(s, owner, "DELETE /auth/keys/{id}", "Revoke a key", s.revokeKey)
	handle(s, admin, "GET /auth/service-token", "The key in the file for the owner's scripts; not its text", s.token)
	handle(s, owner, "POST /auth/service-token", "Put another key into that file; the one before opens nothing. Wants a proof of the last minutes", s.renewToken)
	handle(s, owner, "DELETE /auth/service-token", "Keep no key in that file. Wants a proof of the last minutes", s.dropToken)

	handle(s, read, "GET /sources", "List sources, newest first", s.sources)
	stream(s, add, "POST /sources", "Add a document", describeUpload, s.upload)
	handle(s, add, "POST /sources/text", "Add a note", s.addText)
	handle(s, read, "GET /sources/{id}", "One source", s.source)
	handle(s, add, "PATCH /sources/{id}", "Change the title", s.renameSource)
	handle(s, add, "DELETE /sources/{id}", "Remove a source and all that was made of it", s.deleteSource)
	handle(s, read, "GET /sources/{id}/text", "The text, passage by passage", s.sourceText)
	handle(s, read, "GET /sources/{id}/members", "What an archive holds, in its order", s.sourceMembers)
	stream(s, read, "GET /sources/{id}/original", "The bytes as they were added", describeOriginal, s.original)
	handle(s, add, "POST /sources/{id}/retry", "Read a failed or cancelled source again", s.retrySource)
	handle(s, add, "POST /sources/{id}/cancel", "Stop reading a source", s.cancelSource)
	handle(s, read, "GET /search", "Find passages", s.search)
	handle(s, read, "GET /jobs", "What is being read: running, waiting, finished", s.jobs)
	stream(s, read, "GET /events", "What changes, as it happens", describeEvents, s.events)

	handle(s, admin, "GET /backups", "Backups, newest first", s.backups)
	handle(s, admin, "POST /backups", "Make a backup: to the passphrase, else to the recovery key", s.makeBackup)
	handle(s, admin, "GET /backups/{id}", "One backup", s.backup)
	handle(s, admin, "POST /backups/{id}/verify", "Open a backup again and compare", s.verifyBackup)
	stream(s, admin, "GET /backups/{id}/download", "The sealed file", describeBackup, s.downloadBackup)
	handle(s, owner, "DELETE /backups/{id}", "Delete a backup", s.deleteBackup)
	handle(s, owner, "POST /backups/key", "Make a recovery key, told this once and not yet used", s.newBackupKey)
	handle(s, owner, "PUT /backups/key", "Use the recovery key whose secret half is shown", s.setBackupKey)
	handle(s, owner, "POST /backups/{id}/restore", "Put a backup of the box's folder in the place of what there is; the box starts again. Wants a proof of the last minutes", s.restoreHere)
	handle(s, admin, "GET /copies", "The copies of backups in the storage, of this box and of others", s.listCopies)
	handle(s, admin, "POST /copies/{id}/fetch", "Bring a copy back among the backups", s.fetchCopy)
	stream(s, anyone, "POST /restore", "Put a backup in the place of what there is", describeRestore, s.restore)
	handle(s, admin, "GET /restore/former", "Whether what was there before the last restore is kept", s.former)
	handle(s, owner, "POST /restore/former", "Go back to what was there before the last restore; the box starts again. Wants a proof of the last minutes", s.putBack)
	handle(s, owner, "DELETE /restore/former", "Delete what was there before the last restore. Wants a proof of the last minutes", s.forgetFormer)
	stream(s, admin, "GET /export", "The library as one file", describeExport, s.export)
	stream(s, admin, "POST /import", "Take a CCX package", describeImport, s.importPackage)
	handle(s, admin, "GET /import", "The package that is being added, or was last", s.lastImport)
	handle(s, admin, "DELETE /import", "Stop adding a package; what has been added stays", s.stopImport)
	handle(s, admin, "GET /diagnostics/preview", "What a diagnostic file would hold, what was removed from it and what is left out", s.previewDiagnostics)
	stream(s, admin, "GET /diagnostics", "The diagnostic file", describeDiagnostics, s.downloadDiagnostics)
	handle(s, read, "GET /posture", "How the box keeps its claims, with evidence", s.posture)
	handle(s, admin, "GET /egress", "What may leave the box, and what went where", s.egress)
	handle(s, admin, "GET /audit", "What was done, newest first", s.audit)
	handle(s, admin, "GET /logs", "The services that say something", s.logServices)
	handle(s, admin, "GET /logs/{service}", "The latest lines of a service, or those after a cursor", s.logLines)
	handle(s, admin, "GET /settings", "Settings", s.settings)
	handle(s, owner, "PATCH /settings", "Change settings", s.changeSettings)
	handle(s, admin, "GET /settings/notices", "Who is told of alarms, and how telling goes", s.notices)
	handle(s, owner, "PUT /settings/notices", "Tell a program of yours of alarms. Wants a proof of the last minutes", s.setNotices)
	handle(s, owner, "DELETE /settings/notices", "Tell nobody any more. Wants a proof of the last minutes", s.dropNotices)
	handle(s, owner, "POST /settings/notices/test", "Send a test, and say what came back", s.tryNotice)
	handle(s, admin, "GET /settings/copies", "Where copies of backups go, and how copying goes", s.copies)
	handle(s, owner, "PUT /settings/copies", "Have backups copied to S3-compatible storage. Wants a proof of the last minutes", s.setCopies)
	handle(s, owner, "PATCH /settings/copies", "Decide how many copies stay. Wants a proof of the last minutes", s.keepCopies)
	handle(s, owner, "DELETE /settings/copies", "Copy no more; what is in the storage stays. Wants a proof of the last minutes", s.dropCopies)
	handle(s, owner, "POST /settings/copies/test", "Put something small there, read it back and remove it", s.tryCopies)
	handle(s, admin, "GET /settings/https", "How HTTPS is served", s.https)
	handle(s, owner, "PATCH /settings/https", "Change how HTTPS is served; answers once that is so", s.changeHTTPS)
	stream(s, admin, "GET /settings/https/authority", "The certificate of the box's own authority, for browsers to be told to trust it", describeAuthority, s.authority)
}

// maxJSON bounds JSON bodies but notes, in bytes.
const maxJSON = 64 << 10

// operation describes a route. Its id is made of the method and the path.
func operation(scope, route, summary string) *huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	id := strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)
	tag, _, _ := strings.Cut(path[1:], "/")
	op := &huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag},
		MaxBodyBytes: maxJSON,
		// The edge has the whole of a JSON body before we see any of it, and a
		// read deadline that passes while a handler works ends its context.
		BodyReadTimeout: -1,
	}
	switch scope {
	case anyone:
	case owner:
		op.Security = []map[string][]string{{"session": {}}}
		op.Description = "For the signed-in owner; no key can do it."
	default:
		op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
		op.Description = "Needs the scope " + scope + "."
	}
	return op
}

// handle registers a JSON route: who may call it is settled before its body is
// read, and its errors leave as problems.
func handle[I, O any](s *server, scope, route, summary string, f func(context.Context, *I) (*O, error)) {
	op := operation(scope, route, summary)
	op.Responses = map[string]*huma.Response{"default": s.problemResponse()}
	op.Middlewares = huma.Middlewares{func(c huma.Context, next func(huma.Context)) {
		g := humagin.Unwrap(c)
		if err := permit(c.Context(), scope); err != nil {
			s.refuse(g, err)
			return
		}
		next(c)
	}}
	switch route {
	case "POST /sources/text":
		op.MaxBodyBytes = maxNote
	case "PATCH /settings/https":
		op.MaxBodyBytes = maxPair
	case "POST /setup", "POST /auth/keys", "POST /backups/key":
		op.DefaultStatus = http.StatusCreated
	}
	switch any(new(O)).(type) {
	case *accepted, *begun, *restarting:
		op.DefaultStatus = http.StatusAccepted
	}
	huma.Register(s.api, *op, func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// stream registers a route that huma cannot carry, because its body or its
// answer has no bound, and describes it in the same document.
func stream(s *server, scope, route, summary string, describe func(*huma.Operation), f func(*gin.Context) error) {
	op := operation(scope, route, summary)
	op.Responses = map[string]*huma.Response{"default": s.problemResponse()}
	describe(op)
	s.api.OpenAPI().AddOperation(op)
	s.v1.Handle(op.Method, strings.NewReplacer("{", ":", "}", "").Replace(op.Path), func(c *gin.Context) {
		err := permit(c.Request.Context(), scope)
		if err == nil {
			err = f(c)
		}
		if err != nil {
			s.refuse(c, err)
		}
	})
}

func permit(ctx context.Context, scope string) error {
	if scope == anyone {
		return nil
	}
	id, ok := auth.FromContext(ctx)
	if !ok {
		return &library.Error{Kind: library.Unauthorized, Message: "You are not signed in."}
	}
	if scope == owner {
		if id.Kind != auth.KindSession {
			return &library.Error{
				Kind: library.Forbidden, Message: "Only the signed-in owner can do this; a key cannot.", Hint: "Do it in Settings, in a browser.",
			}
		}
		scope = admin
	}
	if !id.Has(scope) {
		return &library.Error{Kind: library.Forbidden, Message: "This needs the scope " + scope + "."}
	}
	return nil
}

func (s *server) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem (RFC 9457)",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"),
		}},
		Headers: map[string]*huma.Param{"Retry-After": {
			Description: "Seconds to wait, with status 429.",
			Schema:      &huma.Schema{Type: "integer"},
		}},
	}
}
