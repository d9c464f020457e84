package diagnostics

// places are the parts of paths that every box has: its folders and files, and
// the addresses of its pages.
func places() []string {
	return []string{
		"data", "store", "index", "blobs", "backups", "secrets", "logs", "config", "inbox", "restore", "staged", "import", "witness", "coffer.db", "coffer.yaml",
		"session-key", "setup-code", "service-token", "tls", "edge", "ca", "outgoing.json", "run", "coffer", "nginx", "nginx.pid", "nginx.conf", "conf.d", "acme",
		"api.sock", "link.sock", "parser.sock", "egress.sock", "control.sock", "box.sock", "owner.sock", "usr", "share", "bin", "sbin", "lib", "etc", "var", "tmp",
		"proc", "self", "sys", "fs", "cgroup", "dev", "null", "stdout", "stderr", "static", "templates", "pdfium-cache", "resolv.conf", "hosts",
		"api", "v1", "livez", "readyz", "metrics", "health", "auth", "login", "logout", "factor", "me", "sessions", "keys", "password", "setup", "sources", "text",
		"original", "retry", "cancel", "search", "jobs", "events", "library", "activity", "posture", "settings", "account", "access", "https", "audit", "about",
		"diagnostics", "preview", "outgoing", "export", "openapi.json", "favicon.ico", "_edge", "verify", "facts", "reauthenticate", "passkey", ".well-known", "acme-challenge", "local", "ca-certificates",
		"name", "more", "state", "tray", "packages", "add", "step", "allow", "undo", "forget", "totp", "codes", "confirm", "off", "file", "others", "end", "everywhere",
		"passkeys", "remove", "appearance", "key", "new", "order", "only", "back", "renew", "drop", "notices", "test", "stop", "reach", "first", "copies", "keep", "fetch",
		"manifest.webmanifest",
	}
}
