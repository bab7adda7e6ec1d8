#!/usr/bin/env bash
# Builds the library for phones and checks the results: static libraries for Android, Apple's systems and HarmonyOS, and the
# shared library of an app. That is the Kotlin library's for Android, and the Node-API module for HarmonyOS. Both contain the core.
#
# Needs Debian and rustup's rustc, but neither an NDK nor Xcode. So there is no C library and there are no frameworks to link with.
# Instead, the undefined symbols are compared with the reviewed lists in this directory.
# The results are not for shipping; the scripts in release/ build those.
#
# usage: build.sh [--quick] [target...]    default: all targets
#
# --quick builds Android's shared libraries without optimisation, and does not check their size. It builds no static library for
# Android, because no app contains one. Without targets, it builds for one processor of Android and for iOS, because hardly any code
# of the library or its dependencies differs between processors, or between Apple's systems. For Android on 32-bit ARM and for
# HarmonyOS it then only checks the code.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
HERE=$ROOT/ffi-tests/mobile
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"

QUICK_TARGETS=(x86_64-linux-android aarch64-apple-ios)
# Other C libraries and sizes. Without arguments, --quick only lets the compiler check the code for these.
CHECKED_TARGETS=(armv7-linux-androideabi aarch64-unknown-linux-ohos)
ALL_TARGETS=("${QUICK_TARGETS[@]}" aarch64-linux-android armv7-linux-androideabi aarch64-apple-darwin
    aarch64-unknown-linux-ohos aarch64-apple-ios-sim aarch64-apple-ios-macabi)
ANDROID_API=23
IOS_MINIMUM=13.0
# The first version of Mac Catalyst: clang refuses 13.0.
CATALYST_MINIMUM=13.1
MACOS_MINIMUM=10.15
# The first versions on ARM of the simulator, of Mac Catalyst and of macOS, and the oldest that rustc supports.
ARM_SIMULATOR_MINIMUM=14.0
ARM_CATALYST_MINIMUM=14.0
ARM_MACOS_MINIMUM=11.0
OUT=$ROOT/target/mobile
# The target directories of cargo. Cargo locks a target directory during a build. Builds for Apple's systems, builds for the other
# systems, and builds for this machine run at the same time, so each group has its own directory.
OTHER_BUILDS=$ROOT/target/phones
APPLE_BUILDS=$ROOT/target/apple
KOTLIN=$ROOT/bindings/kotlin/src
HARMONY=$ROOT/bindings/harmony
# Devices with Android 15 and later may have pages of this size. They load no library with less alignment.
PAGE=16384
# Upper limits of the sizes, so that growth is noticed. A static library contains much that a linker drops.
MAX_STATIC_BYTES=$((10 * 1024 * 1024))
MAX_SHARED_BYTES=3200000
# Optimisation takes most of a build, and adds neither exported nor undefined symbols to a shared library.
UNOPTIMISED=(CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16)

cd "$ROOT"
install_packages clang-19 lld-19 llvm-19
install_rust_sources
mkdir -p "$OUT/empty-sdk" "$OUT/apple-include"
# ring's headers include this on Apple systems but use nothing of it here.
: >"$OUT/apple-include/TargetConditionals.h"

clang_target() {
    case $1 in
    armv7-linux-androideabi) echo armv7a-linux-androideabi$ANDROID_API ;;
    *-linux-android) echo "$1$ANDROID_API" ;;
    aarch64-unknown-linux-ohos) echo aarch64-linux-ohos ;;
    *) fail "no target of clang: $1" ;;
    esac
}

# Makes empty stand-ins for the system's libraries, so that the linker records their names.
make_android_stubs() {
    local target=$1 directory=$2 library
    rm -rf "$directory"
    mkdir -p "$directory"
    for library in c dl log m; do
        clang-19 "--target=$(clang_target "$target")" -fuse-ld=lld -shared -nostdlib -Wl,-soname,lib$library.so \
            -x c /dev/null -o "$directory/lib$library.so" || return 1
    done
    # The NDK provides the unwinder as a static library.
    llvm-ar-19 rc "$directory/libunwind.a" || return 1
    llvm-ar-19 rc "$directory/libgcc.a"
}

