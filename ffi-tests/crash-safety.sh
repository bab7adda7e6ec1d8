#!/usr/bin/env bash
# Three tests that files survive crashes and power cuts. Each test fails at the first loss.
#
# 1. Kills programs at random moments while they download, save and change files. Three programs use the same files. There are at least
#    1,000 saves and 1,000 kills, and at least one kill in the middle of each kind of change. Checks:
#    - Each file is complete or absent.
#    - The quota is exact to the byte.
#    - No other file is left.
#
# 2. Kills a program 1,000 times while it downloads with `WXT_RESUME_ACROSS_LAUNCHES`. Meanwhile the server changes the files and cuts
#    connections. Checks:
#    - Each file is complete and of one version.
#    - The next process requests exactly the bytes that were not durable.
#    - Every partial file that is long enough to be flushed has a journal.
#
# 3. Simulates power cuts in a model of a disk (tests/power_cut/disk.rs), after nearly every system call of 21 programs. 20 programs are
#    random: they save and change files, and resume downloads. One program makes a large download. Every second program shares its
#    directory. Opens possible contents of the disk after each power cut. Linux only. Checks:
#    - Acknowledged changes are there, with one exception: a file that wxt_remove_saved_file removed may come back, complete, until the
#      next saved file flushes the store's directory.
#    - No file is torn.
#    - The quota is exact to the byte.
#    - A download that broke off is finished correctly. None of the bytes that had to be kept is lost.
#
# --quick, for CI: 100 saves and kills, 40 kills, and one random program besides the large download.
# Every run prints SEED=<number>. The same SEED repeats the same random choices.
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
