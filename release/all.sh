#!/usr/bin/env bash
# Makes and checks what this machine can make of a release, and puts it into target/publish with SHA256SUMS, sizes.md and the
# message of the tag. Lists what it could not make or check: the AAR and the Maven repository need an NDK (ANDROID_NDK_HOME), the
# XCFramework and the pod need Xcode, the HAR needs HarmonyOS's SDK (OHOS_NDK_HOME), and the installation and the comparison of two
# builds need Linux. On Debian, it builds and packs libraries that are not for shipping in place of missing ones, so that the
# packing is checked. Takes about half an hour.
#
# usage: all.sh URL      the https address of a directory, in which apps will find the XCFramework's and the pod's zip
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
source "$ROOT/release/common.sh"
cd "$ROOT"

[[ $# == 1 && $1 == https://* ]] || fail "usage: all.sh https://…"
URL=${1%/}
VERSION=$(version)
PUBLISH=$ROOT/target/publish
rm -rf "$PUBLISH"
mkdir -p "$PUBLISH"
missing=

step() { printf '\n== %s\n' "$*"; }
made() { cp "$@" "$PUBLISH/"; }
missing() { missing+="not made: $1"$'\n'; }
unchecked=
unchecked() { unchecked+="not checked: $1"$'\n'; }
system=$(uname -s)

step 'scripts, version and changelog'
release/check-scripts.sh
cargo metadata --locked --no-deps --format-version 1 >/dev/null || fail "Cargo.lock has another version"
# The section of this version, without its heading.
awk -v heading="## $VERSION " 'index($0, heading) == 1 { inside = 1; next } /^## / { inside = 0 } inside' CHANGELOG.md >"$PUBLISH/changes"
grep -q . "$PUBLISH/changes" || fail "CHANGELOG.md has no section $VERSION"
grep -Eq "^## $VERSION – [0-9]{4}-[0-9]{2}-[0-9]{2}\$" CHANGELOG.md || fail "the section $VERSION of CHANGELOG.md has no date"
{
    echo "wxtransfer $VERSION"
    cat "$PUBLISH/changes"
} >"$PUBLISH/tag-message.txt"
rm "$PUBLISH/changes"

step 'Rust crate'
cargo package --locked --package wxtransfer
made "target/package/wxtransfer-$VERSION.crate"

step 'Linux'
if [[ $system == Linux ]]; then
    release/install.sh "$ROOT/target/install"
else
    unchecked 'installation: this is not Linux'
fi

step 'HarmonyOS'
if [[ -n ${OHOS_NDK_HOME:-} ]]; then
    release/har.sh
    made "target/har/wxtransfer-$VERSION.har"
else
    missing 'wxtransfer.har: OHOS_NDK_HOME is not set'
fi

step 'Android'
if [[ -n ${ANDROID_NDK_HOME:-} ]]; then
    release/aar.sh
    release/maven.sh
    made "target/aar/wxtransfer-$VERSION.aar" "target/aar/wxtransfer-$VERSION-symbols.zip" "target/wxtransfer-$VERSION-maven.zip"
else
    missing 'AAR and Maven repository: ANDROID_NDK_HOME is not set'
fi

step 'Apple'
if command -v xcrun >/dev/null; then
    release/xcframework.sh --release "$URL/CWxtransfer-$VERSION.xcframework.zip"
    release/pod.sh "$URL/WXTransfer-$VERSION.zip"
    made "target/xcframework/CWxtransfer-$VERSION.xcframework.zip" "target/pod/WXTransfer-$VERSION.zip" target/pod/WXTransfer.podspec.json
else
    missing 'XCFramework and pod: there is no Xcode'
fi

if [[ -n $missing ]]; then
    step 'packing of libraries that are not for shipping'
    if [[ -f /etc/debian_version ]]; then
        ffi-tests/mobile/build.sh
        ffi-tests/mobile/packages.sh
    else
        unchecked 'packing of what was not made: this is not Debian'
    fi
fi

step 'the same bytes twice'
if [[ $system == Linux ]]; then
    release/reproducible.sh
else
    unchecked 'the same bytes twice: this is not Linux'
fi

step 'result'
release/sizes.sh | tee "$PUBLISH/sizes.md"
sums=$(cd "$PUBLISH" && for file in *; do echo "$(sha256 "$file")  $file"; done)
echo "$sums" >"$PUBLISH/SHA256SUMS"
printf '\n%s contains:\n' "$PUBLISH"
ls "$PUBLISH"
printf '%s' "$missing$unchecked"
if [[ $(metadata repository) == *.invalid/* ]]; then echo 'not set: repository, homepage and documentation in Cargo.toml'; fi
echo "the tag: git tag --annotate $VERSION --cleanup=verbatim --file target/publish/tag-message.txt"
