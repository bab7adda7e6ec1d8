#!/bin/sh
# Tests the Swift package against the library and the test server of this repository, once plainly and once under the
# thread sanitizer; then the manifest, with package.sh.
#
# usage: test.sh [--quick] [option of swift test...]    --quick runs the tests only under the sanitizer; with an option, such as
#                                                       `--filter CancellationTests`, the manifest is not tested
#
# Uses Swift 6 from the PATH. If there is none, installs it in WXT_SWIFT_ROOT (see toolchain.sh), or fails.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repository=$(cd "$here/../.." && pwd -P)
root=${WXT_SWIFT_ROOT:-/var/cache/wxtransfer/swift}
target=${CARGO_TARGET_DIR:-$repository/target}

quick=
if [ "${1:-}" = --quick ]; then
    quick=1
    shift
fi

fail() {
    echo "test.sh: $*" >&2
    exit 1
}

# with_swift [VARIABLE=VALUE...] COMMAND [ARGUMENT...]: runs a command with Swift on its PATH. The time limit turns a test that waits
# forever into a failure.
with_swift() {
    set -- env "$@"
    if command -v timeout > /dev/null; then set -- timeout --kill-after=10 1200 "$@"; fi
    if command -v swift > /dev/null; then
        "$@"
        return
    fi
    # A separate mount namespace, so that the mounts end with this script in every case. The repository has the same path
    # inside as outside, because built files name their sources.
    # shellcheck disable=SC2016 # expanded by the shell within
    unshare --mount sh -euc '
        root=$1 repository=$2 target=$3
        shift 3
        mount --make-rprivate /
        for directory in "$repository" "$target"; do
            mkdir -p "$directory" "$root$directory"
            mount --bind "$directory" "$root$directory"
        done
        mount -t proc proc "$root/proc"
        exec chroot "$root" env LANG=C.UTF-8 HOME=/root "$@"
    ' sh "$root" "$repository" "$target" "$@"
}

if ! command -v swift > /dev/null; then
    "$here/toolchain.sh" "$root" || fail "there is no Swift 6, and it could not be set up"
fi
with_swift swift --version 2>&1 | grep -Eq 'Swift version ([6-9]|[1-9][0-9])\.' || fail "Swift 6 or newer is needed"

# The development profile: the tests check the interface, not the speed. Only a static library is built, because the linker
# would prefer a shared one.
cd "$repository"
cargo build --locked --package wxtransfer-test-server --target-dir "$target"
cargo rustc --locked --lib --crate-type staticlib --target-dir "$target"
library=$target/swift/library
mkdir -p "$library"
cp "$target/debug/libwxtransfer.a" "$library/"

# SwiftPM locks its build directory, so concurrent runs of this script take turns.
exec 9> "$target/swift/lock"
if command -v flock > /dev/null; then flock 9; fi

swift_test() { # build directory, further arguments…
    build=$1
    shift
    with_swift WXTRANSFER_TEST_SERVER="$target/debug/wxtransfer-test-server" \
        WXTRANSFER_SYSTEM_LIBRARY=1 swift test --disable-swift-testing --package-path "$repository" --scratch-path "$build" \
        -Xswiftc -warnings-as-errors -Xlinker "-L$library" "$@"
}

[ -n "$quick" ] || swift_test "$target/swift/plain" "$@"
export TSAN_OPTIONS="halt_on_error=0 exitcode=66"
swift_test "$target/swift/thread" --sanitize=thread "$@"
# shellcheck source=bindings/swift/package.sh
if [ $# = 0 ]; then . "$here/package.sh"; fi
echo "test.sh: all passed"
