#!/usr/bin/env bash
# Makes CWxtransfer.xcframework.zip for iOS: a static framework for devices and one for simulators.
#
# usage: xcframework.sh                       builds both with Xcode, then packs them. Needs macOS, Xcode and Rust; adds
#                                             the Rust targets where rustup is there.
#        xcframework.sh DEVICE.a SIMULATOR.a  packs static libraries that were built before. Runs anywhere.
#
# WXT_SIGNING_IDENTITY, if set, is the identity that codesign signs the result with.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
source "$ROOT/release/common.sh"

NAME=CWxtransfer
MINIMUM_IOS=13.0
DEVICE_TARGET=aarch64-apple-ios
SIMULATOR_TARGETS=(aarch64-apple-ios-sim x86_64-apple-ios)
OUT=$ROOT/target/xcframework

# build TARGET: prints where its static library is.
build() {
    add_target "$1"
    IPHONEOS_DEPLOYMENT_TARGET=$MINIMUM_IOS \
        cargo rustc --release --locked --lib --target "$1" --crate-type staticlib >&2 || fail "$1 is not built"
    echo "$ROOT/target/$1/release/libwxtransfer.a"
}

# plist FILE: writes standard input as the body of a property list.
plist() {
    {
        printf '%s\n' '<?xml version="1.0" encoding="UTF-8"?>' \
            '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">' \
            '<plist version="1.0">'
        cat
        echo '</plist>'
    } >"$1"
}

# framework DIRECTORY LIBRARY PLATFORM
framework() {
    local framework=$1/$NAME.framework
    mkdir -p "$framework/Headers" "$framework/Modules"
    cp "$2" "$framework/$NAME"
    cp "$ROOT/include/wxtransfer.h" "$framework/Headers/"
    cp "$ROOT/release/framework.modulemap" "$framework/Modules/module.modulemap"
    cp "$ROOT/release/PrivacyInfo.xcprivacy" "$framework/"
    plist "$framework/Info.plist" <<PLIST
<dict>
  <key>CFBundleDevelopmentRegion</key><string>en</string>
  <key>CFBundleExecutable</key><string>$NAME</string>
  <key>CFBundleIdentifier</key><string>wxtransfer.$NAME</string>
  <key>CFBundleInfoDictionaryVersion</key><string>6.0</string>
  <key>CFBundleName</key><string>$NAME</string>
  <key>CFBundlePackageType</key><string>FMWK</string>
  <key>CFBundleShortVersionString</key><string>$(version)</string>
  <key>CFBundleSupportedPlatforms</key><array><string>$3</string></array>
  <key>CFBundleVersion</key><string>$(version)</string>
  <key>MinimumOSVersion</key><string>$MINIMUM_IOS</string>
</dict>
PLIST
}

# library_entry IDENTIFIER VARIANT ARCHITECTURE...: one slice in the xcframework's table. A device has no variant.
library_entry() {
    local identifier=$1 variant=$2 architecture
    shift 2
    echo "    <dict>"
    echo "      <key>BinaryPath</key><string>$NAME.framework/$NAME</string>"
    echo "      <key>LibraryIdentifier</key><string>$identifier</string>"
    echo "      <key>LibraryPath</key><string>$NAME.framework</string>"
    echo "      <key>SupportedArchitectures</key><array>"
    for architecture in "$@"; do echo "        <string>$architecture</string>"; done
    echo "      </array>"
    echo "      <key>SupportedPlatform</key><string>ios</string>"
    [[ -z $variant ]] || echo "      <key>SupportedPlatformVariant</key><string>$variant</string>"
    echo "    </dict>"
}

need zip
case $# in
0)
    need xcrun "this needs Xcode; static libraries that were built before can be packed without it"
    cd "$ROOT"
    device=$(build $DEVICE_TARGET)
    for target in "${SIMULATOR_TARGETS[@]}"; do
        slice=$(build "$target")
        set -- "$@" "$slice"
    done
    mkdir -p "$OUT"
    simulator=$OUT/libwxtransfer-simulator.a
    xcrun lipo -create "$@" -output "$simulator"
    simulator_architectures=(arm64 x86_64)
    ;;
2)
    device=$(absolute "$1") simulator=$(absolute "$2")
    for library in "$device" "$simulator"; do
        [[ $(head -c 7 "$library") == '!<arch>' ]] || fail "$library is no static library"
    done
    simulator_architectures=(arm64)
    ;;
*) fail "usage: xcframework.sh [DEVICE.a SIMULATOR.a]" ;;
esac

bundle=$OUT/$NAME.xcframework
rm -rf "$bundle"
device_slice=ios-arm64
simulator_slice=ios-$(IFS=_ && echo "${simulator_architectures[*]}")-simulator
framework "$bundle/$device_slice" "$device" iPhoneOS
framework "$bundle/$simulator_slice" "$simulator" iPhoneSimulator
{
    echo "<dict>"
    echo "  <key>AvailableLibraries</key><array>"
    library_entry "$device_slice" '' arm64
    library_entry "$simulator_slice" simulator "${simulator_architectures[@]}"
    echo "  </array>"
    echo "  <key>CFBundlePackageType</key><string>XFWK</string>"
    echo "  <key>XCFrameworkFormatVersion</key><string>1.0</string>"
    echo "</dict>"
} | plist "$bundle/Info.plist"

if [[ -n ${WXT_SIGNING_IDENTITY:-} ]]; then
    codesign --timestamp --sign "$WXT_SIGNING_IDENTITY" "$bundle" || fail "the xcframework is not signed"
fi
archive=$OUT/$NAME.xcframework.zip
zip_directory "$OUT" "$archive" "$NAME.xcframework"
echo "$archive"
echo "checksum for Package.swift: $(sha256 "$archive")"
