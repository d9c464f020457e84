package meta

import (
	"fmt"
	"slices"
	"strings"
)

// Package is what `go list` says about one package, test files left out.
type Package struct {
	ImportPath string
	Imports    []string // direct
	Deps       []string // all of them
}

const module = "coffer/"

// room says what the packages under a path may import of ours. Importing
// within the same room is always allowed. The first row that holds a package
// decides, so narrow rows stand before wide ones.
type room struct {
	path string
	may  []string
	why  string
}

func rooms() []room {
	return []room{
		{"entrypoint", []string{"appliance", "services", "config", "rootfs"},
			"it is the one place where everything is wired"},
		{"weaken", nil, "it is names and a switch that what ships does not have"},
		{"config", nil, "configuration is a value that others receive"},
		{"rootfs", nil, "it is bytes to lay down, verbatim"},
		{"appliance", nil, "the machine knows processes, never documents; it meets services in entrypoint only"},
		{"services/library", nil, "the domain knows no storage, no transport and no vendor"},
		{"services/parser/wire", nil, "both ends of the conversation import it, and one end is hostile"},
		{"services/parser/internal", []string{"services/parser/wire", "services/extract"},
			"a reader of hostile bytes gets a reader and limits, and gives data"},
		{"services/parser", []string{"services/extract"}, "the parser knows documents as bytes, not as sources"},
		{"services/extract", nil, "one extractor serves every room and knows none"},
		{"services/store", []string{"services/library"}, "storage is behind a port of the library"},
		{"services/index", []string{"services/library"}, "the index is behind a port of the library"},
		{"services/auth", []string{"services/library"}, "who is asking is decided without routes or pages"},
		{"services/api", []string{"services/library", "services/auth"}, "siblings are reached through ports of the library"},
		{"services/web", []string{"services/library", "services/auth"}, "siblings are reached through ports of the library"},
		{"services/metrics", []string{"services/library"}, "it shows figures, and has no right to a route or to what they count"},
		{"services/link", []string{"services/library", "services/parser"}, "it carries leases and readings, nothing else"},
		{"services/worker", []string{"services/library", "services/parser", "services/link"},
			"it moves bytes from a lease to the parser and back"},
		{"services/peer", nil, "it asks the kernel one question"},
		{"services/console", []string{"services/library", "services/peer"}, "the keeper is behind a port of its own"},
		{"services/egress", []string{"services/library", "services/peer"}, "siblings are reached through ports of the library"},
		{"services/backup", []string{"services/library", "services/extract"}, "siblings are reached through ports of the library"},
		{"services/notices", []string{"services/library"}, "siblings are reached through ports of the library"},
		{"services/alarm", []string{"services/library"}, "siblings are reached through ports of the library"},
		{"services/packages", []string{"services/library", "services/extract"}, "siblings are reached through ports of the library"},
		{"services/diagnostics", []string{"services/library", "services/extract"}, "siblings are reached through ports of the library"},
		{"scripts/e2e/probe", []string{"appliance/confine"}, "it tries the real confinement from inside"},
		{"scripts/bench/stock", []string{"services/library", "services/store"},
			"it fills a store faster than a client of the box could"},
		{"scripts/suite/rig", []string{"appliance/supervise", "appliance/reap", "appliance/signals", "appliance/journal", "appliance/confine"},
			"it is init without a box, which the supervision suite tries beside others"},
		{"scripts", nil, "checks and benchmarks look at the box from outside"},
	}
}

// seams is what a protection anywhere asks whether a test takes it away.
const seams = "weaken"

// vendor says which rooms may import a library or a standard package. The first
// row that holds an import decides, so narrow rows stand before wide ones.
type vendor struct {
	path string
	only []string
	why  string
}