# cargo_for TARGET COMMAND [argument...]: runs cargo for a target
cargo_for() {
    local target=$1 command=$2 name=${1//-/_} ios=$IOS_MINIMUM flags linker=()
    shift 2
    [[ $target != *-macabi ]] || ios=$CATALYST_MINIMUM
    case $target in
    *-apple-*) flags="-isystem $OUT/apple-include" ;;
    *)
        flags="--target=$(clang_target "$target")"
        # For every crate, because the core is linked into the Kotlin library's own shared library.
        linker=("CARGO_TARGET_${name^^}_LINKER=clang-19" "CARGO_TARGET_${name^^}_RUSTFLAGS=-C link-arg=$flags \
-C link-arg=-fuse-ld=lld -C link-arg=-nostdlib -C link-arg=-L$OUT/$target/stubs -C link-arg=-Wl,-z,max-page-size=$PAGE")
        make_android_stubs "$target" "$OUT/$target/stubs" || fail "$target: no stand-ins for the system's libraries"
        ;;
    esac
    env RUSTC_BOOTSTRAP=1 SDKROOT="$OUT/empty-sdk" IPHONEOS_DEPLOYMENT_TARGET=$ios MACOSX_DEPLOYMENT_TARGET=$MACOS_MINIMUM \
        "${linker[@]}" "CC_$name=clang-19" "AR_$name=llvm-ar-19" \
        "CFLAGS_$name=$flags -ffreestanding -nostdlibinc -DRING_CORE_NOSTDLIBINC=1" \
        cargo "$command" --locked --target "$target" -Zbuild-std=std,panic_unwind "$@"
}

# build TARGET PACKAGE CRATE-TYPE [rustc option...]
build() {
    local target=$1 package=$2 crate_type=$3
    shift 3
    cargo_for "$target" rustc --release --package "$package" --lib --crate-type "$crate_type" -- "$@" ||
        fail "$target: the $crate_type is not built"
}

# build_jni TARGET: builds the shared library of an app with its line tables, and a stripped copy in OUT.
build_jni() {
    local options=()
    local -x CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
    [[ -z $quick ]] || local -x "${UNOPTIMISED[@]}"
    # bindings/kotlin/android-test.sh runs the library with a desktop's loader, which cannot read packed relocations.
    [[ $1 == x86_64-* ]] || options=(-C 'link-arg=-Wl,--pack-dyn-relocs=android')
    # The stand-ins define no symbols, so the linker would not record their names without --no-as-needed.
    build "$1" wxtransfer-jni cdylib -C link-arg=-Wl,-soname,libwxtransfer_jni.so \
        -C link-arg=-Wl,--build-id=sha1 -C link-arg=-Wl,--no-as-needed -C link-arg=-lc -C link-arg=-ldl "${options[@]}"
    llvm-strip-19 --strip-all -o "$OUT/$1/libwxtransfer_jni.so" "$CARGO_TARGET_DIR/$1/release/libwxtransfer_jni.so"
}

# expect_same WHAT EXPECTED-FILE ACTUAL-FILE
expect_same() {
    diff -u --label expected --label actual "$2" "$3" >&2 || fail "$1 differ"
}

# Prints the lines of a list, without its comments, sorted.
list() {
    cat "$@" | sed -e 's/ *#.*//' -e '/^$/d' | LC_ALL=C sort -u
}

exported_symbols() {
    case $1 in
    *-android*) list "$ROOT/ffi-tests/exported-symbols.txt" "$HERE/exported-android.txt" ;;
    *) list "$ROOT/ffi-tests/exported-symbols.txt" ;;
    esac
}

# Filters out the names that a static library defines for internal use, although an app's linker sees them:
# - _R… and _ZN…: Rust's mangled names, which contain the crate and its version.
# - rust_eh_personality: the same in every static library of Rust.
# - ring_core_…: the C and assembly code of ring, with its version in the names.
# Weak symbols yield to an app's symbols of the same name. They come from the compiler: arithmetic (__muldi3, ceilf16, …) of
# compiler_builtins, and a reference to rust_eh_personality.
INTERNAL='^(_R|_ZN|rust_eh_personality$|ring_core_[0-9])'

# no_foreign WHAT LIST-FILE ACTUAL-FILE: checks that ACTUAL-FILE contains nothing that is missing in LIST-FILE.
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

# The format of every object of an archive, as llvm-readobj prints it.
check_format() {
    local formats
    formats=$(llvm-readobj-19 --file-headers "$2" | sed -n 's/^Format: //p' | sort -u)
    [[ $formats == "$3" ]] || fail "$1: the format is '$formats', not '$3'"
}

# The exported and undefined symbols must be in these lists.
write_expected() {
    mkdir -p "$OUT/$1"
    exported_symbols "$1" >"$OUT/$1/exported.expected"
    case $1 in
    *-apple-ios*) list "$HERE/undefined-ios.txt" ;;
    *-apple-darwin) list "$HERE/undefined-ios.txt" "$HERE/undefined-macos.txt" ;;
    *-ohos) list "$HERE/undefined-ohos.txt" ;;
    *) list "$HERE/undefined-android.txt" ;;
    esac >"$OUT/$1/reviewed"
}

