#!/usr/bin/env bash
# Packages the results of build.sh with the scripts of release/, and checks the packages as far as possible without Xcode
# and Gradle. The packages are in target/test-packages, which contains no packages for apps. The modules in the HAR are libraries of one
# function.
#
# usage: packages.sh [--quick]
#
# --quick needs only the results of `build.sh --quick` and `bindings/kotlin/build.sh`. It uses Kotlin's classes as they were compiled
# last. For systems and processors that `build.sh --quick` does not build, it uses a library of one function, and does not check the
# functions of these.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"
cd "$ROOT"
install_packages clang-19 ivy lld-19 llvm-19 openssl python3 unzip zip

quick=
case ${1:-} in
'') ;;
--quick) quick=1 ;;
*) fail "usage: packages.sh [--quick]" ;;
esac

export WXT_PACKAGES=$ROOT/target/test-packages
rm -rf "$WXT_PACKAGES"

# built FILE: the path of a result of an earlier build.
built() {
    [[ -e $ROOT/target/$1 ]] || fail "build first: there is no target/$1"
    echo "$ROOT/target/$1"
}

# stand_in CLANG-TARGET: a static library of one function for that system.
stand_in() {
    echo 'int stand_in(void); int stand_in(void) { return 0; }' | clang-19 "--target=$1" -x c -c - -o "$work/$1.o"
    llvm-ar-19 rc "$work/$1.a" "$work/$1.o"
    echo "$work/$1.a"
}

# shared_stand_in CLANG-TARGET: a shared library of one function for that system, with line tables.
shared_stand_in() {
    echo 'int stand_in(void); int stand_in(void) { return 0; }' |
        clang-19 "--target=$1" -gline-tables-only -shared -nostdlib -fuse-ld=lld -Wl,--build-id=sha1 -x c - -o "$work/$1.so"
    echo "$work/$1.so"
}

