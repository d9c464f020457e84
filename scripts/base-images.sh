#!/bin/sh
# Prints, one a line, the --build-arg options that name the base images of the
# Dockerfile: the published ones where they can be had, else stand-ins made
# here from the distribution's own signed archive and the local Go toolchain.
#
#   base-images.sh [ARCH]      ARCH is that of the image to build, amd64 or arm64
#
# A stand-in has a name of its own, so that it never passes for the published
# image in somebody else's build. Its tag carries the week, so that it is made
# again for security updates, and kept in between.
set -eu

suite=trixie
native=$(dpkg --print-architecture)
arch=${1:-$native}
docker=${DOCKER:-docker}
runtime=${RUNTIME_IMAGE:-debian:$suite-slim}
build=${BUILD_IMAGE:-golang:1.26-$suite}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
go=$(go env GOVERSION)
stamp=$(date +%G%V)-$(sha256sum <"$0" | cut -c1-8)

have() { "$docker" image inspect "$1" >/dev/null 2>&1; }

# published NAME ARCH: the image is here in that architecture, or can be pulled.
published() {
	if [ "$("$docker" image inspect -f '{{.Architecture}}' "$1" 2>/dev/null)" = "$2" ]; then
		return 0
	fi
	timeout 600 "$docker" pull -q --platform "linux/$2" "$1" >/dev/null 2>&1
}

# mirror prints the archive this machine itself uses, when it is a Debian;
# debootstrap knows a default for the rest.
mirror() {
	grep -qx ID=debian /etc/os-release || return 0
	# shellcheck disable=SC2016 # the placeholders are apt's
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		grep -v -e security -e updates -e backports | sed -n 's/^\([^ ]*debian\/*\) .*/\1/p' | head -n 1
}

# tree DIR ARCH: a minimal system, without documentation and translations.
tree() {
	archive=$(mirror)
	foreign=
	[ "$2" = "$native" ] || foreign=--foreign
	# shellcheck disable=SC2086 # an absent option is no argument
	debootstrap --variant=minbase --force-check-gpg --keyring="$keyring" --arch="$2" $foreign \
		"$suite" "$1" ${archive:+"$archive"} >&2
	if [ -n "$foreign" ]; then
		# Nothing of a foreign architecture is run: what is left is unpacked by hand.
		for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$deb" "$1"; done
		rm -rf "$1/debootstrap"
	fi
	mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
	{
		echo "path-exclude /usr/share/doc/*"
		echo "path-include /usr/share/doc/*/copyright"
		echo "path-exclude /usr/share/man/*"
		echo "path-exclude /usr/share/info/*"
		echo "path-exclude /usr/share/locale/*"
	} >"$1/etc/dpkg/dpkg.cfg.d/without-docs"
	base=$(sed -n 's/^deb \(\[.*\] \)\{0,1\}\([^ ]*\) .*/\2/p' "$1/etc/apt/sources.list" | head -n 1)
	base=${base%/}
	{
		echo "deb $base $suite main"
		echo "deb $base $suite-updates main"
		echo "deb $base-security $suite-security main"
	} >"$1/etc/apt/sources.list"
	if [ -z "$foreign" ]; then
		chroot "$1" sh -c 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy dist-upgrade' >&2
	fi
	find "$1/usr/share/doc" -type f ! -name copyright -delete
	find "$1/usr/share/doc" -type l ! -name copyright -delete
	find "$1/usr/share/doc" -type d -empty -delete
	rm -rf "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/*
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/cache/ldconfig/* "$1"/var/cache/debconf/*-old
	find "$1/var/log" -type f -delete
	# Made for this machine's network, not the image's.
	rm -f "$1/etc/resolv.conf" "$1/etc/hostname"
}

# toolchain DIR: the local Go and this machine's certificate authorities, which
# the module proxy may need. They go into the build stand-in only; no layer of
# it reaches the image that ships.
toolchain() {
	mkdir -p "$1/usr/local/go" "$1/etc/ssl/certs"
	cp -a "$(go env GOROOT)/." "$1/usr/local/go/"
	rm -rf "$1/usr/local/go/test" "$1/usr/local/go/api" "$1/usr/local/go/doc"
	cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$1/etc/ssl/certs/ca-certificates.crt"
}

# image DIR NAME ARCH [INSTRUCTION...] makes an image of a tree. Building sets the
# architecture, which `docker import` does not do everywhere.
image() {
	dir=$1 name=$2 platform=linux/$3
	shift 3
	tar -C "$dir" --numeric-owner -cf "$dir.tar" .
	mkdir "$dir.context"
	mv "$dir.tar" "$dir.context/tree.tar"
	{
		echo "FROM scratch"
		echo "ADD tree.tar /"
		if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi
	} >"$dir.context/Dockerfile"
	DOCKER_BUILDKIT=1 "$docker" build -q --platform "$platform" -t "$name" "$dir.context" >&2
}

work=
trap 'if [ -n "$work" ]; then rm -rf "$work"; fi' EXIT
trap 'exit 1' INT TERM

if ! published "$runtime" "$arch"; then
	runtime=coffer.invalid/runtime-$arch:$suite-$stamp
	if ! have "$runtime"; then
		work=$(mktemp -d)
		tree "$work/tree" "$arch"
		image "$work/tree" "$runtime" "$arch" 'CMD ["bash"]'
		rm -rf "$work"
	fi
fi
if ! published "$build" "$native"; then
	build=coffer.invalid/build:$go-$suite-$stamp
	if ! have "$build"; then
		work=$(mktemp -d)
		tree "$work/tree" "$native"
		toolchain "$work/tree"
		image "$work/tree" "$build" "$native" \
			'ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
			'ENV GOTOOLCHAIN=local' 'WORKDIR /go'
		rm -rf "$work"
	fi
fi
printf '%s\n' "--build-arg=RUNTIME_IMAGE=$runtime" "--build-arg=BUILD_IMAGE=$build"
