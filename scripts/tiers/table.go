package main

import (
	"slices"
	"strings"
)

// tier is one rung: what it proves, what it needs, and the go test commands.
type tier struct {
	name     string // several, with commas between: they run side by side
	what     string
	programs []string // that must be on the path
	root     bool
	engine   bool // a container engine, started when none runs
	runs     []command
}

type command struct {
	flags    []string
	packages []string // patterns; one with a leading "-" takes away
}

// among reports that one of names is asked for.
func (t tier) among(names []string) bool {
	return slices.ContainsFunc(strings.Split(t.name, ","), func(n string) bool { return slices.Contains(names, n) })
}

func tiers() []tier {
	verbose := func(limit, name string) []command {
		return []command{{[]string{"-v", "-count=1", "-timeout=" + limit}, []string{"./scripts/e2e/" + name}}}
	}
	return []tier{
		{
			name: "unit", what: "every package by itself, in the race detector where that is cheap",
			programs: []string{"gcc"},
			runs: []command{
				// Hashing a password shares nothing, and watching it takes ten times as long
				// as the rest of most tests: it is compiled as always.
				{[]string{"-race", "-gcflags=golang.org/x/crypto/...=-race=false", "-timeout=20m"}, []string{"./...", "-./services/parser/...", "-./services/web/...", "-./appliance/confine/...", "-./appliance/posture/...", "-./entrypoint/...", "-./scripts/..."}},
				// PDFium in WebAssembly is generated code without goroutines, and pages
				// are tested by a browser: the race detector finds nothing there and makes
				// it many times slower. A confined program cannot carry it at all, and
				// posture starts such programs.
				{[]string{"-timeout=20m"}, []string{"./services/parser/...", "./services/web/...", "./appliance/confine/...", "./appliance/posture/...", "./scripts/..."}},
			},
		},
		{
			name: "scripts", what: "the real binary by its commands",
			runs: []command{{[]string{"-timeout=20m"}, []string{"./entrypoint/..."}}},
		},
		{
			name: "native", what: "the box on this machine, as make run starts it",
			programs: []string{"nginx", "make"},
			runs: append(verbose("10m", "native"),
				command{[]string{"-v", "-count=1", "-timeout=10m", "-run=TestStorage|TestCopies"}, []string{"./services/egress"}}),
		},
		{
			name: "proofs", what: "each protection taken away, and missed", programs: []string{"nginx"}, root: true,
			runs: verbose("10m", "proofs"),
		},
		{
			name: "supervision", what: "our init in every case that we know of, others beside it",
			programs: []string{"gcc", "s6-svscan", "runsvdir", "tini", "dumb-init"}, root: true,
			runs: []command{
				{[]string{"-v", "-count=1", "-timeout=10m"}, []string{"./scripts/e2e/supervision"}},
				{[]string{"-v", "-count=1", "-timeout=10m", "-race"}, []string{"./scripts/e2e/supervision"}},
			},
		},
		{
			name: "quiet", what: "a box that goes nowhere, seen on the wire",
			programs: []string{"nginx", "ip", "iptables", "ip6tables"}, root: true, runs: verbose("15m", "quiet"),
		},
		{
			// Both wait most of the time: for orders, and for handshakes one by one.
			name: "acme,scan", what: "certificates from an authority that fails in each way we know of; TLS and headers, judged by testssl.sh and Mozilla's HTTP Observatory",
			programs: []string{"nginx", "ip", "testssl", "node"}, root: true,
			runs: []command{{[]string{"-v", "-count=1", "-timeout=25m", "-p=2"}, []string{"./scripts/e2e/acme", "./scripts/e2e/scan"}}},
		},
		{
			name: "chaos", what: "kill -9 of each process while it reads",
			programs: []string{"nginx"}, runs: verbose("15m", "chaos"),
		},
		{
			name: "browser", what: "a person's first minutes, in a real browser",
			programs: []string{"nginx", "caddy", "chromium", "certutil", "pdftotext", "ip"}, runs: verbose("10m", "browser"),
		},
		{
			name: "image", what: "the real image, and what a process inside can do",
			programs: []string{"docker", "debootstrap", "ip"}, root: true, engine: true,
			// More at once than there are cores: those of the door wait for limits to end.
			runs: []command{{[]string{"-v", "-count=1", "-timeout=30m", "-parallel=3"}, []string{"./scripts/e2e/image"}}},
		},
	}
}
