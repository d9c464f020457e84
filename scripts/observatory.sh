#!/bin/sh
# Fetches Mozilla's HTTP Observatory, by which the headers of the box are judged,
# into out/observatory. Tests use it; nothing that ships does.
set -eu
cd "$(dirname "$0")/.."

name=@mdn/mdn-http-observatory
version=1.4.8
home=out/observatory/node_modules/$name
if [ -f "$home/package.json" ] && grep -q "\"version\": \"$version\"" "$home/package.json"; then
	exit 0
fi
if ! command -v npm >/dev/null; then
	echo "missing: npm, so that the headers are not held against the Observatory" >&2
	exit 0
fi
mkdir -p out/observatory
npm install --prefix out/observatory --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "$name@$version" >&2
# Its own script would fetch the list of names that browsers ship with; the name
# of a test is not on it.
echo '{}' >"$home/conf/hsts-preload.json"