# prints PRINTED EXPECTED...: checks that a script of release/ printed these files of target/test-packages. release/all.sh publishes
# the files that a script prints.
prints() {
    local printed=$1 expected
    shift
    expected=$(printf "$WXT_PACKAGES/%s\n" "$@")
    [[ $printed == "$expected" ]] || fail "a script prints $printed, not $expected"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

device=$(built apple/aarch64-apple-ios/release/libwxtransfer.a)
if [[ -n $quick ]]; then
    macos=$(stand_in arm64-apple-macos11.0)
    simulator=$(stand_in arm64-apple-ios14.0-simulator)
    catalyst=$(stand_in arm64-apple-ios14.0-macabi)
else
    macos=$(built apple/aarch64-apple-darwin/release/libwxtransfer.a)
    simulator=$(built apple/aarch64-apple-ios-sim/release/libwxtransfer.a)
    catalyst=$(built apple/aarch64-apple-ios-macabi/release/libwxtransfer.a)
fi
# shellcheck source=release/common.sh
version=$(source release/common.sh && version)
prints "$(release/xcframework.sh "$device" "$simulator" "$macos" "$catalyst")" "xcframework/CWxtransfer-$version.xcframework.zip"
framework=$WXT_PACKAGES/xcframework/CWxtransfer-$version.xcframework.zip
first=$(sha256sum <"$framework")
release/xcframework.sh "$device" "$simulator" "$macos" "$catalyst" >"$work/log"
[[ $first == "$(sha256sum <"$framework")" ]] || fail "the same libraries gave another zip"
unzip -q "$framework" -d "$work/apple"

[[ -n $quick ]] || bindings/kotlin/build.sh
classes=$(built kotlin/wxtransfer.jar)
if [[ -n $quick ]]; then
    arm64=$(shared_stand_in aarch64-linux-android23)
    armv7=$(shared_stand_in armv7a-linux-androideabi23)
else
    arm64=$(built phones/aarch64-linux-android/release/libwxtransfer_jni.so)
    armv7=$(built phones/armv7-linux-androideabi/release/libwxtransfer_jni.so)
fi
x86_64=$(built phones/x86_64-linux-android/release/libwxtransfer_jni.so)
export LLVM_STRIP=llvm-strip-19

# Libraries for another system must be refused.
if release/xcframework.sh "$arm64" "$simulator" "$macos" "$catalyst" 2>/dev/null; then fail "a shared library was packed as a static one"; fi
if release/aar.sh "$classes" "x86_64=$arm64" 2>/dev/null; then fail "arm64 was packed as x86_64"; fi
if release/aar.sh "$arm64" "arm64-v8a=$arm64" 2>/dev/null; then fail "a library was packed as classes"; fi

prints "$(release/aar.sh "$classes" "arm64-v8a=$arm64" "armeabi-v7a=$armv7" "x86_64=$x86_64")" \
    "aar/wxtransfer-$version.aar" "aar/wxtransfer-$version-symbols.zip"
unzip -q "$WXT_PACKAGES/aar/wxtransfer-$version.aar" -d "$work/android"
unzip -q "$WXT_PACKAGES/aar/wxtransfer-$version-symbols.zip" -d "$work/symbols"

prints "$(release/maven.sh)" "wxtransfer-$version-maven.zip"
bindings/kotlin/maven-test.sh

# Nothing is downloaded from these addresses.
for address in http://example.com/a.zip https://example.com/a 'https://example.com/"a.zip' 'https://example.com/a b.zip'; do
    if release/pod.sh "$address" 2>/dev/null; then fail "a pod was made for $address"; fi
done
prints "$(release/pod.sh https://example.com/WXTransfer.zip)" "pod/WXTransfer-$version.zip" pod/WXTransfer.podspec.json
unzip -q "$WXT_PACKAGES/pod/WXTransfer-$version.zip" -d "$work/pod"

module_arm64=$(shared_stand_in aarch64-linux-ohos)
module_x86_64=$(shared_stand_in x86_64-linux-ohos)
for modules in "x86_64=$module_arm64" "armeabi-v7a=$module_arm64" "$module_arm64" "arm64-v8a=$module_arm64 arm64-v8a=$module_arm64"; do
    # shellcheck disable=SC2086 # one argument for each module
    if release/har.sh $modules 2>/dev/null; then fail "a HAR was made of $modules"; fi
done
prints "$(release/har.sh "arm64-v8a=$module_arm64" "x86_64=$module_x86_64")" \
    "har/wxtransfer-$version.har" "har/wxtransfer-$version-harmony-symbols.zip"
archive=$WXT_PACKAGES/har/wxtransfer-$version.har
first=$(sha256sum <"$archive")
release/har.sh "x86_64=$module_x86_64" "arm64-v8a=$module_arm64" >"$work/log"
[[ $first == "$(sha256sum <"$archive")" ]] || fail "the same modules gave another HAR"
mkdir "$work/harmony"
tar -x -f "$WXT_PACKAGES/har/wxtransfer-$version.har" -C "$work/harmony"
unzip -q "$WXT_PACKAGES/har/wxtransfer-$version-harmony-symbols.zip" -d "$work/harmony-symbols"

# sizes.sh prints only the sizes of files in target/test-packages.
release/sizes.sh >"$work/sizes"
for row in 'Android arm64-v8a, in an app' 'Kotlin and Java classes, before a shrinker' AAR XCFramework 'HarmonyOS x86_64, with symbols' HAR; do
    grep -qF "| $row | " "$work/sizes" || fail "sizes.sh has no row $row"
done
if grep Linux "$work/sizes"; then fail "sizes.sh has a size of an installation that is not in target/test-packages"; fi

# Checks that the files named in the property lists exist, and that each library is of its directory's platform.
python3 - "$work" "$WXT_PACKAGES" "$quick" <<'PYTHON'
import hashlib, json, pathlib, plistlib, re, subprocess, sys, xml.etree.ElementTree, zipfile

work, packages = map(pathlib.Path, sys.argv[1:3])
root = pathlib.Path.cwd()
# Libraries of one function. They use no symbols of the system.
stand_ins = ["iossimulator", "macCatalyst", "macos", "arm64-v8a", "armeabi-v7a"] if sys.argv[3] else []

def check(condition, what):
    if not condition:
        sys.exit(f"error: {what}")

def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout

def headers(file):
    return output("llvm-readobj-19", "--file-headers", file)

def sections(file):
    return output("llvm-readelf-19", "--section-headers", "--wide", file)

def build_id(file):
    return output("llvm-readelf-19", "--notes", file).partition("Build ID: ")[2].split("\n")[0]

def address(library, function):
    lines = output("llvm-nm-19", "--dynamic", "--defined-only", library).splitlines()
    return next(line.split()[0] for line in lines if line.endswith(f" {function}"))

def symbolicated(symbols, address):
    # The last two lines are the outermost function. The compiler may have inlined others into it.
    return output("llvm-addr2line-19", "--functions", "--inlines", "--demangle", "--exe", symbols, f"0x{address}").splitlines()[-2:]

def check_symbols(library, symbols):
    # A crash report has the build id and an address inside of the stripped library.
    check(build_id(library) == build_id(symbols) != "", f"{symbols} is of another build")
    check(".symtab" not in sections(library) and ".debug_line" in sections(symbols), f"{library} is not stripped, or {symbols} has no lines")

def platforms(file):
    text = output("llvm-objdump-19", "--macho", "--private-headers", file)
    return {line.split()[1] for line in text.splitlines() if line.strip().startswith("platform ")}

# The C functions for which Apple requires a reason.
reasons_required = {
    "FileTimestamp": ["stat", "fstat", "fstatat", "lstat", "getattrlist", "fgetattrlist", "getattrlistat", "getattrlistbulk"],
    "DiskSpace": ["statfs", "fstatfs", "statvfs", "fstatvfs", "getattrlist", "fgetattrlist", "getattrlistat"],
    "SystemBootTime": ["mach_absolute_time"],
}

bundle = work / "apple/CWxtransfer.xcframework"
table = plistlib.loads((bundle / "Info.plist").read_bytes())
slices = {entry["LibraryIdentifier"]: entry for entry in table["AvailableLibraries"]}
check(set(slices) == {path.name for path in bundle.iterdir() if path.is_dir()}, "the table and the slices differ")
kinds = {
    ("ios", None): "ios", ("ios", "simulator"): "iossimulator", ("ios", "maccatalyst"): "macCatalyst", ("macos", None): "macos",
}
found = {}
for name, entry in slices.items():
    binary = bundle / name / entry["BinaryPath"]
    platform = kinds[entry["SupportedPlatform"], entry.get("SupportedPlatformVariant")]
    found[platform] = name
    check(platforms(binary) == {platform}, f"{binary} is not for {platform}")
    framework = bundle / name / entry["LibraryPath"]
    is_of_a_mac = platform in ["macos", "macCatalyst"]
    # On macOS the files are in `Versions/A`; symbolic links are at the top level.
    resources = framework / "Versions/Current/Resources" if is_of_a_mac else framework
    for path in ["CWxtransfer", "Headers", "Modules"] + (["Resources"] if is_of_a_mac else []):
        check((framework / path).exists(), f"{framework} has no {path}")
        check((framework / path).is_symlink() == is_of_a_mac, f"{framework / path}: must be a link on a Mac, and only there")
    check((framework / "CWxtransfer").samefile(binary), f"{framework} has another library than {binary}")
    info = plistlib.loads((resources / "Info.plist").read_bytes())
    check(info["CFBundleExecutable"] == "CWxtransfer", f"{framework} names another executable")
    minimum = ("LSMinimumSystemVersion", "10.15") if is_of_a_mac else ("MinimumOSVersion", "13.0")
    check(info.get(minimum[0]) == minimum[1], f"{framework} has no {minimum}")
    privacy = plistlib.loads((resources / "PrivacyInfo.xcprivacy").read_bytes())
    for reason in privacy["NSPrivacyAccessedAPITypes"]:
        check(reason["NSPrivacyAccessedAPITypeReasons"], f"no reason for {reason['NSPrivacyAccessedAPIType']}")
    text = output("llvm-nm-19", "--undefined-only", "--format=just-symbols", "--quiet", "--no-llvm-bc", binary)
    used = {category for category, names in reasons_required.items() if {f"_{name}" for name in names} & set(text.split())}
    given = {reason["NSPrivacyAccessedAPIType"].removeprefix("NSPrivacyAccessedAPICategory") for reason in privacy["NSPrivacyAccessedAPITypes"]}
    check(given == used or platform in stand_ins, f"the privacy manifest has {given}, the library uses {used}")
check(set(found) == set(kinds.values()), f"a system is missing: {found}")

android = work / "android"
xml.etree.ElementTree.parse(android / "AndroidManifest.xml")
classes = zipfile.ZipFile(android / "classes.jar").namelist()
for name in ["WXTransferSession.class", "WXTransferAndroid.class", "CertificateVerifier.class", "wx.js"]:
    check(f"org/wxtransfer/{name}" in classes, f"classes.jar has no {name}")
rules = (android / "proguard.txt").read_text()
check("NativeCallbacks" in rules and "CertificateVerifier" in rules, "proguard.txt does not keep NativeCallbacks and CertificateVerifier")
json.loads((android / "prefab/prefab.json").read_text())
module = android / "prefab/modules/wxtransfer"
check(json.loads((module / "module.json").read_text())["library_name"] == "libwxtransfer_jni", "prefab names another library")
check((module / "include/wxtransfer.h").exists(), "prefab has no header")
machines = {"arm64-v8a": "EM_AARCH64", "armeabi-v7a": "EM_ARM", "x86_64": "EM_X86_64"}
check({path.name for path in (android / "jni").iterdir()} == set(machines), "an ABI is missing, or one too many")
for abi, machine in machines.items():
    library = android / "jni" / abi / "libwxtransfer_jni.so"
    check(machine in headers(library), f"{library} is not for {machine}")
    prefab = module / "libs" / f"android.{abi}"
    check((prefab / "libwxtransfer_jni.so").read_bytes() == library.read_bytes(), f"{abi}: two libraries differ")
    check(json.loads((prefab / "abi.json").read_text())["abi"] == abi, f"{abi}: abi.json names another ABI")

    symbols = work / "symbols" / abi / "libwxtransfer_jni.so"
    check_symbols(library, symbols)
    if abi in stand_ins:
        continue
    place = symbolicated(symbols, address(library, "wxt_session_open"))
    check(place[0] == "wxt_session_open" and "src/ffi/session.rs:" in place[1], f"{abi}: wxt_session_open is at {place}")

harmony = work / "harmony/package"
json.loads((harmony / "src/main/module.json").read_text())
machines = {"arm64-v8a": "EM_AARCH64", "x86_64": "EM_X86_64"}
check({path.name for path in (harmony / "libs").iterdir()} == set(machines), "an ABI is missing, or one too many")
for abi, machine in machines.items():
    library = harmony / "libs" / abi / "libwxtransfer_napi.so"
    check(machine in headers(library), f"{library} is not for {machine}")
    check_symbols(library, work / "harmony-symbols" / abi / "libwxtransfer_napi.so")
types = "src/main/cpp/types/libwxtransfer_napi"
texts = {"Index.ets", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "README.zh-CN.md", "oh-package.json5",
         "src/main/module.json", f"{types}/index.d.ts", f"{types}/oh-package.json5"}
files = {str(path.relative_to(harmony)) for path in harmony.rglob("*") if path.is_file()}
check(files == texts | {f"libs/{abi}/libwxtransfer_napi.so" for abi in machines}, f"the HAR has other files: {files}")
# Every link in the package's documents is a web address or a file of the package.
for name in ["LICENSE", "README.md", "README.zh-CN.md"]:
    named = re.findall(r"\]\(([^)#]+)|\b(LICENSE-[A-Z]+)", (harmony / name).read_text())
    targets = [link or licence for link, licence in named]
    check(len(targets) > 1, f"{name} names no document")
    for target in targets:
        check(target.startswith("https://") or target in files, f"{name} of the HAR names {target}, which is not there")

# The pod: the specification names exactly the sources of the module, and has the checksum of the zip.
podspec = json.loads((packages / "pod/WXTransfer.podspec.json").read_text())
sources = {path.relative_to(work / "pod/Sources") for path in (work / "pod").glob(podspec["source_files"])}
module_sources = root / "bindings/swift/Sources"
check(sources == {path.relative_to(module_sources) for path in module_sources.glob("WXTransfer/**/*.swift")}, "the pod has other sources")
check((work / "pod" / podspec["vendored_frameworks"] / "Info.plist").exists(), "the pod has no framework")
check((work / "pod" / podspec["license"]["file"]).exists(), "the pod has no licence")
check(podspec["name"] == "WXTransfer" and podspec["swift_versions"], "the pod is incomplete")
check(podspec["platforms"] == {"ios": "13.0", "osx": "10.15"}, "the pod has other minimum systems than the frameworks")
(archive,) = (packages / "pod").glob("*.zip")
check(podspec["source"]["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest(), "the pod's checksum is not that of the zip")
PYTHON

# The framework's module is found by name, and its header compiles as a module.
for slice in "$work"/apple/CWxtransfer.xcframework/*-*; do
    clang-19 -fmodules "-fmodules-cache-path=$work/modules" -Wall -Werror -fsyntax-only -F "$slice" -x objective-c - <<'SOURCE'
@import CWxtransfer;
WxtStatus open_session(WxtSession **session);
WxtStatus open_session(WxtSession **session) {
  WxtSessionOptions options = wxt_session_options();
  return wxt_session_open(&options, session, NULL);
}
SOURCE
done
# On Android, the header declares wxt_android_init.
clang-19 --target=x86_64-linux-gnu -D__ANDROID__ -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
    -I "$work/android/prefab/modules/wxtransfer/include" -x c - <<'SOURCE'
#include <wxtransfer.h>
WxtStatus ready(void *environment, void *context);
WxtStatus ready(void *environment, void *context) { return wxt_android_init(environment, context); }
SOURCE
echo "2 passed, 0 failed"
