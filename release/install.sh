#!/bin/sh
# Builds the library for this machine and installs it for hosts in C and C++: the header, the static and the shared
# library, a pkg-config file and a CMake package. File names and directories are those of cargo-c. The shared library is
# stripped; its symbols and line tables are in .debug next to it, where gdb and addr2line find them. Linux only; xcframework.sh
# and aar.sh make the packages for Apple's systems and Android. Needs objcopy of binutils.
#
# usage: install.sh PREFIX [LIBDIR]      LIBDIR: the directory of libraries below PREFIX, such as lib64. Default: lib.
#
# environment: DESTDIR    prepended to every written path, but not to paths inside of files; for making packages
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

[ $# = 1 ] || [ $# = 2 ] || fail "usage: install.sh PREFIX [LIBDIR]"
[ "$(uname -s)" = Linux ] || fail "this script installs on Linux only"
PREFIX=$(absolute "$1")
PREFIX=${PREFIX%/}
DESTDIR=${DESTDIR:+$(absolute "$DESTDIR")}
LIBDIR=${2:-lib}
LIBDIR=${LIBDIR%/}
case $LIBDIR/ in
/* | *../*) fail "LIBDIR is a path below PREFIX: $LIBDIR" ;;
esac
case $PREFIX/$LIBDIR in
# Characters with a special meaning for pkg-config or sed.
*[[:space:]\|\&\\\$\#\"\']*) fail "a character that the path may not have: $PREFIX/$LIBDIR" ;;
esac

# soversion VERSION: prints the part of a version whose change may break hosts (Semantic Versioning, as in cargo).
soversion() {
    case $1 in
    0.0.*) echo "$1" ;;
    0.*) echo "${1%.*}" ;;
    *) echo "${1%%.*}" ;;
    esac
}

VERSION=$(version)
SOVERSION=$(soversion "$VERSION")
# The relative path from LIBDIR to PREFIX.
UP=$(echo "$LIBDIR" | sed 's|[^/][^/]*|..|g')
RELEASE=$CARGO_TARGET_DIR/release

# build CRATE-TYPE [rustc option...]: builds one crate type at a time, because several at once lose link-time optimisation.
build() {
    kind=$1
    shift
    cargo rustc --release --locked --lib --crate-type "$kind" -- "$@" || fail "the library is not built"
}

need objcopy binutils
cd "$ROOT"
line_tables
# Removed, so that the check below fails if a cargo configuration builds for another machine.
rm -f "$RELEASE/libwxtransfer.a" "$RELEASE/libwxtransfer.so"
build staticlib --print "native-static-libs=$RELEASE/system-libraries.txt"
# Not in build.rs: cargo would pass the soname to every shared library that contains the crate, also to wxtransfer-jni.
build cdylib -C "link-arg=-Wl,-soname,libwxtransfer.so.$SOVERSION" -C link-arg=-Wl,--build-id=sha1
{ [ -f "$RELEASE/libwxtransfer.a" ] && [ -f "$RELEASE/libwxtransfer.so" ]; } || fail "the library was not built for this machine"
SYSTEM_LIBRARIES=$(cat "$RELEASE/system-libraries.txt")
SYSTEM_LIBRARIES_LIST=$(echo "$SYSTEM_LIBRARIES" | tr ' ' ';')

# fill NAME DIRECTORY: installs release/install/NAME.in with its placeholders replaced.
fill() {
    install -d "$2"
    sed -e "s|@PREFIX@|$PREFIX|g" -e "s|@LIBDIR@|$LIBDIR|g" -e "s|@UP@|$UP|g" \
        -e "s|@VERSION@|$VERSION|g" -e "s|@SOVERSION@|$SOVERSION|g" -e "s|@SYSTEM_LIBRARIES@|$SYSTEM_LIBRARIES|g" \
        -e "s|@SYSTEM_LIBRARIES_LIST@|$SYSTEM_LIBRARIES_LIST|g" "$ROOT/release/install/$1.in" >"$2/$1"
    chmod 644 "$2/$1"
}

include=$DESTDIR$PREFIX/include/wxtransfer
libraries=$DESTDIR$PREFIX/$LIBDIR
debug=$libraries/.debug/libwxtransfer.so.$VERSION.debug
install -d "$include" "$libraries/.debug"
install -m 644 "$ROOT/include/wxtransfer.h" "$include/"
install -m 644 "$RELEASE/libwxtransfer.a" "$libraries/"
install -m 755 "$RELEASE/libwxtransfer.so" "$libraries/libwxtransfer.so.$VERSION"
objcopy --only-keep-debug "$RELEASE/libwxtransfer.so" "$debug"
chmod 644 "$debug"
objcopy --strip-all --add-gnu-debuglink="$debug" "$libraries/libwxtransfer.so.$VERSION"
ln -sf "libwxtransfer.so.$VERSION" "$libraries/libwxtransfer.so.$SOVERSION"
ln -sf "libwxtransfer.so.$VERSION" "$libraries/libwxtransfer.so"
fill wxtransfer.pc "$libraries/pkgconfig"
fill wxtransfer-config.cmake "$libraries/cmake/wxtransfer"
fill wxtransfer-config-version.cmake "$libraries/cmake/wxtransfer"
echo "wxtransfer $VERSION is installed in $DESTDIR$PREFIX"
