#!/bin/sh
# Builds the static and the shared library for this machine, with line tables and not stripped. Prints the path of one. install.sh
# installs them; the tests and the benchmarks of the optimised library use them, too, so that cargo builds them once. Linux only.
#
# usage: library.sh staticlib|cdylib    system-libraries.txt, next to the libraries, lists the linker options that the static one needs
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

RELEASE=$CARGO_TARGET_DIR/release
case ${1:-} in
staticlib) LIBRARY=$RELEASE/libwxtransfer.a ;;
cdylib) LIBRARY=$RELEASE/libwxtransfer.so ;;
*) fail "usage: library.sh staticlib|cdylib" ;;
esac

cd "$ROOT"
line_tables
# Removed, so that the check below fails if a cargo configuration builds for another machine.
rm -f "$LIBRARY"
# Both in one build, because link-time optimisation takes most of it. A third crate type, `lib`, would turn that off.
# The soname is not in build.rs: cargo would pass it to every shared library that contains the crate, also to wxtransfer-jni.
cargo rustc --release --locked --lib --crate-type staticlib,cdylib -- --print "native-static-libs=$RELEASE/system-libraries.txt" \
    -C "link-arg=-Wl,-soname,libwxtransfer.so.$(soversion)" -C link-arg=-Wl,--build-id=sha1 >&2 || fail "the library is not built"
[ -f "$LIBRARY" ] || fail "the library was not built for this machine"
echo "$LIBRARY"
