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

VERSION=$(version)
SOVERSION=$(soversion)
# The relative path from LIBDIR to PREFIX.
UP=$(echo "$LIBDIR" | sed 's|[^/][^/]*|..|g')

need objcopy binutils
STATIC_LIBRARY=$("$ROOT/release/library.sh" staticlib)
SHARED_LIBRARY=$("$ROOT/release/library.sh" cdylib)
SYSTEM_LIBRARIES=$(cat "$(dirname "$STATIC_LIBRARY")/system-libraries.txt")
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
install -m 644 "$STATIC_LIBRARY" "$libraries/"
install -m 755 "$SHARED_LIBRARY" "$libraries/libwxtransfer.so.$VERSION"
objcopy --only-keep-debug "$SHARED_LIBRARY" "$debug"
chmod 644 "$debug"
objcopy --strip-all --add-gnu-debuglink="$debug" "$libraries/libwxtransfer.so.$VERSION"
ln -sf "libwxtransfer.so.$VERSION" "$libraries/libwxtransfer.so.$SOVERSION"
ln -sf "libwxtransfer.so.$VERSION" "$libraries/libwxtransfer.so"
fill wxtransfer.pc "$libraries/pkgconfig"
fill wxtransfer-config.cmake "$libraries/cmake/wxtransfer"
fill wxtransfer-config-version.cmake "$libraries/cmake/wxtransfer"
echo "wxtransfer $VERSION is installed in $DESTDIR$PREFIX"
