#!/bin/sh
# Linters: any finding fails.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh lint

unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'gofmt would change:\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...
# The names of supervisord's own vocabulary end in Secs.
go tool staticcheck -checks inherit,-ST1011 ./...
if command -v shellcheck >/dev/null; then
	git ls-files -z '*.sh' '.ci/run' | xargs -0 shellcheck
else
	echo "lint: shellcheck is not here, scripts are unchecked" >&2
	[ -z "${CI:-}" ] || exit 1
fi
