#!/usr/bin/env bash
# Runs a host in C that does everything at once and at random, from many threads, with sessions that open and close and servers
# that misbehave. Per accepted task one of success and fail, one complete and one release, in order, none after the close; at the end
# as many descriptors, threads, files and as much memory as before. The first break ends it, and says what happened to the task.
# SEED=<number>, which every run prints, chooses the same again, as far as threads can be repeated.
#
# usage: stress.sh [--quick | --address-sanitizer | --thread-sanitizer | --valgrind] [TASKS]
#        1,000,000 tasks with the optimised library; --quick: what takes 20 seconds with that of `cargo test`, for CI;
#        under a sanitizer 100,000, under valgrind 5,000. The sanitizers need Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

form=
case "${1-}" in
  -*) form=$1; shift ;;
esac
case $form in
  '') tasks=1000000 ;;
  --quick) tasks=20000 ;;
  --address-sanitizer | --thread-sanitizer) tasks=100000 ;;
  --valgrind) tasks=5000 ;;
  *) sed -n '/^# usage/,/^#        under/s/^# //p' "$0" >&2; exit 2 ;;
esac
export WXT_STRESS_TASKS=${1:-$tasks}
case $form in
  '') exec cargo test --locked --quiet --release --test ffi -- --exact programs::stress --nocapture ;;
  --quick) exec cargo test --locked --quiet --test ffi -- --exact programs::stress --nocapture ;;
  --address-sanitizer) exec ffi-tests/sanitizers.sh --stress address ;;
  --thread-sanitizer) exec ffi-tests/sanitizers.sh --stress thread ;;
  --valgrind) exec ffi-tests/valgrind.sh programs::stress --nocapture ;;
esac
