package main

import (
	"context"
	"fmt"
	"strings"
)

// role is one thing that this program can be.
type role struct {
	name    string
	service bool   // started by init, of no use to people
	help    string // for people
	play    func(context.Context, call) int
}

// roles is the whole table.
func roles() []role {
	return []role{
		{name: "init", help: "run the box: --root DIR puts it below a folder", play: playInit},
		{name: "status", help: "how the services are [--json]", play: playStatus},
		{name: "restart", help: "restart a service: coffer restart NAME", play: playRestart},
		{name: "logs", help: "what services said: coffer logs [NAME] [-f] [-n N] [-level L] [-q TEXT]", play: playLogs},
		{name: "doctor", help: "look now whether the box keeps its claims [--json]", play: playDoctor},

		{name: "healthcheck", help: "exit 0 when the box is ready", play: playHealthcheck},
		{name: "config", help: "every option with its value and where it comes from", play: playConfig},
		{name: "setup-code", help: "the code for the first visit", play: playSetupCode},
		{name: "owner", help: "owner reset-password: set a new password without the old one; owner remove-factors: turn second factors off", play: playOwner},
		{name: "backup", help: "backup create | list [--remote] | verify ID [--passphrase] | storage | fetch NAME", play: playBackup},
		{name: "restore", help: "put a backup in the place of what there is: coffer restore FILE, and back: coffer restore --undo", play: playRestore},
		{name: "compact", help: "make the store's file smaller while the box is stopped", play: playCompact},
		{name: "diagnostics", help: "the file to give away when you ask for help: coffer diagnostics [--preview] [FILE]", play: playDiagnostics},
		{name: "version", help: "which build this is", play: playVersion},
		{name: "install", help: "lay out the protected files: --root DIR", play: playInstall},

		{name: "spawn", service: true, play: playSpawn},
		{name: "api", service: true, play: playAPI},
		{name: "worker", service: true, play: playWorker},
		{name: "parser", service: true, play: playParser},
		{name: "egress", service: true, play: playEgress},
		{name: "pdfium-cache", service: true, play: playPDFiumCache}, // builds the image
		{name: "parser-child", service: true, play: playParserChild},
		{name: "sweep", service: true, play: playSweep}, // knows all secrets, for one question
		{name: "probe", service: true, play: playProbe}, // tries what a service must not
	}
}

func usage() string {
	var b strings.Builder
	b.WriteString("usage: coffer COMMAND\n\n")
	for _, r := range roles() {
		if !r.service {
			fmt.Fprintf(&b, "  %-12s %s\n", r.name, r.help)
		}
	}
	return b.String()
}
