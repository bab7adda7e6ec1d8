#!/usr/bin/env bash
# Runs every test, including the C programs, under AddressSanitizer (with its leak check) and under ThreadSanitizer.
# Needs Debian.
#
# usage: sanitizers.sh [--stress] [address|thread]...    default: both. --stress runs only the stress program, like stress.sh
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"
cd "$ROOT"

TARGET=$(rustc -vV | sed -n 's/^host: //p')
# The clang of rustc's LLVM version instruments the C programs and ring, so that all use the same runtime.
LLVM=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
install_packages "clang-$LLVM" "libclang-rt-$LLVM-dev"

# test_under SANITIZER [cargo option...]
test_under() {
    local sanitizer=$1
    shift
    # No documentation tests: rustdoc cannot build them with these flags, and there are none.
    # Skips tests that limit or measure memory, because sanitizers use memory of their own.
    # A separate target directory: the flags would invalidate the results of other builds.
    local cargo=(env RUSTC_BOOTSTRAP=1 "RUSTFLAGS=-Zsanitizer=$sanitizer" "CARGO_TARGET_DIR=$ROOT/target/sanitizers"
        "CC=clang-$LLVM" "CXX=clang++-$LLVM" "CFLAGS=-fsanitize=$sanitizer" "CXXFLAGS=-fsanitize=$sanitizer" cargo)
    # Builds only one example, the client, which a test runs.
    if ((${#only[@]} == 0)); then
        "${cargo[@]}" build --locked --example client --target "$TARGET" "$@"
    fi
    "${cargo[@]}" test --locked "${tests[@]}" --no-fail-fast --target "$TARGET" "$@" -- "${only[@]}" \
        --skip tasks_without_threads_fail_with_out_of_resources --skip a_large_download_without_memory \
        --skip aborted_tasks_leave_the_queue --skip hundred_parts --skip free_memory_below
}

tests=(--workspace --lib --bins --tests)
only=()
if [[ ${1:-} == --stress ]]; then
    tests=(--package wxtransfer --test ffi)
    only=(--exact programs::stress --nocapture)
    export WXT_STRESS_PATIENCE=4
    shift
fi
(($# > 0)) || set -- address thread
for sanitizer in "$@"; do
    case $sanitizer in
    address) test_under address ;;
    thread)
        # ThreadSanitizer cannot see the locks of an uninstrumented standard library. Everything that they protect would look like a race.
        install_rust_sources
        export TSAN_OPTIONS="suppressions=$ROOT/ffi-tests/thread-sanitizer.supp"
        test_under thread -Zbuild-std
        ;;
    *) fail "unknown sanitizer: $sanitizer" ;;
    esac
done
