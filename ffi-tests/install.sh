#!/usr/bin/env bash
# Installs the library with release/install.sh into temporary directories, and builds and runs hosts that find it there:
# in C with pkg-config and in C++ with CMake, each with the shared and with the static library. Linux only. If a tool is missing, the
# checks that need it are skipped with a message (Debian: pkg-config, cmake, g++, make).
#
# usage: install.sh
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
HOSTS=$ROOT/ffi-tests/install
# shellcheck source=release/common.sh
source "$ROOT/release/common.sh"

CC=${CC:-cc}
VERSION=$(version)
passed=0
skipped=0
# The tests set the search paths of the library themselves.
unset DESTDIR LD_LIBRARY_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

ok() {
    echo "ok $*"
    passed=$((passed + 1))
}

# lacks WHAT TOOL...: succeeds if the machine lacks a tool that WHAT needs.
lacks() {
    local what=$1 tool
    shift
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null; then
            echo "skipped $what: $tool is missing"
            skipped=$((skipped + 1))
            return
        fi
    done
    return 1
}

# dynamic TAG FILE: prints the values of a tag in the dynamic section of an ELF file.
dynamic() {
    LC_ALL=C readelf -dW "$2" | sed -n "s/.*($1).*\[\(.*\)\]/\1/p"
}

# prints_version PROGRAM...
prints_version() {
    [[ $("$@") == "$VERSION" ]] || fail "$* does not print $VERSION"
}

# is_shared PROGRAM, is_static PROGRAM: check how the program was linked.
is_shared() {
    dynamic NEEDED "$1" | grep -qxF "$SONAME" || fail "$1 does not ask for $SONAME"
}
is_static() {
    if dynamic NEEDED "$1" | grep wxtransfer; then fail "$1 is linked with the shared library"; fi
}

# Before 1.0, a minor version may break hosts; from 1.0 on, only a major version may.
case $VERSION in
0.0.*) SONAME=libwxtransfer.so.$VERSION ;;
0.*) SONAME=libwxtransfer.so.${VERSION%.*} ;;
*) SONAME=libwxtransfer.so.${VERSION%%.*} ;;
esac

# tree DIRECTORY LIBDIR: fails unless the directory contains exactly the files and links of an installation.
tree() {
    (cd "$1" && find . ! -type d | LC_ALL=C sort) >"$WORK/found"
    printf './%s\n' include/wxtransfer/wxtransfer.h "$2/.debug/libwxtransfer.so.$VERSION.debug" \
        "$2/cmake/wxtransfer/wxtransfer-config-version.cmake" \
        "$2/cmake/wxtransfer/wxtransfer-config.cmake" "$2/libwxtransfer.a" "$2/libwxtransfer.so" "$2/$SONAME" \
        "$2/libwxtransfer.so.$VERSION" "$2/pkgconfig/wxtransfer.pc" | LC_ALL=C sort -u >"$WORK/expected"
    diff -u "$WORK/expected" "$WORK/found" || fail "$1 has other files"
    # The links must be relative; absolute ones would point outside DESTDIR.
    for link in libwxtransfer.so "$SONAME"; do
        [[ $(readlink "$1/$2/$link") == "libwxtransfer.so.$VERSION" ]] || fail "$link does not lead to libwxtransfer.so.$VERSION"
    done
}

if lacks 'all tests' "$CC" readelf; then exit 0; fi

PREFIX=$WORK/prefix
"$ROOT/release/install.sh" "$PREFIX"
tree "$PREFIX" lib
[[ $(dynamic SONAME "$PREFIX/lib/libwxtransfer.so") == "$SONAME" ]] || fail "the soname is not $SONAME"
ok "files, links and soname $SONAME"

if ! lacks 'symbols' addr2line; then
    "$CC" -Wall -Werror "$HOSTS/frames.c" -I "$PREFIX/include/wxtransfer" -L "$PREFIX/lib" -lwxtransfer -o "$WORK/frames"
    # Includes inlined functions, because the function that calls the host's log may be inlined.
    # shellcheck disable=SC2046 # one address a line
    addr2line --exe "$PREFIX/lib/libwxtransfer.so.$VERSION" --functions --inlines --demangle \
        $(env "LD_LIBRARY_PATH=$PREFIX/lib" "$WORK/frames") >"$WORK/symbols"
    grep -A 1 -x wxt_session_open "$WORK/symbols" | grep -q '/src/ffi/session.rs:[1-9]' ||
        fail "wxt_session_open and its line are not in: $(cat "$WORK/symbols")"
    [[ -z $(nm "$PREFIX/lib/libwxtransfer.so" 2>/dev/null) ]] || fail "the shared library is not stripped"
    ok "addresses of the stripped library have functions and lines"
