#!/usr/bin/env bash
# Kills a program at random moments while it downloads and saves, over 1,000 saves. Checks after every kill that each file is
# complete or absent, the quota is exact to the byte, and no temporary file is left. Fails at the first violation.
# Then kills a program that downloads with `WXT_RESUME_ACROSS_LAUNCHES`, 1,000 times, while the server changes the file and
# cuts connections. Checks that each file is complete and of one version.
# --quick: 200 saves and 40 kills, for CI. SEED=<number>, which every run prints, repeats the same random moments.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
  '') arguments=() ;;
  --quick) arguments=(--quick) ;;
  *) echo "usage: $0 [--quick]" >&2; exit 2 ;;
esac
cargo test --locked --quiet --test crash_safety -- "${arguments[@]}"
cargo test --locked --quiet --test crash_resume -- "${arguments[@]}"
