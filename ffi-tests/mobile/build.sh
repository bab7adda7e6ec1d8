#!/usr/bin/env bash
# Builds the library for phones and checks what came out: static libraries for Android and iOS, and the shared library
# that an Android app packs, which is the Kotlin library's with the core in it. Needs Debian and rustup's rustc, and neither
# an NDK nor Xcode: there are no C library and no frameworks to link with, so what is missing at the end is held against
# the reviewed lists beside this file.
# What is built here is not for shipping; release/ has the scripts for that.
#
# usage: build.sh [--quick] [target...]    default: all of them; with --quick, of Android's static libraries, which no app
#                                          packs, only that for arm64
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
HERE=$ROOT/ffi-tests/mobile
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"

ALL_TARGETS=(aarch64-linux-android armv7-linux-androideabi x86_64-linux-android aarch64-apple-ios aarch64-apple-ios-sim)
ANDROID_API=23
IOS_MINIMUM=13.0
# The first simulator on ARM; rustc knows no older one.
ARM_SIMULATOR_MINIMUM=14.0
OUT=$ROOT/target/mobile
# Where cargo puts what is looked at here.
export CARGO_TARGET_DIR=$ROOT/target
KOTLIN=$ROOT/bindings/kotlin/src
# The size of an empty page on Android 15 and later; a library with less alignment is not loaded there.
PAGE=16384
# Bounds that a change must not pass unseen. A static library holds much that a linker drops.
MAX_STATIC_BYTES=$((10 * 1024 * 1024))
MAX_SHARED_BYTES=3200000

cd "$ROOT"
install_packages clang-19 lld-19 llvm-19
install_rust_sources
mkdir -p "$OUT/empty-sdk" "$OUT/ios-include"
# ring's headers ask for it on Apple systems and use nothing of it here.
: >"$OUT/ios-include/TargetConditionals.h"

clang_target() {
    case $1 in
    armv7-linux-androideabi) echo armv7a-linux-androideabi$ANDROID_API ;;
    *-linux-android) echo "$1$ANDROID_API" ;;
    *) fail "no Android target: $1" ;;
    esac
}

# Empty stand-ins for the system's libraries, so that the linker writes down their names.
make_android_stubs() {
    local target=$1 directory=$2 library
    rm -rf "$directory"
    mkdir -p "$directory"
    for library in c dl log m; do
        clang-19 "--target=$(clang_target "$target")" -fuse-ld=lld -shared -nostdlib -Wl,-soname,lib$library.so \
            -x c /dev/null -o "$directory/lib$library.so"
    done
    # The NDK has the unwinder as a static library.
    llvm-ar-19 rc "$directory/libunwind.a"
    llvm-ar-19 rc "$directory/libgcc.a"
}

# build TARGET PACKAGE CRATE-TYPE [rustc option...]
build() {
    local target=$1 package=$2 crate_type=$3 name=${1//-/_} flags linker=()
    shift 3
    case $target in
    *-apple-ios*) flags="-isystem $OUT/ios-include" ;;
    *)
        flags="--target=$(clang_target "$target")"
        # For every crate, because the core is linked into a library of its own on the way to Kotlin's.
        linker=("CARGO_TARGET_${name^^}_LINKER=clang-19" "CARGO_TARGET_${name^^}_RUSTFLAGS=-C link-arg=$flags \
-C link-arg=-fuse-ld=lld -C link-arg=-nostdlib -C link-arg=-L$OUT/$target/stubs -C link-arg=-Wl,-z,max-page-size=$PAGE")
        make_android_stubs "$target" "$OUT/$target/stubs"
        ;;
    esac
    env RUSTC_BOOTSTRAP=1 SDKROOT="$OUT/empty-sdk" IPHONEOS_DEPLOYMENT_TARGET=$IOS_MINIMUM \
        "${linker[@]}" "CC_$name=clang-19" "AR_$name=llvm-ar-19" \
        "CFLAGS_$name=$flags -ffreestanding -nostdlibinc -DRING_CORE_NOSTDLIBINC=1" \
        cargo rustc --release --locked --package "$package" --lib --target "$target" -Zbuild-std=std,panic_unwind \
        --crate-type "$crate_type" -- "$@" || fail "$target: the $crate_type is not built"
}

