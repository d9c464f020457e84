#!/bin/sh
# Runs the box natively, in the foreground, below ./var/root. It ends with
# init's exit code; Ctrl-C and SIGTERM stop it.
set -eu
cd "$(dirname "$0")/.."
umask 022

if ! PATH=$PATH:/usr/sbin:/sbin command -v nginx >/dev/null; then
	if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
		sudo scripts/setup.sh run
	else
		scripts/setup.sh run
	fi
fi

root=$PWD/var/root
mkdir -p "$root/usr/bin"
if [ ! -w "$root/usr/bin" ]; then
	echo "$root belongs to another user, from an earlier run: run this as that user, or remove it" >&2
	exit 1
fi
chmod 0755 "$root"
install -m 0555 bin/coffer "$root/usr/bin/coffer"

if [ -z "${COFFER_LISTEN:-}${COFFER_LISTEN_FILE:-}" ]; then
	export COFFER_LISTEN=127.0.0.1:8080
fi
echo "Coffer listens at ${COFFER_LISTEN:-the address in $COFFER_LISTEN_FILE}; its files are in var/root"

# As root, services run as users of their own, who may not enter somebody's
# home: they find the box at /mnt, in a view of the file system of its own.
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	# shellcheck disable=SC2016 # the inner shell expands it
	exec unshare --mount --propagation private sh -c \
		'mount --bind "$1" /mnt && cd / && exec /mnt/usr/bin/coffer init --root /mnt' sh "$root"
fi
exec "$root/usr/bin/coffer" init --root "$root"
