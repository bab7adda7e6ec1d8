#!/bin/sh
# Makes CWxtransfer-VERSION.xcframework.zip for Apple's systems: a static framework for iOS devices, one for simulators, one for macOS
# and one for Mac Catalyst. Prints its path.
#
# usage: xcframework.sh [--release URL]
#            builds all four with Xcode, then packs them. Needs macOS, Xcode and Rust. If rustup is installed, adds the
#            Rust targets.
#        xcframework.sh [--release URL] DEVICE.a SIMULATOR.a MACOS.a CATALYST.a
#            packs existing static libraries for arm64. Runs anywhere.
#
# With --release, writes URL and checksum to Package.swift. URL is the https address, ending in .zip, from which apps will load
# the zip.
#
# If WXT_SIGNING_IDENTITY is set, codesign signs the result with this identity.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

NAME=CWxtransfer
MINIMUM_IOS=13.0
# The first version of Mac Catalyst. Compilers refuse 13.0.
MINIMUM_CATALYST=13.1
MINIMUM_MACOS=10.15
OUT=$PACKAGES/xcframework

# build TARGET...: builds the static library of each target, joins several into one file, and prints the file's path.
build() (
    for target in "$@"; do
        shift
        add_target "$target"
        hide_paths "$ROOT"
        # The linker of the app puts the line tables into the app's dSYM.
        line_tables
        case $target in
        *-macabi) ios=$MINIMUM_CATALYST ;;
        *) ios=$MINIMUM_IOS ;;
        esac
        IPHONEOS_DEPLOYMENT_TARGET=$ios MACOSX_DEPLOYMENT_TARGET=$MINIMUM_MACOS \
            cargo rustc --release --locked --lib --target "$target" --crate-type staticlib >&2 || fail "$target is not built"
        set -- "$@" "$ROOT/target/$target/release/libwxtransfer.a"
    done
    if [ $# = 1 ]; then
        echo "$1"
        exit
    fi
    mkdir -p "$OUT"
    built=$OUT/libwxtransfer-$target.a
    xcrun lipo -create "$@" -output "$built" || fail "$target is not joined with the other architecture"
    echo "$built"
)

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

# contents DIRECTORY RESOURCES LIBRARY PLATFORM MINIMUM-KEY MINIMUM: writes a framework's files. RESOURCES is the directory of
# its property list and privacy manifest.
contents() {
    mkdir -p "$1/Headers" "$1/Modules" "$2"
    cp "$3" "$1/$NAME"
    cp "$ROOT/include/wxtransfer.h" "$1/Headers/"
    cp "$ROOT/release/framework.modulemap" "$1/Modules/module.modulemap"
    cp "$ROOT/release/PrivacyInfo.xcprivacy" "$2/"
    plist "$2/Info.plist" <<PLIST
<dict>
  <key>CFBundleDevelopmentRegion</key><string>en</string>
  <key>CFBundleExecutable</key><string>$NAME</string>
  <key>CFBundleIdentifier</key><string>wxtransfer.$NAME</string>
  <key>CFBundleInfoDictionaryVersion</key><string>6.0</string>
  <key>CFBundleName</key><string>$NAME</string>
  <key>CFBundlePackageType</key><string>FMWK</string>
  <key>CFBundleShortVersionString</key><string>$(version)</string>
  <key>CFBundleSupportedPlatforms</key><array><string>$4</string></array>
  <key>CFBundleVersion</key><string>$(version)</string>
  <key>$5</key><string>$6</string>
</dict>
PLIST
}

# flat_framework SLICE LIBRARY PLATFORM: makes a framework for iOS.
flat_framework() {
    framework=$bundle/$1/$NAME.framework
    contents "$framework" "$framework" "$2" "$3" MinimumOSVersion $MINIMUM_IOS
}

# versioned_framework SLICE LIBRARY: makes a framework for a Mac, which does not accept flat frameworks.
versioned_framework() {
    framework=$bundle/$1/$NAME.framework
    contents "$framework/Versions/A" "$framework/Versions/A/Resources" "$2" MacOSX LSMinimumSystemVersion $MINIMUM_MACOS
    ln -s A "$framework/Versions/Current"
    for name in $NAME Headers Modules Resources; do ln -s "Versions/Current/$name" "$framework/$name"; done
}

