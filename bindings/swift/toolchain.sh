#!/bin/sh
# Makes a directory with Swift 6 to chroot into, for a Debian whose own release has no Swift: trixie's `swiftlang`, and git,
# with which SwiftPM fetches a package by its URL.
# Usage: toolchain.sh DIRECTORY   (needs root and about 2.7 GB; does nothing if the directory is complete)
set -eu

directory=$1
partial=$directory.partial

fail() {
    echo "toolchain.sh: $*" >&2
    exit 1
}

# Concurrent runs of the tests take turns, because each may make the directory.
mkdir -p "$(dirname "$directory")"
exec 9> "$directory.lock"
flock 9

# install ROOT: installs the packages that the tests need.
install() {
    chroot "$1" apt-get update -q
    DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get install -q -y --no-install-recommends \
        swiftlang libc6-dev libstdc++-14-dev git
    chroot "$1" apt-get clean
}

# The directory gets this name when Swift is installed in it.
if [ -d "$directory" ]; then
    [ -x "$directory/usr/bin/git" ] || install "$directory"
    exit 0
fi
[ "$(id -u)" = 0 ] || fail "only root can make a chroot; install Swift 6 instead"
command -v apt-get > /dev/null || fail "no apt-get; install Swift 6 instead"

# The mirror that this machine already uses, because it can be reached.
# shellcheck disable=SC2016 # expanded by apt-get
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
[ -n "$mirror" ] || fail "apt knows no mirror"

if ! command -v debootstrap > /dev/null; then
    apt-get update -q
    apt-get install -q -y --no-install-recommends debootstrap
fi
rm -rf "$partial"
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg trixie "$partial" "$mirror"
cp /etc/resolv.conf "$partial/etc/resolv.conf"
for configuration in /etc/apt/apt.conf.d/99*; do
    [ ! -e "$configuration" ] || cp "$configuration" "$partial/etc/apt/apt.conf.d/"
done
install "$partial"
# Swift finds its libraries through /proc.
# shellcheck disable=SC2016 # expanded by the shell within
unshare --mount sh -ec 'mount -t proc proc "$1/proc"; chroot "$1" swift --version' sh "$partial"
mv -T "$partial" "$directory"
