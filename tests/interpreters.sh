#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches the CPython 3.13, 3.14 and 3.15 of Debian, to test with, each into a folder of its own.
# Usage: tests/interpreters.sh DIR
#
# Afterwards DIR/3.N/usr/bin/python3.N runs as it is, from anywhere, with the libc of its own
# suite and no chroot; only under a false argv[0] it wants PYTHONHOME=DIR/3.N/usr.  Its paths are
# absolute: run this again after DIR has moved.  The libpython beside it, with its headers, is for
# programs that embed Python: they take the loader and the libc of DIR/3.N as well.  Needs no root
# and leaves the system's package state alone.  SUITES (where to look, in this order) and
# DEBIAN_MIRROR may be set.

set -eu

die() {
	echo "interpreters.sh: $*" >&2
	exit 1
}

# The first archive of Debian that apt is configured with; "debian-security" is not one.
mirror() {
	sed '/^[[:space:]]*#/d' /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null |
		tr -s '[:space:]' '\n' | grep -E -m 1 '^[a-z+]+:/.*/debian/?$' ||
		echo http://deb.debian.org/debian
}

# Debian's own keys if they are installed, otherwise whatever apt trusts.
signed_by() {
	for keyring in /usr/share/keyrings/debian-archive-keyring.pgp \
		/usr/share/keyrings/debian-archive-keyring.gpg; do
		[ -r "$keyring" ] && echo "signed-by=$keyring" && return
	done
}

# apt-get with nothing of the system's but its proxies and keys; $1: suite.
suite_apt() {
	state=$work/$1
	shift
	apt-get -qq -c "$state/apt.conf" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::State="$state" -o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" -o Dir::Log="$state/log" "$@"
}

# Makes apt's state of suite $1, once; false if the suite is not available.
suite_open() {
	state=$work/$1
	[ ! -e "$state/updated" ] || return 0
	[ ! -d "$state" ] || return 1
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/log"
	: >"$state/status"
	echo "deb [arch=$arch target=Packages $(signed_by)] $mirror $1 main" >"$state/sources.list"
	# The hooks of the system would work on the system's caches.  The sandbox user could
	# not read a private folder.
	cat >"$state/apt.conf" <<-'CONF'
		#clear APT::Update;
		#clear DPkg;
		#clear APT::Architectures;
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		APT::Install-Recommends "false";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
	CONF
	suite_apt "$1" update && : >"$state/updated"
}

# Downloads python$2 and libpython$2 of suite $1 and all they depend on; with CPython's own tests
# where packaged.  The headers come without what they depend on: those of libc are the system's.
suite_download() {
	suite_open "$1" || return 1
	suite_apt "$1" install --yes --download-only "python$2" "libpython$2" \
		"libpython$2-testsuite" 2>/dev/null ||
		suite_apt "$1" install --yes --download-only "python$2" "libpython$2" 2>/dev/null ||
		return 1
	(cd "$work/$1/cache/archives" && suite_apt "$1" download "libpython$2-dev")
}

# Unpacks the archives of suite $1 into $2, and removes them.
unpack() {
	mkdir -p "$2/usr/bin" "$2/usr/lib" "$2/usr/lib64" "$2/usr/sbin"
	ln -s usr/bin usr/lib usr/lib64 usr/sbin "$2"
	for deb in "$work/$1"/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$2" --no-same-owner --keep-directory-symlink \
			--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
			--exclude='./usr/share/locale/*' --exclude='*.a' || return 1
		rm "$deb"
	done
	# An absolute link would lead out of the folder.
	find "$2" -type l -lname '/*' | while read -r link; do
		ln -sfn "$2$(readlink "$link")" "$link"
	done
}

# Binds the executable $2 in $1 to the loader and the libraries of $1.  DT_RPATH, because unlike
# DT_RUNPATH it holds for what extension modules need as well.
bind() {
	loader=$1$(patchelf --print-interpreter "$2")
	libs=$(dirname "$(find "$1/usr/lib" -name libc.so.6)")
	patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libs" "$2"
}

# True if $2 of version $3 works and lives in $1, with a libpython to link with.
works() {
	[ -e "$1/usr/include/python$3/Python.h" ] &&
		[ -n "$(find -L "$1/usr/lib" -maxdepth 2 -type f -name "libpython$3.so")" ] || return 1
	(cd / && env -u PYTHONHOME -u PYTHONPATH "$2" -c 'import asyncio, ctypes, multiprocessing, sqlite3
import ssl, subprocess, sys
assert sys.executable == sys.argv[2] and sys.prefix == sys.argv[1] + "/usr", sys.prefix
subprocess.run([sys.executable, "-c", ""], check=True)' "$1" "$2")
}

# Makes $root from suite $1; $2: version.
install() {
	suite_download "$1" "$2" && unpack "$1" "$root" && bind "$root" "$python" &&
		works "$root" "$python" "$2"
}

# Makes $base/$1 unless it is complete; a stamp tells, with its path and what belongs to it.
provide() {
	root=$base/$1
	python=$root/usr/bin/python$1
	stamp="$root with libpython"
	[ "$(cat "$root/.complete" 2>/dev/null)" != "$stamp" ] || return 0
	for suite in $suites; do
		rm -rf "$root"
		install "$suite" "$1" || continue
		"$python" -m compileall -q -x '/test/' "$root/usr/lib/python$1" >/dev/null || :
		echo "$stamp" >"$root/.complete"
		return 0
	done
	rm -rf "$root"
	echo "interpreters.sh: no python$1 in $suites of $mirror" >&2
	return 1
}

[ $# -eq 1 ] || die "usage: interpreters.sh DIR"
for tool in apt-get dpkg-deb patchelf; do
	command -v "$tool" >/dev/null || die "$tool not found"
done
mkdir -p "$1"
base=$(cd "$1" && pwd -P)
suites=${SUITES:-trixie forky sid}
mirror=${DEBIAN_MIRROR:-$(mirror)}
arch=$(dpkg --print-architecture)
work=$(mktemp -d "$base/.apt.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

found=
for version in 3.13 3.14 3.15; do
	provide "$version" && found="$found $version"
done
[ -n "$found" ] || die "no interpreter is available"
for v in $found; do
	"$base/$v/usr/bin/python$v" -c 'import sys; print(sys.version.split()[0], sys.executable)'
done
