#!/bin/sh
# Builds the shared library twice, from two copies of the committed sources in different directories, with the flags of the
# packages for phones. Checks that both builds have the same bytes, and that these contain no path of this machine. Prints the
# checksum. Takes some minutes. Linux only.
#
# usage: reproducible.sh [--quick]    --quick builds without optimisation, in a minute
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"
need git
need strings binutils

profile=release directory=release
if [ "${1:-}" = --quick ]; then
    profile=dev directory=debug
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build NAME: prints the checksum of the library built in a directory of that name.
build() (
    sources=$work/$1/sources
    library=$work/$1/target/$directory/libwxtransfer.so
    mkdir -p "$sources"
    git -C "$ROOT" archive --output "$work/$1/sources.tar" HEAD
    tar -x -f "$work/$1/sources.tar" -C "$sources"
    hide_paths "$sources"
    line_tables
    (cd "$sources" && CARGO_TARGET_DIR="$work/$1/target" cargo rustc --quiet --profile $profile --locked --lib --crate-type cdylib -- -C strip=symbols) ||
        fail "the library is not built"
    # Searched for at once in a file: a pipe that closes early would end the search with an error.
    strings "$library" >"$work/strings"
    paths=$(grep -F -e "$work" -e "${CARGO_HOME:-$HOME/.cargo}" -e "$HOME/" "$work/strings" || true)
    [ -z "$paths" ] || fail "the library contains paths of this machine: $(echo "$paths" | head -n 3)"
    sha256 "$library"
)

one=$(build one)
other=$(build "another directory")
[ "$one" = "$other" ] || fail "two builds differ: $one and $other"
echo "libwxtransfer.so: $one, twice"
