#!/bin/sh
# Builds the image from the Dockerfile with base images that can be had here.
#
#   image.sh NAME [amd64|arm64]
set -eu
cd "$(dirname "$0")/.."

name=$1
arch=${2:-$(dpkg --print-architecture)}
# A newer client without its buildx plugin cannot build; Debian's can.
docker=${DOCKER:-docker}
if ! "$docker" buildx version >/dev/null 2>&1 && [ -x /usr/bin/docker ]; then
	docker=/usr/bin/docker
fi
export DOCKER="$docker" DOCKER_BUILDKIT=1

bases=$(scripts/base-images.sh "$arch")
# The host's network reaches the same module proxy and archive as the host.
# shellcheck disable=SC2086 # one option a line, without blanks
"$docker" build --network host --platform "linux/$arch" $bases \
	--build-arg "GOPROXY=$(go env GOPROXY)" --build-arg "VERSION=${VERSION:-dev}" \
	--tag "$name" .
