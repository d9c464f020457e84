#!/bin/sh
# Fetches axe-core, the accessibility checker that the pages are held against,
# into out/npm. Tests use it; nothing that ships does.
set -eu
cd "$(dirname "$0")/.."

version=4.14.1
have=out/npm/node_modules/axe-core/package.json
if [ -f "$have" ] && grep -q "\"version\": \"$version\"" "$have"; then
	exit 0
fi
if ! command -v npm >/dev/null; then
	echo "missing: npm, so that the pages are not held against axe-core" >&2
	exit 0
fi
mkdir -p out/npm
npm install --prefix out/npm --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "axe-core@$version" >&2
