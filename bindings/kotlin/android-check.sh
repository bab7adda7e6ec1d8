#!/usr/bin/env bash
# Checks that the JNI crate, with the part that only Android has, compiles for Android's targets. Needs no NDK; what is
# missing is installed by ffi-tests/toolchain.sh. A release is built with the NDK.
#
# usage: android-check.sh [target...]    default: all of them
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"

(($#)) || set -- aarch64-linux-android armv7-linux-androideabi x86_64-linux-android
cd "$ROOT"
install_packages clang-19 llvm-19
install_rust_sources
for target in "$@"; do
    name=${target//-/_}
    clang=${target/armv7-/armv7a-}21
    env RUSTC_BOOTSTRAP=1 "CC_$name=clang-19" "AR_$name=llvm-ar-19" \
        "CFLAGS_$name=--target=$clang -ffreestanding -nostdlibinc -DRING_CORE_NOSTDLIBINC=1" \
        cargo check --locked -p wxtransfer-jni --target "$target" -Zbuild-std=std,panic_unwind ||
        fail "$target: the JNI crate does not compile"
done
