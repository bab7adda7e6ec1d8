#!/bin/sh
# Prints a table in Markdown with the size of each package and library that the other scripts have made.
#
# usage: sizes.sh
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"
cd "$PACKAGES"

# row NAME FILE: prints the size of a file, if it exists. The compressed size of a library is about what it adds to an app's download.
row() {
    [ ! -f "$2" ] || printf '| %s | %d | %d |\n' "$1" "$(wc -c <"$2")" "$(gzip -9 -c "$2" | wc -c)"
}

echo '| What | Bytes | Compressed |'
echo '|---|---:|---:|'
for abi in arm64-v8a armeabi-v7a x86_64; do
    row "Android $abi, in an app" "aar/contents/jni/$abi/libwxtransfer_jni.so"
    row "Android $abi, with symbols" "aar/symbols/$abi/libwxtransfer_jni.so"
done
row "Kotlin and Java classes, before a shrinker" aar/contents/classes.jar
row AAR "aar/wxtransfer-$(version).aar"
for slice in xcframework/CWxtransfer.xcframework/*/; do
    row "Apple $(basename "$slice"), static" "${slice}CWxtransfer.framework/CWxtransfer"
done
row XCFramework "xcframework/CWxtransfer-$(version).xcframework.zip"
for abi in arm64-v8a x86_64; do
    row "HarmonyOS $abi, in an app" "har/package/libs/$abi/libwxtransfer_napi.so"
    row "HarmonyOS $abi, with symbols" "har/symbols/$abi/libwxtransfer_napi.so"
done
row HAR "har/wxtransfer-$(version).har"
row "Linux, shared" "install/lib/libwxtransfer.so.$(version)"
row "Linux, static" install/lib/libwxtransfer.a
row "Rust crate" "$CARGO_TARGET_DIR/package/wxtransfer-$(version).crate"
