#!/usr/bin/env bash
# Three tests that files survive crashes and power cuts. Each fails at the first loss.
# 1. Kills programs that download and save, three with the same files, at random moments, 1,000 times, and each kind of change of the
#    saved files at least once before it is complete. Afterwards each file is complete or absent, the quota is exact to the
#    byte, and nothing is left over.
# 2. Kills a program that downloads with `WXT_RESUME_ACROSS_LAUNCHES`, 1,000 times, while the server changes the files and cuts
#    connections. Each file is complete and of one version, and the next process requests exactly the bytes that were not durable.
#    Every partial file that is long enough to be flushed has a journal.
# 3. Cuts the power after nearly every system call of 20 random programs, which save and change files and resume downloads, and of one
#    with a large download, in a model of a disk (tests/power_cut/disk.rs), half of them with a shared directory. Then it opens possible
#    contents of the disk: acknowledged changes are there, no file is torn, the quota is exact to the byte, and a download that broke off is finished correctly and has lost no byte that was reported as
#    kept. One acknowledged change may be undone: a file that wxt_remove_saved_file removed may come back, complete, until the store's
#    directory is flushed by the next file saved there. Linux only.
# --quick: 100, 40 and two programs, for CI. SEED=<number>, which every run prints, repeats the same moments.
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