func vendors() []vendor {
	return []vendor{
		{"go.etcd.io/bbolt", []string{"services/store"}, "bbolt has one opener, and the store documents every key"},
		{"github.com/blevesearch", []string{"services/index"}, "the index is disposable behind its port"},
		{"github.com/golang-jwt", []string{"services/auth"}, "every token is made and checked in one place"},
		{"github.com/pquerna/otp", []string{"services/auth"}, "every code is made and compared in one place"},
		{"github.com/go-webauthn", []string{"services/auth"}, "every passkey is made and checked in one place"},
		{"github.com/boombuler/barcode", []string{"services/auth"}, "secrets are drawn where they are made"},
		{"github.com/fernet", []string{"services/auth"}, "what is sealed is opened in one place"},
		{"golang.org/x/crypto/x509roots", []string{"services/egress"}, "who vouches for the internet matters to who goes there"},
		{"golang.org/x/crypto", []string{"services/auth"}, "every secret is compared in one place"},
		{"github.com/gin-gonic", []string{"services/api", "services/web"}, "HTTP is their vendor"},
		{"github.com/danielgtaylor/huma", []string{"services/api"}, "HTTP is its vendor"},
		{"github.com/klippa-app", []string{"services/parser/internal"}, "PDFium reads hostile bytes"},
		{"github.com/tetratelabs/wazero", []string{"services/parser/internal"}, "only PDFium needs it"},
		{"github.com/spf13/viper", []string{"config"}, "only config reads configuration"},
		{"github.com/ochinchina", []string{"appliance/supervise"}, "its faults are dealt with in one place"},
		{"github.com/landlock-lsm", []string{"appliance/confine"}, "confinement is one table"},
		{"github.com/elastic/go-seccomp-bpf", []string{"appliance/confine"}, "confinement is one table"},
		{"github.com/prometheus", []string{"services/metrics"}, "every series is named in one place"},
		{"github.com/mholt/acmez", []string{"services/egress"}, "only egress goes out"},
		{"github.com/minio", []string{"services/egress"}, "only egress goes out"},
		{"github.com/caddyserver", []string{"services/egress"}, "only egress goes out"},
		{"github.com/bodgit", []string{"services/extract"}, "archives are taken apart in one place"},
		{"github.com/nwaples", []string{"services/extract"}, "archives are taken apart in one place"},
		{"github.com/therootcompany", []string{"services/extract"}, "archives are taken apart in one place"},
		{"archive/tar", []string{"services/extract", "services/backup", "scripts/e2e"}, "archives are taken apart in one place"},
		{"filippo.io/age", []string{"services/backup", "services/diagnostics"}, "sealing is theirs"},
		{"github.com/chromedp", []string{"scripts/e2e"}, "a browser drives tests, nothing that ships"},
		{"os/exec", []string{"appliance", "services/parser", "entrypoint", "scripts"},
			"processes are the machine's; of the services only the parser has children"},
	}
}

// closure says what must not be reachable from the packages of a room at all.
type closure struct {
	path string
	bans []string
	why  string
}

func closures() []closure {
	return []closure{
		{"services/parser/internal", []string{"os/exec", "net/http", "coffer/services/store", "go.etcd.io/bbolt"},
			"a child that reads hostile bytes holds no code to run programs, speak HTTP or open the store"},
		{"services/worker", []string{"coffer/services/store", "coffer/services/index", "go.etcd.io/bbolt", "github.com/blevesearch/bleve/v2"},
			"the worker opens nothing of the store; it has a lease over the link"},
		{"appliance", []string{"coffer/services/library", "github.com/gin-gonic/gin"},
			"the machine knows processes, never documents"},
	}
}

// within reports that path is dir or below it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func withinAny(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return within(path, d) })
}

// CheckImports returns one line for each import that a row forbids.
func CheckImports(packages []Package) []string {
	var faults []string
	for _, p := range packages {
		here := strings.TrimPrefix(p.ImportPath, module)
		faults = append(faults, checkRoom(here, p.Imports)...)
		for _, i := range p.Imports {
			at := slices.IndexFunc(vendors(), func(v vendor) bool { return within(i, v.path) })
			if at < 0 {
				continue
			}
			if v := vendors()[at]; !withinAny(here, v.only) {
				faults = append(faults, fmt.Sprintf("%s imports %s, which belongs to %s: %s",
					here, i, strings.Join(v.only, ", "), v.why))
			}
		}
		for _, c := range closures() {
			for _, d := range p.Deps {
				if within(here, c.path) && slices.Contains(c.bans, d) {
					faults = append(faults, fmt.Sprintf("%s reaches %s: %s", here, d, c.why))
				}
			}
		}
	}
	return faults
}

func checkRoom(here string, imports []string) []string {
	at := slices.IndexFunc(rooms(), func(r room) bool { return within(here, r.path) })
	if at < 0 {
		return []string{fmt.Sprintf("%s is in no room: give it a row with a reason", here)}
	}
	r := rooms()[at]
	var faults []string
	for _, i := range imports {
		there, ours := strings.CutPrefix(i, module)
		if ours && !within(there, r.path) && !withinAny(there, r.may) && there != seams {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", here, there, r.why))
		}
	}
	return faults
}