# library_entry SLICE PLATFORM VARIANT BINARY ARCHITECTURES: prints one slice of the xcframework's table. Devices and macOS have
# no variant.
library_entry() {
    echo "    <dict>"
    echo "      <key>BinaryPath</key><string>$NAME.framework/$4</string>"
    echo "      <key>LibraryIdentifier</key><string>$1</string>"
    echo "      <key>LibraryPath</key><string>$NAME.framework</string>"
    echo "      <key>SupportedArchitectures</key><array>"
    for architecture in $5; do echo "        <string>$architecture</string>"; done
    echo "      </array>"
    echo "      <key>SupportedPlatform</key><string>$2</string>"
    [ -z "$3" ] || echo "      <key>SupportedPlatformVariant</key><string>$3</string>"
    echo "    </dict>"
}

usage='usage: xcframework.sh [--release URL] [DEVICE.a SIMULATOR.a MACOS.a CATALYST.a]'
url=
if [ "${1:-}" = --release ]; then
    url=${2:-}
    is_address_of_zip "$url" || fail "'$url' is not an https address that ends in .zip"
    shift 2
fi
need zip
case $# in
0)
    need xcrun "building needs Xcode; existing static libraries can be packed without it"
    cd "$ROOT"
    device=$(build aarch64-apple-ios)
    simulator=$(build x86_64-apple-ios aarch64-apple-ios-sim)
    macos=$(build x86_64-apple-darwin aarch64-apple-darwin)
    catalyst=$(build x86_64-apple-ios-macabi aarch64-apple-ios-macabi)
    architectures='arm64 x86_64'
    ;;
4)
    device=$(absolute "$1") simulator=$(absolute "$2") macos=$(absolute "$3") catalyst=$(absolute "$4")
    for library in "$device" "$simulator" "$macos" "$catalyst"; do
        [ "$(head -c 7 "$library")" = '!<arch>' ] || fail "$library is not a static library"
    done
    architectures=arm64
    ;;
*) fail "$usage" ;;
esac

bundle=$OUT/$NAME.xcframework
rm -rf "$bundle"
joined=$(echo "$architectures" | tr ' ' _)
flat_framework ios-arm64 "$device" iPhoneOS
flat_framework "ios-$joined-simulator" "$simulator" iPhoneSimulator
versioned_framework "macos-$joined" "$macos"
versioned_framework "ios-$joined-maccatalyst" "$catalyst"
{
    echo "<dict>"
    echo "  <key>AvailableLibraries</key><array>"
    library_entry ios-arm64 ios '' $NAME arm64
    library_entry "ios-$joined-simulator" ios simulator $NAME "$architectures"
    library_entry "macos-$joined" macos '' Versions/A/$NAME "$architectures"
    library_entry "ios-$joined-maccatalyst" ios maccatalyst Versions/A/$NAME "$architectures"
    echo "  </array>"
    echo "  <key>CFBundlePackageType</key><string>XFWK</string>"
    echo "  <key>XCFrameworkFormatVersion</key><string>1.0</string>"
    echo "</dict>"
} | plist "$bundle/Info.plist"

if [ -n "${WXT_SIGNING_IDENTITY:-}" ]; then
    codesign --timestamp --sign "$WXT_SIGNING_IDENTITY" "$bundle" || fail "the xcframework is not signed"
fi
archive=$OUT/$NAME-$(version).xcframework.zip
zip_directory "$OUT" "$archive" "$NAME.xcframework"
if [ -n "$url" ]; then
    checksum=$(sha256 "$archive")
    manifest=$(sed -e "s|^let releasedURL = .*|let releasedURL = \"$url\"|" \
        -e "s|^let releasedChecksum = .*|let releasedChecksum = \"$checksum\"|" "$ROOT/Package.swift")
    printf '%s\n' "$manifest" >"$ROOT/Package.swift"
fi
echo "$archive"
