package proofs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"coffer/appliance/posture"
	"coffer/weaken"
)

// row is one protection, taken away.
type row struct {
	leave weaken.Protection
	fails []claim // of the running box, all that do; the first is its own
	room  string  // whose test fails
	test  string
	env   []string // the box needs it to notice
	// unowned says that only a box without an owner can notice.
	unowned bool
	// needs is a protection without which the box cannot notice.
	needs weaken.Protection
}

// claim is one that no longer holds, and words of what the box saw.
type claim struct{ id, says string }

const (
	confining = "appliance/confine"
	profiles  = "TestProfilesRefuse"
	leftovers = "TestWhatTheStubLeaves"
)

func rows() []row {
	one := func(id, says string) []claim { return []claim{{id, says}} }
	egress := func(as string) claim { return claim{"no-egress", "as the " + as} }
	worker := func(says string) claim { return claim{"sandbox-worker", says} }
	reader := func(says string) claim { return claim{"sandbox-parser", says} }
	return []row{
		{leave: weaken.WorkerUser, room: confining, test: leftovers, fails: []claim{
			{"process-identity", `Uid is "0 0 0 0"`}, {"supervisor-control", "control.sock"}}},
		{leave: weaken.Groups, room: confining, test: leftovers, fails: one("process-identity", `Groups is "0 4 27"`)},
		{leave: weaken.BoundingSet, room: confining, test: leftovers, fails: one("process-identity", "CapBnd is")},
		{leave: weaken.NewPrivileges, room: confining, test: leftovers, fails: []claim{{"process-identity", "NoNewPrivs"}, egress("nginx")}},
		{leave: weaken.WorkerFiles, room: confining, test: profiles, fails: []claim{worker("was let: ")}},
		{leave: weaken.ParserFiles, room: confining, test: profiles, fails: []claim{reader("started was let: ")}},
		{leave: weaken.EdgeConnections, room: confining, test: "TestLandlockPaths", fails: one("no-egress", "was let: dial")},
		{leave: weaken.WorkerCalls, room: confining, test: profiles, fails: []claim{worker("tcp"), egress("worker")}},
		{leave: weaken.ParserCalls, room: confining, test: profiles, fails: []claim{reader("tcp"), egress("parser")}},
		{leave: weaken.APICalls, room: confining, test: profiles, fails: []claim{egress("api")}},
		{leave: weaken.EdgeCalls, room: confining, test: profiles, fails: []claim{egress("nginx")}},
		{leave: weaken.Exec, room: confining, test: "TestGiveUpExec", fails: []claim{worker("should have 3")}},
		{leave: weaken.ChildFiles, room: confining, test: "TestChildHasNoRoomToGrow", fails: []claim{reader("was let: signal")}},
		{leave: weaken.ChildCalls, room: confining, test: profiles, fails: []claim{reader("was let: fork")}},
		{leave: weaken.ChildMemory, room: "services/parser", test: "TestChildrenAreBounded", fails: []claim{reader("no bound")}},
		{leave: weaken.Environment, room: "entrypoint", test: "TestEnvironmentOfServices", fails: one("secrets-readers", "the environment of ")},

		{leave: weaken.ProtectedMode, room: "appliance/manifest", test: "TestTamperingIsRepaired", fails: one("file-manifest", "mode 0466")},
		{leave: weaken.FolderMode, room: "appliance/layout", test: "TestTable", fails: one("data-ownership", "has mode 0755, not 07")},
		{leave: weaken.SecretMode, room: "appliance/secrets", test: "TestMadeOnce", fails: one("secrets-readers", "has mode 0444")},
		{leave: weaken.SocketMode, room: "appliance/sockets", test: "TestModeAndStaleFiles", fails: one("supervisor-control", "mode 0666")},
		{leave: weaken.Peer, room: "appliance/control", test: "TestStrangersAreRefusedByTheirCredentials", fails: one("supervisor-control", "was not refused (control.sock: ok)")},
		{leave: weaken.ConsolePeer, room: "services/console", test: "TestStrangersAreRefused", fails: one("supervisor-control", "was not refused (owner.sock: ")},
		{leave: weaken.Blotting, room: "appliance/journal", test: "TestSecretsAreNotKept", fails: one("logs-clean", "COFFER_SECRET_KEY stands in the log nginx.log"),
			env: []string{"COFFER_SECRET_KEY=" + secretKey}},
		{leave: weaken.DevMode, room: "config", test: "TestOptionsAgree", fails: one("dev-mode", "nobody acknowledged"),
			env: []string{"COFFER_DEV_MODE=true"}},
		{leave: weaken.Certificates, room: "appliance/certs", test: "TestPairsThatAreRefused", fails: one("tls", "the certificate has ended"),
			env: ended()},

		{leave: weaken.EdgeToken, room: "services/api", test: "TestEdgeOnly", fails: one("edge-only", "without the edge token")},
		{leave: weaken.SetupCode, room: "services/auth", test: "TestSetupCode", fails: one("setup-code", "any code"), unowned: true},
		{leave: weaken.PasswordCost, room: "services/auth", test: "TestStoredHash", fails: one("password-storage", "cost 4")},
		{leave: weaken.Guessing, room: "services/auth", test: "TestLoginLimitPerClient", fails: one("brute-force", "0 failed sign-ins a minute")},
		{leave: weaken.KeptLimits, room: "services/auth", test: "TestLimitsOutliveTheProcess", fails: one("brute-force", "a restart of the API forgets it")},
		{leave: weaken.ClientAddress, room: "appliance/edge", test: "TestIdentityIsTheEdgesOwnWord", fails: one("client-address", "does not name the TCP peer")},
		{leave: weaken.Scripts, room: "services/auth", test: "TestCookieShape", fails: one("sessions", "not HttpOnly")},
		{leave: weaken.Witness, room: "services/auth", test: "TestStorePutBack", fails: one("sessions", "would open sessions that have ended")},
		{leave: weaken.KeyEnd, room: "services/auth", test: "TestKeyEnds", fails: one("api-keys", "an expired key opens")},
		{leave: weaken.KeySecret, room: "services/auth", test: "TestVerifyKey", fails: one("api-keys", "the id of a key")},
		{leave: weaken.TokenMode, room: "appliance/servicetoken", test: "TestWritten", fails: one("service-token", "has mode 0644")},
		{leave: weaken.TokenRenewal, room: "services/auth", test: "TestServiceToken", fails: one("service-token", "is not replaced")},
		{leave: weaken.SameSite, room: "services/api", test: "TestCrossSite", fails: one("csrf", "cross-site POST")},
		{leave: weaken.HostNames, room: "services/api", test: "TestHostRule", fails: one("host-header", "was answered 200")},
		{leave: weaken.PublicOnly, room: "services/egress", test: "TestPublic", fails: one("fetch-ssrf", "lets pages be fetched from")},
		{leave: weaken.BackupSeal, room: "services/backup", test: "TestSealed", fails: one("backup-sealed", "can be read without a key")},
		{leave: weaken.BackupProof, room: "services/backup", test: "TestManifestIsCompared", fails: one("backup-proven", "lacks something"),
			needs: weaken.BackupSeal},
		{leave: weaken.Sweep, room: "services/diagnostics", test: "TestSweepFindsEveryForm", fails: one("diagnostics-clean", "was still there after a sweep")},
		{leave: weaken.ContentPolicy, room: "appliance/edge", test: "TestHeadersOnEveryStatus", fails: one("headers", "content polic")},
	}
}

