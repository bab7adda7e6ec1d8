#!/usr/bin/env bash
# Uploads 4 GiB as a hundred files of one upload and prints the growth of peak memory. Fails if it is more than 4 MiB.
# The files are sparse and take no disk space.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ffi-tests/toolchain.sh
source ffi-tests/toolchain.sh

export WXT_PART_SIZE=$(((4 << 30) / 100 + 1))
run_some_tests cargo test --locked --release --test ffi -- --exact programs::hundred_parts --nocapture
