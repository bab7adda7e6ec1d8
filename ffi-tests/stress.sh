#!/usr/bin/env bash
# Runs a C host that makes random calls from many threads, with sessions that open and close, and servers that misbehave. Checks:
# - Each accepted task has one of success and fail, one complete and one release, in order, and no callback after the close.
# - At the end, the process has no more descriptors, threads and files than before. Its memory has grown by at most 64 KiB and a byte
#   for each task.
# - In a run of 20,000 tasks or more, there were enough of each kind of end, of session and of call.
# The first violation ends the program, which prints the task's history. Every run prints SEED=<number>. The same SEED repeats the same
# calls, except for the order of threads.
#
# usage: stress.sh [--quick | --address-sanitizer | --thread-sanitizer | --valgrind] [TASKS]
#        Default: 1,000,000 tasks, optimised library. --quick: 20,000 tasks in about 30 seconds, library of `cargo test`, for CI.
#        Sanitizers: 100,000 tasks, need Debian. valgrind: 5,000 tasks.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ffi-tests/toolchain.sh
source ffi-tests/toolchain.sh

form=
case "${1-}" in
  -*) form=$1; shift ;;
esac
case $form in
  '') tasks=1000000 ;;
  --quick) tasks=20000 ;;
  --address-sanitizer | --thread-sanitizer) tasks=100000 ;;
  --valgrind) tasks=5000 ;;
  *) sed -n "/^# usage/,/^set -/{s/^# //p;}" "$0" >&2; exit 2 ;;
esac
export WXT_STRESS_TASKS=${1:-$tasks}
case $form in
  '') run_some_tests cargo test --locked --quiet --release --test ffi -- --exact programs::stress --nocapture ;;
  --quick) run_some_tests cargo test --locked --quiet --test ffi -- --exact programs::stress --nocapture ;;
  --address-sanitizer) run_some_tests ffi-tests/sanitizers.sh --stress address ;;
  --thread-sanitizer) run_some_tests ffi-tests/sanitizers.sh --stress thread ;;
  --valgrind) run_some_tests ffi-tests/valgrind.sh programs::stress --nocapture ;;
esac