// secretKey is what one box is given, to be found where it must not be.
const secretKey = "a-secret-key-that-stands-in-no-log-ever"

// Each claim that a box looks at has a row of its own, and each protection that
// can be taken away has one.
func TestTableIsWhole(t *testing.T) {
	claims, left := map[string]bool{}, map[weaken.Protection]bool{}
	for _, r := range rows() {
		if left[r.leave] {
			t.Errorf("%s has two rows", r.leave)
		}
		claims[r.fails[0].id], left[r.leave] = true, true
	}
	for _, c := range posture.Claims() {
		if looked := c.Later == "" && c.None == ""; looked != claims[c.ID] {
			t.Errorf("%s: looked at %v, a row of its own %v", c.ID, looked, claims[c.ID])
		}
	}
	names := protections(t)
	if len(names) != len(left) {
		t.Errorf("%d protections, %d rows", len(names), len(left))
	}
	for _, p := range names {
		if !left[p] {
			t.Errorf("%s has no row", p)
		}
	}
}

// protections reads the names from where they are written.
func protections(t *testing.T) []weaken.Protection {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../../weaken/weaken.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []weaken.Protection
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(text, prefix) {
				all = append(all, weaken.Protection(text))
			}
		}
		return true
	})
	return all
}

// prefix begins each name.
const prefix = "left-out:"

// boots puts rows together that one box can be asked about: no two change the
// same claim, and none needs what another rules out.
func boots() [][]row {
	var all [][]row
next:
	for _, r := range rows() {
		for i, together := range all {
			if !slices.ContainsFunc(together, func(other row) bool { return other.disturbs(r) }) {
				all[i] = append(together, r)
				continue next
			}
		}
		all = append(all, []row{r})
	}
	return all
}

func (r row) disturbs(other row) bool {
	return r.unowned != other.unowned || r.needs == other.leave || other.needs == r.leave || slices.ContainsFunc(r.fails, func(a claim) bool {
		return slices.ContainsFunc(other.fails, func(b claim) bool { return a.id == b.id })
	})
}
