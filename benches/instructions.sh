#!/bin/bash
# Counts with callgrind the instructions of three small fixed workloads, which other processes do not disturb, measures the
# stripped shared library, and compares both with recorded.txt. Fails if a number has grown by more than 5 %.
#
# Counts differ by 0.2 % between runs on one machine. If they grew without a change that explains it, compare the
# processors and compilers: ring and the compression code choose their code paths by processor features.
#
#   benches/instructions.sh            compares
#   benches/instructions.sh --record   rewrites recorded.txt, after a change that justifies its cost
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"
# The counts were recorded with `rep movsb`, of which callgrind counts every byte as an instruction.
export GLIBC_TUNABLES=$user_tunables

missing=()
need "a C compiler" gcc command -v cc
need "cargo" rustup command -v cargo
need "OpenSSL's headers" libssl-dev has_header openssl/ssl.h
need "openssl" openssl command -v openssl
need "setpriv" util-linux command -v setpriv
need "valgrind" valgrind command -v valgrind
need "strip" binutils command -v strip
need "a tmpfs at /dev/shm" "mount -t tmpfs" test -d /dev/shm
stop_where_something_is_missing

recorded=$root/benches/recorded.txt
make_work_directory
build_programs
library=$("$root/release/library.sh" cdylib)
make_certificates
random_file "$work/files/16MiB" $((16 << 20))
start_bench_server

instructions() { # instructions NAME ARGUMENT…: the median of three, because the order of threads differs between runs
  local name=$1 count counts=()
  shift
  for _ in 1 2 3; do
    rm -rf "$work/data" && mkdir "$work/data"
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$build/bench_wxt" "$@" --ca "$work/ca.pem" \
      --directory "$work/data" >"$work/valgrind.out" 2>&1 || { cat "$work/valgrind.out" >&2; exit 1; }
    count=$(sed -n 's/.*Collected *: *//p' "$work/valgrind.out")
    [ -n "$count" ] || { echo "$name: callgrind printed no count" >&2; exit 1; }
    counts+=("$count")
  done
  echo "$name $(printf '%s\n' "${counts[@]}" | sort -n | sed -n 2p)"
}

{
  instructions small-downloads download --url "$SINK_TLS/bytes/4096" --count 500
  instructions large-download download --url "$SINK_TLS/bytes/$((16 << 20))"
  instructions large-upload upload --url "$SINK_TLS/sink" --file "$work/files/16MiB"
  strip -o "$work/stripped.so" "$library"
  echo "shared-library-bytes $(stat -c %s "$work/stripped.so")"
} >"$work/measured.txt"

if [ "${1:-}" = --record ]; then
  cp "$work/measured.txt" "$recorded"
  cat "$recorded"
  exit
fi
awk 'NR == FNR { recorded[$1] = $2; next }
  {
    if (!($1 in recorded)) { printf "%-22s %14d  not recorded\n", $1, $2; grown = 1; next }
    ratio = $2 / recorded[$1]
    printf "%-22s %14d  %.3f of the recorded %d  %s\n", $1, $2, ratio, recorded[$1], (ratio > 1.05 ? "GROWN" : "ok")
    if (ratio > 1.05) grown = 1
  }
  END { exit grown }' "$recorded" "$work/measured.txt"
