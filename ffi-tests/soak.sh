#!/usr/bin/env bash
# Runs many transfers of all kinds through one session, with faults and aborts: small and large, plain and over TLS. Compares every byte
# that arrives. Checks the process's threads and descriptors, and its memory after a minute without transfers. Draws the three as curves
# in docs/soak.svg.
#
# usage: soak.sh [TRANSFERS]      a multiple of 100. Default: 100,000, which transfer 53 GiB
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -le 1 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
export WXT_SOAK_TRANSFERS=${1:-100000} WXT_SOAK_IDLE=60
# If the system has a directory in memory, the files are there rather than on a disk.
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
cargo test --locked --quiet --release --test ffi -- --exact programs::soak --nocapture | tee "$lines"
ffi-tests/soak_plot.py docs/soak.svg <"$lines"
