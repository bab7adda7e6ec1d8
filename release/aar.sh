#!/usr/bin/env bash
# Makes wxtransfer-VERSION.aar for Android: the shared library of each ABI, for apps and (as a prefab package) for their
# native code, with the header, the manifest and the shrinker's rules.
#
# usage: aar.sh                  builds with the NDK in ANDROID_NDK_HOME, then packs. Needs rustup's Android targets.
#        aar.sh ABI=LIBRARY...   packs stripped shared libraries that were built before. Runs anywhere.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
source "$ROOT/release/common.sh"

ANDROID_API=21
# Google Play takes no app for Android 15 and later whose libraries have less.
PAGE=16384
OUT=$ROOT/target/aar

rust_target() {
    case $1 in
    arm64-v8a) echo aarch64-linux-android ;;
    armeabi-v7a) echo armv7-linux-androideabi ;;
    x86_64) echo x86_64-linux-android ;;
    *) fail "unknown ABI: $1" ;;
    esac
}

# build ABI: prints where its shared library is.
build() {
    local target clang tools name
    target=$(rust_target "$1")
    name=${target//-/_}
    tools=$(echo "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin)
    clang=$tools/${target/armv7-/armv7a-}$ANDROID_API-clang
    [[ -x $clang ]] || fail "the NDK has no $clang"
    # r28 and later align to 16 KiB by themselves; older ones have to be told.
    env "CC_$name=$clang" "AR_$name=$tools/llvm-ar" "CARGO_TARGET_${name^^}_LINKER=$clang" \
        cargo rustc --release --locked --lib --target "$target" --crate-type cdylib -- -C strip=symbols \
        -C "link-arg=-Wl,-z,max-page-size=$PAGE" -C link-arg=-Wl,-soname,libwxtransfer.so >&2 || fail "$1 is not built"
    echo "$ROOT/target/$target/release/libwxtransfer.so"
}

# pack ABI LIBRARY
pack() {
    rust_target "$1" >/dev/null
    local module=$AAR/prefab/modules/wxtransfer
    mkdir -p "$AAR/jni/$1" "$module/libs/android.$1"
    cp "$2" "$AAR/jni/$1/libwxtransfer.so"
    cp "$2" "$module/libs/android.$1/libwxtransfer.so"
    printf '{ "abi": "%s", "api": %d, "ndk": %d, "stl": "none" }\n' "$1" $ANDROID_API "$NDK_MAJOR" \
        >"$module/libs/android.$1/abi.json"
}

cd "$ROOT"
need zip
libraries=("$@")
NDK_MAJOR=28
if (($# == 0)); then
    [[ -n ${ANDROID_NDK_HOME:-} ]] || fail "ANDROID_NDK_HOME is not set; libraries built before can be packed without it"
    NDK_MAJOR=$(sed -n 's/^Pkg.Revision *= *\([0-9]*\).*/\1/p' "$ANDROID_NDK_HOME/source.properties")
    for abi in arm64-v8a armeabi-v7a x86_64; do
        library=$(build "$abi")
        libraries+=("$abi=$library")
    done
fi

AAR=$OUT/contents
rm -rf "$AAR"
for library in "${libraries[@]}"; do
    [[ $library == *=* ]] || fail "usage: aar.sh [ABI=LIBRARY...]"
    pack "${library%%=*}" "${library#*=}"
done
module=$AAR/prefab/modules/wxtransfer
mkdir -p "$module/include"
cp "$ROOT/include/wxtransfer.h" "$module/include/"
printf '{ "export_libraries": [], "library_name": "libwxtransfer" }\n' >"$module/module.json"
printf '{ "schema_version": 2, "name": "wxtransfer", "version": "%s", "dependencies": [] }\n' "$(version)" \
    >"$AAR/prefab/prefab.json"
cp "$ROOT/release/AndroidManifest.xml" "$ROOT/release/proguard.txt" "$AAR/"
# An AAR must have both, and this one has neither Java classes nor resources. An empty zip is its end record alone.
: >"$AAR/R.txt"
printf 'PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$AAR/classes.jar"

archive=$OUT/wxtransfer-$(version).aar
zip_directory "$AAR" "$archive" .
echo "$archive"
