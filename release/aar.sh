#!/bin/sh
# Makes wxtransfer-VERSION.aar for Android. It contains the Kotlin library and the shared library of each ABI, also as a prefab
# package with the C header for an app's native code. Makes wxtransfer-VERSION-symbols.zip with the same libraries before they
# were stripped, in the layout that Google Play takes for native debug symbols. Prints the paths of both.
#
# usage: aar.sh                          builds everything, then packs it. Needs the NDK in ANDROID_NDK_HOME, Rust and the
#                                        tools of bindings/kotlin/build.sh. If rustup is installed, adds the Rust targets.
#        aar.sh CLASSES.jar ABI=LIBRARY...   packs existing files; the libraries must not be stripped. Needs llvm-strip,
#                                        or its path in LLVM_STRIP.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

ANDROID_API=23
# The page size that Google Play requires of libraries for Android 15 and later.
PAGE=16384
OUT=$PACKAGES/aar
LIBRARY=libwxtransfer_jni.so

rust_target() {
    case $1 in
    arm64-v8a) echo aarch64-linux-android ;;
    armeabi-v7a) echo armv7-linux-androideabi ;;
    x86_64) echo x86_64-linux-android ;;
    *) fail "unknown ABI: $1" ;;
    esac
}

# Prints `e_machine` of an ELF file (System V ABI).
machine() {
    case $1 in
    arm64-v8a) echo 183 ;;
    armeabi-v7a) echo 40 ;;
    x86_64) echo 62 ;;
    esac
}

# build ABI: builds the shared library, and prints its path.
build() (
    target=$(rust_target "$1")
    name=$(echo "$target" | tr - _)
    upper=$(echo "$name" | tr '[:lower:]' '[:upper:]')
    tools=$(echo "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin)
    case $target in
    armv7-*) clang=$tools/armv7a-${target#armv7-}$ANDROID_API-clang ;;
    *) clang=$tools/$target$ANDROID_API-clang ;;
    esac
    [ -x "$clang" ] || fail "the NDK has no $clang"
    add_target "$target"
    hide_paths "$ROOT"
    line_tables
    # The NDK aligns to 16 KiB by default from r28 on. Android's linker reads packed relocations from API 23 on.
    env "CC_$name=$clang" "AR_$name=$tools/llvm-ar" "CARGO_TARGET_${upper}_LINKER=$clang" \
        cargo rustc --release --locked --package wxtransfer-jni --lib --target "$target" --crate-type cdylib -- \
        -C "link-arg=-Wl,-z,max-page-size=$PAGE" -C link-arg=-Wl,-soname,$LIBRARY -C link-arg=-Wl,--build-id=sha1 \
        -C link-arg=-Wl,--pack-dyn-relocs=android >&2 || fail "$1 is not built"
    echo "$ROOT/target/$target/release/$LIBRARY"
)

# pack ABI LIBRARY: checks a library, adds it to the symbols and, stripped, to the AAR.
pack() {
    rust_target "$1" >/dev/null
    is_elf "$2" "$(machine "$1")" || fail "$2 is not a shared library for $1"
    [ ! -e "$AAR/jni/$1" ] || fail "$1 is given twice"
    mkdir -p "$SYMBOLS/$1" "$AAR/jni/$1" "$module/libs/android.$1"
    cp "$2" "$SYMBOLS/$1/$LIBRARY"
    "$LLVM_STRIP" --strip-all -o "$AAR/jni/$1/$LIBRARY" "$2" || fail "$2 is not stripped"
    cp "$AAR/jni/$1/$LIBRARY" "$module/libs/android.$1/$LIBRARY"
    printf '{ "abi": "%s", "api": %d, "ndk": %d, "stl": "none" }\n' "$1" $ANDROID_API "$NDK_MAJOR" \
        >"$module/libs/android.$1/abi.json"
}

need zip
NDK_MAJOR=28
LLVM_STRIP=${LLVM_STRIP:-llvm-strip}
if [ $# = 0 ]; then
    cd "$ROOT"
    [ -n "${ANDROID_NDK_HOME:-}" ] || fail "ANDROID_NDK_HOME is not set; libraries built before can be packed without it"
    NDK_MAJOR=$(sed -n 's/^Pkg.Revision *= *\([0-9]*\).*/\1/p' "$ANDROID_NDK_HOME/source.properties")
    LLVM_STRIP=$(echo "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin/llvm-strip)
    for abi in arm64-v8a armeabi-v7a x86_64; do
        library=$(build "$abi")
        set -- "$@" "$abi=$library"
    done
    bindings/kotlin/build.sh >&2 || fail "the Kotlin library is not built"
    classes=$ROOT/target/kotlin/wxtransfer.jar
else
    [ $# -gt 1 ] || fail "usage: aar.sh [CLASSES.jar ABI=LIBRARY...]"
    classes=$(absolute "$1")
    shift
    [ "$(head -c 2 "$classes")" = PK ] || fail "$classes is not a jar"
fi

need "$LLVM_STRIP"
AAR=$OUT/contents
SYMBOLS=$OUT/symbols
module=$AAR/prefab/modules/wxtransfer
rm -rf "$AAR" "$SYMBOLS"
for library in "$@"; do
    case $library in
    *=*) pack "${library%%=*}" "$(absolute "${library#*=}")" ;;
    *) fail "usage: aar.sh [CLASSES.jar ABI=LIBRARY...]" ;;
    esac
done
mkdir -p "$module/include"
cp "$ROOT/include/wxtransfer.h" "$module/include/"
printf '{ "export_libraries": [], "library_name": "%s" }\n' "${LIBRARY%.so}" \
    >"$module/module.json"
printf '{ "schema_version": 2, "name": "wxtransfer", "version": "%s", "dependencies": [] }\n' "$(version)" \
    >"$AAR/prefab/prefab.json"
cp "$ROOT/release/AndroidManifest.xml" "$AAR/"
cp "$ROOT/bindings/kotlin/consumer-rules.pro" "$AAR/proguard.txt"
cp "$classes" "$AAR/classes.jar"
# An AAR must contain this file. It is empty, because there are no resources.
: >"$AAR/R.txt"

archive=$OUT/wxtransfer-$(version).aar
zip_directory "$AAR" "$archive" .
zip_directory "$SYMBOLS" "${archive%.aar}-symbols.zip" .
echo "$archive"
echo "${archive%.aar}-symbols.zip"
