# Sourced by test.sh: tests the manifest of the package, and a release of it up to what needs a Mac.
# shellcheck shell=sh
# shellcheck disable=SC2154 # target, repository, here and library are test.sh's

# A small copy of the repository, because a release changes its manifest. The copy has the name that apps see in its URL.
copies=$target/swift/package
copy=$copies/wxtransfer
rm -rf "$copies"
mkdir -p "$copy/bindings"
cp -R "$repository/Package.swift" "$repository/Cargo.toml" "$repository/include" "$repository/release" "$copy/"
cp -R "$here" "$copy/bindings/"

# described VARIABLE...: prints the manifest of the copy as SwiftPM reads it, in one line. Without SwiftPM's cache of manifests,
# which does not notice a new file.
described() {
    with_swift "$@" swift package --manifest-cache none --package-path "$copy" --scratch-path "$copies/build" dump-package |
        tr -d ' \n'
}

# expect WHAT TEXT PART: fails unless TEXT contains PART.
expect() {
    case $2 in
    *"$3"*) ;;
    *) fail "$1: there is no $3 in $2" ;;
    esac
}

expect 'without a framework' "$(described)" '"type":"system"'

# Placeholders for the libraries, which are packed but not linked.
for slice in device simulator macos catalyst; do printf '!<arch>\n%s\n' "$slice" >"$copies/$slice.a"; done
pack() {
    WXT_PACKAGES="$copy/target" "$copy/release/xcframework.sh" "$@" \
        "$copies/device.a" "$copies/simulator.a" "$copies/macos.a" "$copies/catalyst.a"
}
address=https://example.com/CWxtransfer-0.1.0.xcframework.zip
if command -v zip >/dev/null; then
    if pack --release http://example.com/a.zip 2>/dev/null; then fail 'a release without TLS was made'; fi
    pack >/dev/null
    cmp "$repository/Package.swift" "$copy/Package.swift" || fail 'the manifest was changed without a release'
    expect 'with a framework' "$(described)" '"path":"target/xcframework/CWxtransfer.xcframework"'
    expect 'with a framework and the variable' "$(described WXTRANSFER_SYSTEM_LIBRARY=1)" '"type":"system"'

    pack --release "$address" >/dev/null
    archive=$(echo "$copy"/target/xcframework/CWxtransfer-*.xcframework.zip)
    checksum=$(with_swift swift package --package-path "$copy" --scratch-path "$copies/build" compute-checksum "$archive")
    rm -r "$copy/target"
    released=$(described)
    expect 'released' "$released" "\"url\":\"$address\""
    expect 'released' "$released" "\"checksum\":\"$checksum\""
    expect 'released, with the variable' "$(described WXTRANSFER_SYSTEM_LIBRARY=1)" '"type":"system"'
else
    echo 'test.sh: there is no zip; a release is not tried' >&2
fi

# An app that names the repository by its URL, as apps do, gets the package `wxtransfer` with the product `WXTransfer`.
git -C "$copy" init -q
git -C "$copy" add -A
git -C "$copy" -c user.name=test -c user.email=test@example.com commit -q -m 0.1.0
git -C "$copy" tag 0.1.0
app=$copies/app
mkdir -p "$app/Sources/App"
cat >"$app/Package.swift" <<SWIFT
// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "App",
    platforms: [.macOS(.v10_15)],
    dependencies: [.package(url: "file://$copy", from: "0.1.0")],
    targets: [.executableTarget(name: "App", dependencies: [.product(name: "WXTransfer", package: "wxtransfer")])]
)
SWIFT
cat >"$app/Sources/App/main.swift" <<'SWIFT'
import WXTransfer

print(WXTransferSession.version)
SWIFT
ran=$(with_swift WXTRANSFER_SYSTEM_LIBRARY=1 \
    swift run --package-path "$app" --scratch-path "$copies/app-build" -Xlinker "-L$library" App)
# shellcheck source=release/common.sh
expected=$(ROOT=$repository && . "$repository/release/common.sh" && version)
[ "$ran" = "$expected" ] || fail "an app says that its library is $ran, not $expected"
rm -rf "$copies"
