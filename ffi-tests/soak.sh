#!/usr/bin/env bash
# Runs many transfers of all kinds through one session, with faults and aborts: small and large, plain and over TLS. Compares every byte
# that arrives, and checks the process's memory after a minute of idleness, its threads and its descriptors. Writes the curves of these
# to docs/soak.svg.
#
# usage: soak.sh [TRANSFERS]      default: 100,000, which transfer 53 GiB; a multiple of 100
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -le 1 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
export WXT_SOAK_TRANSFERS=${1:-100000} WXT_SOAK_IDLE=60
# The bytes go through memory rather than through a disk, where the system has such a directory.
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
cargo test --locked --quiet --release --test ffi -- --exact programs::soak --nocapture | tee "$lines"
ffi-tests/soak_plot.py docs/soak.svg <"$lines"
