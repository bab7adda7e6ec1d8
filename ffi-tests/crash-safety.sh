#!/usr/bin/env bash
# Kills a program that downloads and saves at random moments, 1,000 saves long, and checks after every kill that each
# file is whole or absent, the quota right to the byte, and nothing left over. Ends in failure at the first loss.
# Then kills a program that downloads with `WXT_RESUME_ACROSS_LAUNCHES`, 1,000 times, while the server changes the file and cuts
# connections: each file is one version, whole.
# --quick: 200 saves and 40 kills, for CI. SEED=<number>, which every run prints, chooses the same moments again.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
  '') arguments=() ;;
  --quick) arguments=(--quick) ;;
  *) echo "usage: $0 [--quick]" >&2; exit 2 ;;
esac
cargo test --locked --quiet --test crash_safety -- "${arguments[@]}"
cargo test --locked --quiet --test crash_resume -- "${arguments[@]}"
