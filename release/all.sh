#!/bin/sh
# Makes and checks the parts of a release that this machine can make. Puts them into target/publish, with SHA256SUMS, sizes.md and the
# message of the tag. Takes about half an hour.
#
# Lists the parts that it could not make or check. The AAR and the Maven repository need an NDK (ANDROID_NDK_HOME), the XCFramework and
# the pod need Xcode, the HAR needs HarmonyOS's SDK (OHOS_NDK_HOME), and the installation and the comparison of two builds need Linux.
# On Debian, libraries that are not for shipping are packed in place of missing ones, so that the packing is checked. They are neither
# in target/publish nor in sizes.md.
#
# usage: all.sh URL      the https address of a directory, in which apps will find the XCFramework's and the pod's zip
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# This directory is emptied below, so that sizes.sh finds only packages of this run.
export WXT_PACKAGES="$ROOT/target/release-packages"
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"
cd "$ROOT"

case $#:${1:-} in
1:https://*) ;;
*) fail "usage: all.sh https://…" ;;
esac
URL=${1%/}
VERSION=$(version)
PUBLISH=$ROOT/target/publish
rm -rf "$PUBLISH" "$PACKAGES"
mkdir -p "$PUBLISH" "$PACKAGES"
missing=
unchecked=

step() { printf '\n== %s\n' "$*"; }
missing() { missing="${missing}not made: $1
"; }
unchecked() { unchecked="${unchecked}not checked: $1
"; }

# publish SCRIPT [ARGUMENT...]: runs a script that makes packages, and publishes the files whose paths it prints.
publish() {
    packages=$("$@")
    echo "$packages" | while IFS= read -r package; do
        cp "$package" "$PUBLISH/"
        echo "$package"
    done
}
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
cp "target/package/wxtransfer-$VERSION.crate" "$PUBLISH/"

step 'Linux'
if [ "$system" = Linux ]; then
    release/install.sh "$PACKAGES/install"
else
    unchecked 'installation: this is not Linux'
fi

step 'HarmonyOS'
if [ -n "${OHOS_NDK_HOME:-}" ]; then
    publish release/har.sh
else
    missing 'wxtransfer.har: OHOS_NDK_HOME is not set'
fi

step 'Android'
if [ -n "${ANDROID_NDK_HOME:-}" ]; then
    publish release/aar.sh
    publish release/maven.sh
else
    missing 'AAR and Maven repository: ANDROID_NDK_HOME is not set'
fi

step 'Apple'
if command -v xcrun >/dev/null; then
    publish release/xcframework.sh --release "$URL/CWxtransfer-$VERSION.xcframework.zip"
    publish release/pod.sh "$URL/WXTransfer-$VERSION.zip"
else
    missing 'XCFramework and pod: there is no Xcode'
fi

if [ -n "$missing" ]; then
    step 'packing of libraries that are not for shipping'
    if [ -f /etc/debian_version ]; then
        ffi-tests/mobile/build.sh
        ffi-tests/mobile/packages.sh
    else
        unchecked 'packing of what was not made: this is not Debian'
    fi
fi

step 'the same bytes twice'
if [ "$system" = Linux ]; then
    release/reproducible.sh
else
    unchecked 'the same bytes twice: this is not Linux'
fi

step 'result'
release/sizes.sh >"$PUBLISH/sizes.md"
cat "$PUBLISH/sizes.md"
sums=$(cd "$PUBLISH" && for file in *; do echo "$(sha256 "$file")  $file"; done)
echo "$sums" >"$PUBLISH/SHA256SUMS"
printf '\n%s contains:\n' "$PUBLISH"
ls "$PUBLISH"
printf '%s' "$missing$unchecked"
case $(metadata repository) in
*.invalid/*) echo 'not set: repository, homepage and documentation in Cargo.toml' ;;
esac
echo "the tag: git tag --annotate $VERSION --cleanup=verbatim --file target/publish/tag-message.txt"
