#!/bin/sh
# Makes the pod of the Swift package for CocoaPods: WXTransfer-VERSION.zip with the sources of the module WXTransfer and the
# xcframework, and WXTransfer.podspec.json with the zip's address and checksum. Prints the paths of both.
#
# usage: pod.sh URL      after xcframework.sh. URL is the https address, ending in .zip, from which apps will load the zip.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

{ [ $# = 1 ] && is_address_of_zip "$1"; } || fail "usage: pod.sh URL, an https address that ends in .zip"
OUT=$PACKAGES/pod
FRAMEWORK=$PACKAGES/xcframework/CWxtransfer.xcframework
need zip
[ -d "$FRAMEWORK" ] || fail "run xcframework.sh first: there is no $FRAMEWORK"

rm -rf "$OUT"
mkdir -p "$OUT/contents/Sources"
cp -R "$ROOT/bindings/swift/Sources/WXTransfer" "$OUT/contents/Sources/"
cp -R "$FRAMEWORK" "$ROOT"/LICENSE* "$OUT/contents/"
archive=$OUT/WXTransfer-$(version).zip
zip_directory "$OUT/contents" "$archive" .

# The minimum systems and the language version are those of Package.swift. On iOS, xcframework.sh has them too.
cat >"$OUT/WXTransfer.podspec.json" <<PODSPEC
{
  "name": "WXTransfer",
  "version": "$(version)",
  "summary": "$(metadata description)",
  "homepage": "$(metadata homepage)",
  "license": { "type": "$(metadata license)", "file": "LICENSE" },
  "authors": "The wxtransfer developers",
  "source": { "http": "$1", "sha256": "$(sha256 "$archive")" },
  "platforms": { "ios": "13.0", "osx": "10.15" },
  "swift_versions": ["6.0"],
  "source_files": "Sources/WXTransfer/**/*.swift",
  "vendored_frameworks": "CWxtransfer.xcframework",
  "frameworks": ["CoreFoundation", "Security"],
  "static_framework": true
}
PODSPEC
echo "$archive"
echo "$OUT/WXTransfer.podspec.json"