fi

STAGE=$WORK/stage
# This path cannot be created, so a script that ignores DESTDIR fails and changes nothing.
FINAL=/proc/wxtransfer
LIBDIR=lib/some-machine
DESTDIR=$STAGE "$ROOT/release/install.sh" "$FINAL" "$LIBDIR"
tree "$STAGE$FINAL" "$LIBDIR"
if grep -rIF "$STAGE" "$STAGE"; then fail "the files know DESTDIR"; fi
ok "DESTDIR and LIBDIR"

if ! lacks 'pkg-config' pkg-config; then
    export PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig
    [[ $(pkg-config --modversion wxtransfer) == "$VERSION" ]] || fail "pkg-config says another version"
    mkdir "$WORK/c"
    # shellcheck disable=SC2046 # pkg-config prints several arguments
    "$CC" -Wall -Werror "$HOSTS/version.c" -o "$WORK/c/shared" $(pkg-config --cflags --libs wxtransfer)
    is_shared "$WORK/c/shared"
    prints_version env "LD_LIBRARY_PATH=$PREFIX/lib" "$WORK/c/shared"
    ok "pkg-config, shared library"

    # shellcheck disable=SC2046
    "$CC" -Wall -Werror "$HOSTS/version.c" -o "$WORK/c/static" $(pkg-config --cflags wxtransfer) \
        $(pkg-config --static --libs wxtransfer | sed 's/-lwxtransfer/-l:libwxtransfer.a/')
    is_static "$WORK/c/static"
    prints_version "$WORK/c/static"
    # Without the default libraries of the compiler, to check that the static library's list of system libraries is complete.
    # shellcheck disable=SC2046
    "$CC" -nodefaultlibs "$HOSTS/version.c" -o "$WORK/c/listed" $(pkg-config --cflags wxtransfer) \
        $(pkg-config --static --libs wxtransfer | sed 's/-lwxtransfer/-l:libwxtransfer.a/')
    prints_version "$WORK/c/listed"
    ok "pkg-config, static library"

    staged=$(PKG_CONFIG_PATH=$STAGE$FINAL/$LIBDIR/pkgconfig pkg-config --cflags-only-I --libs-only-L wxtransfer)
    [[ $staged == *-I$FINAL/include/wxtransfer*-L$FINAL/$LIBDIR* ]] || fail "the staged paths are $staged"
    ok "pkg-config, staged paths"
fi

# cmake_hosts NAME PREFIX: builds and runs both programs with the library in PREFIX.
cmake_hosts() {
    cmake -S "$HOSTS" -B "$WORK/$1" -G 'Unix Makefiles' -DCMAKE_PREFIX_PATH="$2" >/dev/null
    cmake --build "$WORK/$1" >/dev/null
    is_shared "$WORK/$1/version-shared"
    is_static "$WORK/$1/version-static"
    # CMake writes the path of the shared library into the program.
    prints_version "$WORK/$1/version-shared"
    prints_version "$WORK/$1/version-static"
}

# cmake_finds VERSION: succeeds if find_package accepts the installed library for that version.
cmake_finds() {
    cmake -S "$WORK/wanted" -B "$WORK/wanted/$1" -G 'Unix Makefiles' -DCMAKE_PREFIX_PATH="$PREFIX" -DWANTED="$1" \
        >"$WORK/wanted/output" 2>&1 || { grep -q 'compatible with requested' "$WORK/wanted/output" && return 1; }
}

if ! lacks CMake cmake make "${CXX:-c++}"; then
    cmake_hosts cmake "$PREFIX"
    ok "CMake, shared and static library"
    cmake_hosts cmake-moved "$STAGE$FINAL/$LIBDIR/cmake"
    ok "CMake, a tree that was moved"

    mkdir "$WORK/wanted"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(wanted LANGUAGES NONE)' \
        "find_package(wxtransfer \${WANTED} REQUIRED)" >"$WORK/wanted/CMakeLists.txt"
    for wanted in "$VERSION" "${SONAME#libwxtransfer.so.}"; do
        cmake_finds "$wanted" || fail "CMake refuses version $wanted"
    done
    for wanted in 0.0.0 99; do
        if cmake_finds "$wanted"; then fail "CMake takes the library for version $wanted"; fi
    done
    ok "CMake, versions"
fi

echo "$passed passed, 0 failed, $skipped skipped"
