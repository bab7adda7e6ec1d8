#!/usr/bin/env bash
# Three proofs that files survive; each ends in failure at the first loss.
# 1. Kills programs that download and save, three with the same files, at random moments, 1,000 times. Afterwards each file is whole or
#    absent, the quota right to the byte, and nothing left over.
# 2. Kills a program that downloads with `WXT_RESUME_ACROSS_LAUNCHES`, 1,000 times, while the server changes the files and cuts
#    connections. Each file is one version, whole, and the next life asks for all that was not durable and for no byte more.
# 3. Cuts the power behind each system call of programs that save and change files, in a model of a disk (tests/power_cut/disk.rs), and
#    opens what may be on the disk then: what was acknowledged is there, and nothing is torn. Linux only.
# --quick: 100, 40 and one program, for CI. SEED=<number>, which every run prints, chooses the same moments again.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
  '') arguments=() ;;
  --quick) arguments=(--quick) ;;
  *) echo "usage: $0 [--quick]" >&2; exit 2 ;;
esac
cargo test --locked --quiet --test crash_safety -- "${arguments[@]}"
cargo test --locked --quiet --test crash_resume -- "${arguments[@]}"
cargo test --locked --quiet --test power_cut -- "${arguments[@]}"
