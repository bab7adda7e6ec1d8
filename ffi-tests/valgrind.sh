#!/bin/sh
# Runs the C programs under valgrind, or only the named one (programs::upload). Fails on leaks and invalid accesses.
#
# usage: valgrind.sh [TEST [option of the test program]...]
set -eu
command -v valgrind >/dev/null || { echo "valgrind is missing" >&2; exit 1; }
cd "$(dirname "$0")/.."
# Skips a test that measures memory, because valgrind uses memory of its own.
# "Possibly lost" blocks are not counted: valgrind reports the thread-local storage of threads that still run at the exit.
export WXT_RUNNER="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect \
  --show-leak-kinds=definite,indirect --error-exitcode=9 --fair-sched=yes \
  --suppressions=$PWD/ffi-tests/valgrind.supp"
# The programs run 20 times slower.
export WXT_STRESS_TASKS="${WXT_STRESS_TASKS:-300}" WXT_STRESS_PATIENCE=10 WXT_SOAK_PATIENCE=10
[ $# -gt 0 ] || set -- programs::
test=$1
shift
exec cargo test --locked --test ffi "$test" -- --test-threads=2 --skip hundred_parts "$@"