# check_static TARGET ARCHIVE
check_static() {
    local target=$1 archive=$2 prefix='' format work=$OUT/$1
    case $target in
    aarch64-linux-android | *-ohos) format=elf64-littleaarch64 ;;
    armv7-linux-androideabi) format=elf32-littlearm ;;
    x86_64-linux-android) format=elf64-x86-64 ;;
    *-apple-*) format='Mach-O arm64' prefix=_ ;;
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

    # Weak symbols may be undefined: the code tests them before a call.
    awk 'NF == 2 && $1 == "U" { print $2 }' "$work/symbols" | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$work/defined" \
        >"$work/undefined"
    no_foreign "$target" "$work/reviewed" "$work/undefined"

    case $target in
    *-apple-ios) check_apple_version "$target" "$archive" "ios $IOS_MINIMUM" ;;
    *-apple-ios-sim) check_apple_version "$target" "$archive" "iossimulator $ARM_SIMULATOR_MINIMUM" ;;
    *-apple-ios-macabi) check_apple_version "$target" "$archive" "macCatalyst $ARM_CATALYST_MINIMUM" ;;
    *-apple-darwin) check_apple_version "$target" "$archive" "macos $ARM_MACOS_MINIMUM" ;;
    esac
    check_size "$target" "$archive" static $MAX_STATIC_BYTES
}

check_apple_version() {
    local found
    found=$(llvm-objdump-19 --macho --private-headers "$2" |
        awk '/cmd LC_VERSION_MIN/ { print "old" } $1 == "platform" { p = $2 } $1 == "minos" { m = $2 } $1 == "minos" || $1 == "platform" { if (p != "" && m != "") { print p, m; p = m = "" } }' |
        sort -u)
    [[ $found == "$3" ]] || fail "$1: LC_BUILD_VERSION says '$found', not '$3'"
}

# link_harmony TARGET CORE LIBRARY: makes the Node-API module as bindings/harmony/CMakeLists.txt does, without HarmonyOS's SDK. The
# headers of ISO C and POSIX threads are those of Debian's cross compiler, and the headers of Node-API are those of Node.js.
link_harmony() {
    local target=$1 core=$2 library=$3 work=$OUT/$1 stub sources flags
    install_packages libc6-dev-arm64-cross
    mkdir -p "$work/stubs" "$work/include/napi"
    echo '#include <node/node_api.h>' >"$work/include/napi/native_api.h"
    flags=("--target=$(clang_target "$target")" -fuse-ld=lld -nostdlib)
    for stub in libc.so libace_napi.z.so; do
        clang-19 "${flags[@]}" -shared -Wl,-soname,$stub -x c /dev/null -o "$work/stubs/$stub"
    done
    sources=("$HARMONY"/src/*.c)
    # The stand-ins define no symbols, so the linker would not record their names by itself.
    clang-19 "${flags[@]}" -std=c11 -D_POSIX_C_SOURCE=200809L -Os -fPIC -fvisibility=hidden -shared -s \
        -I "$ROOT/include" -isystem "$work/include" -isystem /usr/aarch64-linux-gnu/include -idirafter /usr/include "${sources[@]}" "$core" \
        -L "$work/stubs" -Wl,--no-as-needed -lc -lace_napi.z -Wl,-soname,libwxtransfer_napi.so -Wl,--exclude-libs,ALL \
        -Wl,--gc-sections -Wl,-z,max-page-size=$PAGE -o "$library" || fail "$target: the Node-API module is not built"
}

# check_harmony TARGET LIBRARY
check_harmony() {
    local exported
    exported=$(llvm-nm-19 --no-llvm-bc --dynamic --defined-only --format=just-symbols "$2")
    [[ -z $exported ]] || fail "$1: the module registers itself, but exports: $exported"
    check_elf "$1" "$2" libc.so libace_napi.z.so
}

# check_shared TARGET LIBRARY
check_shared() {
    local target=$1 library=$2 work=$OUT/$1
    llvm-nm-19 --no-llvm-bc --dynamic --defined-only --format=just-symbols "$library" | LC_ALL=C sort -u >"$work/so.exported"
    # Besides the C functions, the library exports those that the Kotlin library declares.
    {
        cat "$work/exported.expected"
        echo JNI_OnLoad
        sed -n 's/.*external fun \([A-Za-z]*\)(.*/Java_org_wxtransfer_Native_\1/p' "$KOTLIN/main/kotlin/org/wxtransfer/Native.kt"
        sed -n 's/.*external fun \([A-Za-z]*\)(.*/Java_org_wxtransfer_NativeAndroid_\1/p' \
            "$KOTLIN/android/kotlin/org/wxtransfer/WXTransferAndroid.kt"
    } | LC_ALL=C sort -u >"$work/so.exported.expected"
    expect_same "$target: the exported functions of the shared library" "$work/so.exported.expected" "$work/so.exported"
    check_elf "$target" "$library" libc.so libdl.so liblog.so libm.so
    if [[ $target != x86_64-* ]]; then
        llvm-readelf-19 --dynamic-table "$library" | grep -Eq '\(ANDROID_RELA?\)' || fail "$target: the relocations are not packed"
    fi
}

