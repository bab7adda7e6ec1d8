#!/usr/bin/env bash
# Sends 4 GiB in a hundred files of one upload, and says how much the most memory in use grew; more than 4 MiB is a failure.
# The files are holes and take no room on the disk.
set -euo pipefail
cd "$(dirname "$0")/.."

WXT_PART_SIZE=$(((4 << 30) / 100 + 1)) \
    cargo test --locked --release --test ffi -- --exact programs::hundred_parts --nocapture
