#!/usr/bin/env bash
# Runs every test of the default features, including the C programs, as ARM code under an emulator: 64-bit, as on today's
# phones, and 32-bit, where `usize` and `off_t` are shorter. Needs Debian. crash-safety.sh is not run, because the order of
# system calls that it tests does not depend on the processor.
#
# usage: qemu.sh [--quick [--build]] [aarch64|armv7]...
#
# Default: both. --quick emulates only the C programs, with this machine's servers, and the tests of the structs' layout. Its default
# is armv7: there the C programs use everything that 32-bit sizes can break (calling conventions, sizes, files, sockets, TLS).
# --build only builds the emulated programs, for a later run without --build.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"
cd "$ROOT"

HOST=$(rustc -vV | sed -n 's/^host: //p')
# Cargo locks the whole directory during a build, and builds for this machine run at the same time.
ARM_BUILDS=$ROOT/target/arm

# test_on RUST-TARGET GNU-TRIPLE EMULATOR
test_on() {
    local target=$1 triple=$2 emulator="$3 -L /usr/$2" name=${1//-/_}
    install_packages "gcc-$triple" "g++-$triple" qemu-user
    # CC, CXX and so on are for the C programs and ring. Build scripts run on this machine and have their own variables.
    # Optimised, because otherwise emulated tests with large bodies exceed their time limits.
    # Compiling takes longer than running, so the debug information is reduced to the lines of a backtrace.
    # Skips tests that limit or measure memory, because the emulator uses memory of its own.
    # Builds only one example, the client, which a test runs. There are no documentation tests.
    local cargo=(env "CARGO_TARGET_DIR=$ARM_BUILDS" RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=line-tables-only
        "CC=$triple-gcc" "CXX=$triple-g++" "AR=$triple-ar" "NM=$triple-nm"
        "CC_${HOST//-/_}=cc"
        "CARGO_TARGET_${name^^}_LINKER=$triple-gcc" "CARGO_TARGET_${name^^}_RUNNER=$emulator" "WXT_RUNNER=$emulator" cargo)
    local options=(--locked --target "$target" "-Zbuild-std=std,panic_unwind")
    local skipped=(--skip tasks_without_threads_fail_with_out_of_resources --skip a_large_download_without_memory
        --skip hundred_parts)
    if [[ -n $quick ]]; then
        "${cargo[@]}" build "${options[@]}" --package wxtransfer --package wxtransfer-layout
        [[ -z $build_only ]] || return 0
        local runner="'env', 'CC=$triple-gcc', 'WXT_RUNNER=$emulator', 'WXT_LIBRARIES=$ARM_BUILDS/$target/debug'"
        # The soak program is skipped: it repeats the work of the other programs for minutes.
        run_some_tests cargo test --locked --test ffi --config "target.$HOST.runner = [$runner]" -- programs:: "${skipped[@]}" --skip programs::soak
        # The sizes and offsets of structs in Rust and C.
        $emulator "$ARM_BUILDS/$target/debug/wxtransfer-layout" >"$ARM_BUILDS/layout.c"
        "$triple-gcc" -std=c99 -Wall -Wextra -Werror -I include -fsyntax-only "$ARM_BUILDS/layout.c"
        echo "C and Rust agree on every struct for $target"
        return
    fi
    "${cargo[@]}" build "${options[@]}" --example client
    "${cargo[@]}" test "${options[@]}" --package wxtransfer --package wxtransfer-test-server --lib --bins --tests --no-fail-fast -- \
        "${skipped[@]}"
}

# Emulated code is slow.
export WXT_STRESS_TASKS=${WXT_STRESS_TASKS:-500} WXT_STRESS_PATIENCE=4 WXT_SOAK_PATIENCE=4
architectures=(aarch64 armv7)
quick=
build_only=
if [[ ${1:-} == --quick ]]; then
    quick=1
    architectures=(armv7)
    shift
    if [[ ${1:-} == --build ]]; then
        build_only=1
        shift
    fi
fi
install_rust_sources
(($# > 0)) || set -- "${architectures[@]}"
for architecture in "$@"; do
    case $architecture in
    aarch64) test_on aarch64-unknown-linux-gnu aarch64-linux-gnu qemu-aarch64 ;;
    armv7) test_on armv7-unknown-linux-gnueabihf arm-linux-gnueabihf qemu-arm ;;
    *) fail "unknown architecture: $architecture" ;;
    esac
done