# check_elf TARGET LIBRARY SYSTEM-LIBRARY...: checks a shared library, which may need only these libraries of the system.
check_elf() {
    local target=$1 library=$2 work=$OUT/$1 alignments needed
    shift 2
    llvm-nm-19 --no-llvm-bc --dynamic --undefined-only "$library" | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u >"$work/so.undefined"
    no_foreign "$target, shared" "$work/reviewed" "$work/so.undefined"

    alignments=$(llvm-readelf-19 --program-headers --wide "$library" | awk '$1 == "LOAD" { print $NF }' | sort -u)
    [[ -n $alignments ]] || fail "$target: $library has no LOAD segment"
    local alignment
    for alignment in $alignments; do
        ((alignment % PAGE == 0)) || fail "$target: a LOAD segment is aligned to $alignment, not to $PAGE"
    done
    # From Android 6 on, dlopen refuses text relocations.
    if llvm-readelf-19 --dynamic-table "$library" | grep -q TEXTREL; then fail "$target: $library has text relocations"; fi
    needed=$(llvm-readelf-19 --needed-libs "$library" | sed -n 's/^ *\(lib.*\)/\1/p' | sort | tr '\n' ' ')
    [[ -n $needed ]] || fail "$target: $library names no library of the system"
    for needed in $needed; do
        [[ " $* " == *" $needed "* ]] || fail "$target: $library needs $needed"
    done
    [[ -n $quick ]] || check_size "$target" "$library" shared $MAX_SHARED_BYTES
}

# build_and_check TARGET...
build_and_check() {
    local target
    for target in "$@"; do
        write_expected "$target"
        if [[ -z $quick || $target != *-android* ]]; then
            build "$target" wxtransfer staticlib
            check_static "$target" "$CARGO_TARGET_DIR/$target/release/libwxtransfer.a"
        fi
        case $target in
        *-android*)
            build_jni "$target"
            check_shared "$target" "$OUT/$target/libwxtransfer_jni.so"
            ;;
        *-ohos)
            link_harmony "$target" "$CARGO_TARGET_DIR/$target/release/libwxtransfer.a" "$OUT/$target/libwxtransfer_napi.so"
            check_harmony "$target" "$OUT/$target/libwxtransfer_napi.so"
            ;;
        esac
    done
}

quick=
checked=()
if [[ ${1:-} == --quick ]]; then
    quick=1
    shift
    (($# > 0)) || { set -- "${QUICK_TARGETS[@]}"; checked=("${CHECKED_TARGETS[@]}"); }
fi
(($# > 0)) || set -- "${ALL_TARGETS[@]}"
others=()
apple=()
for target in "$@"; do
    [[ " ${ALL_TARGETS[*]} " == *" $target "* ]] || fail "unknown target: $target"
    if [[ $target == *-apple-* ]]; then apple+=("$target"); else others+=("$target"); fi
done

# check_code TARGET...: in the profile of the builds, which shares their build scripts
check_code() {
    local target package
    local -x CARGO_PROFILE_RELEASE_DEBUG=line-tables-only "${UNOPTIMISED[@]}"
    for target in "$@"; do
        package=wxtransfer
        [[ $target != *-android* ]] || package=wxtransfer-jni
        cargo_for "$target" check --release --package "$package" --lib || fail "$target: the code is not accepted"
    done
}

# Most of a build is link-time optimisation, which uses one processor. So two builds run at the same time.
{
    CARGO_TARGET_DIR=$OTHER_BUILDS build_and_check "${others[@]}"
    CARGO_TARGET_DIR=$OTHER_BUILDS check_code "${checked[@]}"
} &
other_job=$!
CARGO_TARGET_DIR=$APPLE_BUILDS build_and_check "${apple[@]}" &
apple_job=$!
failed=
wait $other_job || failed=1
wait $apple_job || failed=1
[[ -z $failed ]] || exit 1
echo "$(($# + ${#checked[@]})) passed, 0 failed"
