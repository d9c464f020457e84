#!/bin/sh
# Installs what a make target needs and this machine lacks, from the
# distribution's packages. Without root it only names what is missing.
#
#   setup.sh run|test|suite|image|bench|lint
set -eu

peers="s6-svscan:s6 runsvdir:runit tini:tini dumb-init:dumb-init"
case ${1:-} in
run)   want="nginx:nginx-light" ;;
lint)  want="shellcheck:shellcheck" ;;
image) want="dockerd:docker.io debootstrap:debootstrap" ;;
test)  want="gcc:gcc nginx:nginx-light caddy:caddy dockerd:docker.io debootstrap:debootstrap chromium:chromium certutil:libnss3-tools pdftotext:poppler-utils ip:iproute2 iptables:iptables npm:npm testssl:testssl.sh $peers" ;;
suite) want="gcc:gcc $peers supervisord:supervisor" ;;
bench) want="gcc:gcc $peers nginx:nginx-light dockerd:docker.io debootstrap:debootstrap recollindex:recollcmd pdftotext:poppler-utils restic:restic" ;;
*)     echo "usage: setup.sh run|test|suite|image|bench|lint" >&2; exit 2 ;;
esac

PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in $want; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "missing:$missing (as root on Debian or Ubuntu this installs them)" >&2
	exit 0
fi

# Packages must not start services of their own on this machine, or nginx would
# take port 80. This is the hook that Debian has for it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 0755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >&2
case $missing in
*docker.io*)
	# Newer releases keep the client and its builder in packages of their own.
	for package in docker-cli docker-buildx; do
		if apt-cache show "$package" >/dev/null 2>&1; then missing="$missing $package"; fi
	done
	;;
esac
# The headers are only recommended by the compiler's package.
case $missing in *gcc*) missing="$missing libc6-dev" ;; esac
# shellcheck disable=SC2086 # a list
apt-get install -qy --no-install-recommends ca-certificates $missing >&2