# expect_same WHAT EXPECTED-FILE ACTUAL-FILE
expect_same() {
    diff -u --label expected --label actual "$2" "$3" >&2 || fail "$1 differ"
}

# The lines of a list, without its comments, sorted.
list() {
    cat "$@" | sed -e 's/ *#.*//' -e '/^$/d' | LC_ALL=C sort -u
}

exported_symbols() {
    case $1 in
    *-android*) list "$ROOT/ffi-tests/exported-symbols.txt" "$HERE/exported-android.txt" ;;
    *) list "$ROOT/ffi-tests/exported-symbols.txt" ;;
    esac
}

# The names that a static library defines for its own parts, though an app's linker sees them:
# - _R… and _ZN…: Rust's, which hold the crate and its version.
# - rust_eh_personality: the language's own, under this name in every static library of Rust.
# - ring_core_…: the C and assembly of ring, which puts its version into the names.
# Weak symbols give way to what an app has of that name. They are the compiler's: arithmetic (__muldi3, ceilf16, …) that
# its own crate brings, and what refers to the language's rust_eh_personality.
INTERNAL='^(_R|_ZN|rust_eh_personality$|ring_core_[0-9])'

# no_foreign WHAT LIST-FILE ACTUAL-FILE: everything in the second is in the first.
no_foreign() {
    local foreign
    foreign=$(LC_ALL=C comm -13 "$2" "$3")
    [[ -z $foreign ]] || fail "$1: undefined symbols that nobody reviewed: $(tr '\n' ' ' <<<"$foreign")"
}

check_size() {
    local bytes
    bytes=$(stat -c %s "$2")
    printf '%-26s %-12s %9d bytes (at most %d)\n' "$1" "$3" "$bytes" "$4"
    ((bytes <= $4)) || fail "$1: $2 is larger than $4 bytes"
}

# Every object of an archive has this format, in the words of llvm-readobj.
check_format() {
    local formats
    formats=$(llvm-readobj-19 --file-headers "$2" | sed -n 's/^Format: //p' | sort -u)
    [[ $formats == "$3" ]] || fail "$1: the format is '$formats', not '$3'"
}

# What is exported and imported has to be in these.
write_expected() {
    mkdir -p "$OUT/$1"
    exported_symbols "$1" >"$OUT/$1/exported.expected"
    case $1 in
    *-apple-ios*) list "$HERE/undefined-ios.txt" ;;
    *) list "$HERE/undefined-android.txt" ;;
    esac >"$OUT/$1/reviewed"
}

# check_static TARGET ARCHIVE
check_static() {
    local target=$1 archive=$2 prefix='' format work=$OUT/$1
    case $target in
    aarch64-linux-android) format=elf64-littleaarch64 ;;
    armv7-linux-androideabi) format=elf32-littlearm ;;
    x86_64-linux-android) format=elf64-x86-64 ;;
    *-apple-ios*) format='Mach-O arm64' prefix=_ ;;
    esac
    check_format "$target" "$archive" "$format"

    # nm prints "address type name", and "type name" for what is undefined.
    llvm-nm-19 --extern-only --quiet --no-llvm-bc "$archive" >"$work/symbols"
    awk 'NF == 3 { print $3 }' "$work/symbols" | LC_ALL=C sort -u >"$work/defined"
    llvm-nm-19 --extern-only --quiet --no-llvm-bc --defined-only --no-weak "$archive" |
        awk -v prefix="$prefix" -v internal="$INTERNAL" 'NF == 3 { sub("^" prefix, "", $3); if ($3 !~ internal) print $3 }' |
        LC_ALL=C sort -u >"$work/exported"
    expect_same "$target: the symbols of the static library" "$work/exported.expected" "$work/exported"
    llvm-nm-19 --extern-only --quiet --no-llvm-bc --defined-only --print-file-name "$archive" |
        awk '$(NF - 1) ~ /^[VW]$/ && $0 !~ /compiler_builtins-[0-9a-f]+\./ && $NF != "DW.ref.rust_eh_personality" { print $NF }' \
            >"$work/weak"
    [[ ! -s $work/weak ]] || fail "$target: weak symbols that are not the compiler's: $(tr '\n' ' ' <"$work/weak")"

    # A weak symbol may be missing: the code asks before it calls.
    awk 'NF == 2 && $1 == "U" { print $2 }' "$work/symbols" | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$work/defined" \
        >"$work/undefined"
    no_foreign "$target" "$work/reviewed" "$work/undefined"

    case $target in
    *-apple-ios) check_ios_version "$target" "$archive" "ios $IOS_MINIMUM" ;;
    *-apple-ios-sim) check_ios_version "$target" "$archive" "iossimulator $ARM_SIMULATOR_MINIMUM" ;;
    esac
    check_size "$target" "$archive" static $MAX_STATIC_BYTES
}

