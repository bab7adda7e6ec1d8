#!/bin/sh
# Builds the library for this machine, with line tables and not stripped. Prints its path. install.sh installs this library; the tests
# and the benchmarks of the optimised library use it, too, so that cargo builds it once. Linux only.
#
# usage: library.sh staticlib|cdylib    staticlib: system-libraries.txt beside it has the linker's options for what it needs
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

RELEASE=$CARGO_TARGET_DIR/release
case ${1:-} in
staticlib)
    LIBRARY=$RELEASE/libwxtransfer.a
    set -- "$1" --print "native-static-libs=$RELEASE/system-libraries.txt"
    ;;
cdylib)
    LIBRARY=$RELEASE/libwxtransfer.so
    # Not in build.rs: cargo would pass the soname to every shared library that contains the crate, also to wxtransfer-jni.
    set -- "$1" -C "link-arg=-Wl,-soname,libwxtransfer.so.$(soversion)" -C link-arg=-Wl,--build-id=sha1
    ;;
*) fail "usage: library.sh staticlib|cdylib" ;;
esac

kind=$1
shift
cd "$ROOT"
line_tables
# Removed, so that the check below fails if a cargo configuration builds for another machine.
rm -f "$LIBRARY"
# One crate type at a time, because several at once lose link-time optimisation.
cargo rustc --release --locked --lib --crate-type "$kind" -- "$@" >&2 || fail "the library is not built"
[ -f "$LIBRARY" ] || fail "the library was not built for this machine"
echo "$LIBRARY"
