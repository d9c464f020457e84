package diagnostics

import (
	"slices"
	"testing"
)

func TestSecretsInAnEnvironment(t *testing.T) {
	random := drawnText(24)
	var got []string
	for _, s := range InEnvironment([]string{
		"PATH=/usr/bin:/bin", "PWD=/", "HOME=/root", "TZ=Europe/Berlin", "HOSTNAME=0123456789ab", "COFFER_PUBLIC_URL=https://box.example/?page=2", "DB_PASSWORD_FILE=/run/secrets/db", "AUTH=none", "BROKEN",
		"DB_PASSWORD=plain words", "FOO_API_KEY=abc123", "DATABASE_URL=postgres://u:quiet@db/x", "SENTRY=https://lonely@sentry.example/1", "HOOK=https://x.example/hook?token=handed&n=1",
		"SOMETHING=" + random, "OTHER=mixed ghp_" + random, "LS_COLORS=*.tar=01;31:*.zip=01;31",
	}) {
		got = append(got, string(s))
	}
	want := []string{"plain words", "abc123", "quiet", "lonely", "handed", random, "ghp_" + random}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}