check_ios_version() {
    local found
    found=$(llvm-objdump-19 --macho --private-headers "$2" |
        awk '/cmd LC_VERSION_MIN/ { print "old" } $1 == "platform" { p = $2 } $1 == "minos" { m = $2 } $1 == "minos" || $1 == "platform" { if (p != "" && m != "") { print p, m; p = m = "" } }' |
        sort -u)
    [[ $found == "$3" ]] || fail "$1: LC_BUILD_VERSION says '$found', not '$3'"
}

# check_shared TARGET LIBRARY
check_shared() {
    local target=$1 library=$2 work=$OUT/$1 alignments needed
    llvm-nm-19 --no-llvm-bc --dynamic --defined-only --format=just-symbols "$library" | LC_ALL=C sort -u >"$work/so.exported"
    # Besides the C functions: those that the Kotlin library declares.
    {
        cat "$work/exported.expected"
        echo JNI_OnLoad
        sed -n 's/.*external fun \([A-Za-z]*\)(.*/Java_org_wxtransfer_Native_\1/p' "$KOTLIN/main/kotlin/org/wxtransfer/Native.kt"
        sed -n 's/.*external fun \([A-Za-z]*\)(.*/Java_org_wxtransfer_NativeAndroid_\1/p' \
            "$KOTLIN/android/kotlin/org/wxtransfer/WXTransferAndroid.kt"
    } | LC_ALL=C sort -u >"$work/so.exported.expected"
    expect_same "$target: the exported functions of the shared library" "$work/so.exported.expected" "$work/so.exported"

    llvm-nm-19 --no-llvm-bc --dynamic --undefined-only "$library" | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u >"$work/so.undefined"
    no_foreign "$target, shared" "$work/reviewed" "$work/so.undefined"

    alignments=$(llvm-readelf-19 --program-headers --wide "$library" | awk '$1 == "LOAD" { print $NF }' | sort -u)
    [[ -n $alignments ]] || fail "$target: $library has no LOAD segment"
    local alignment
    for alignment in $alignments; do
        ((alignment % PAGE == 0)) || fail "$target: a LOAD segment is aligned to $alignment, not to $PAGE"
    done
    # dlopen refuses text relocations from Android 6 on.
    if llvm-readelf-19 --dynamic-table "$library" | grep -q TEXTREL; then fail "$target: $library has text relocations"; fi
    needed=$(llvm-readelf-19 --needed-libs "$library" | sed -n 's/^ *\(lib.*\)/\1/p' | sort | tr '\n' ' ')
    [[ -n $needed ]] || fail "$target: $library names no library of the system"
    for alignment in $needed; do
        case $alignment in
        libc.so | libdl.so | liblog.so | libm.so) ;;
        *) fail "$target: $library needs $alignment" ;;
        esac
    done
    check_size "$target" "$library" shared $MAX_SHARED_BYTES
}

quick=
if [[ ${1:-} == --quick ]]; then
    quick=1
    shift
fi
(($# > 0)) || set -- "${ALL_TARGETS[@]}"
for target in "$@"; do
    [[ " ${ALL_TARGETS[*]} " == *" $target "* ]] || fail "unknown target: $target"
    write_expected "$target"
    if [[ -z $quick || $target != *-android* || $target == aarch64-* ]]; then
        build "$target" wxtransfer staticlib
        check_static "$target" "$ROOT/target/$target/release/libwxtransfer.a"
    fi
    case $target in
    *-android*)
        # The stand-ins have nothing in them that would make a linker write down their names by itself.
        build "$target" wxtransfer-jni cdylib -C strip=symbols -C link-arg=-Wl,-soname,libwxtransfer_jni.so \
            -C link-arg=-Wl,--no-as-needed -C link-arg=-lc -C link-arg=-ldl
        check_shared "$target" "$ROOT/target/$target/release/libwxtransfer_jni.so"
        ;;
    esac
done
echo "$# passed, 0 failed"
