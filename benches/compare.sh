#!/bin/bash
# Compares two builds of this library: this checkout's and another checkout's.
#
#   benches/compare.sh OTHER_CHECKOUT            10 rounds
#   benches/compare.sh OTHER_CHECKOUT ROUNDS [WORKLOAD…]
#
# Both run the workloads of the quick benchmark, alternating. Each output line is one number: the other checkout's value,
# this one's, and their ratio. Exits non-zero if a CPU time or a first byte takes over 3 % more than in the other checkout.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"

[ $# -ge 1 ] || { echo "usage: benches/compare.sh OTHER_CHECKOUT [ROUNDS [WORKLOAD…]]" >&2; exit 2; }
other=$(cd "$1" && pwd)
missing=()
need "a C compiler" gcc command -v cc
need "cargo" rustup command -v cargo
need "OpenSSL's headers" libssl-dev has_header openssl/ssl.h
need "openssl" openssl command -v openssl
need "nginx" nginx-light command -v nginx
need "python3" python3 command -v python3
need "taskset" util-linux command -v taskset
need "a tmpfs at /dev/shm" "mount -t tmpfs" test -d /dev/shm
stop_where_something_is_missing

make_work_directory
build_programs
# The other checkout's own scripts build it, into a separate target directory.
# shellcheck disable=SC2016 # the inner shell expands it
env -u CARGO_TARGET_DIR bash -euc '. "$1/benches/servers.sh"; build_programs' - "$other"
make_certificates
random_file "$work/files/200MiB" $((200 << 20))
random_file "$work/files/256KiB" $((256 << 10))
random_file "$work/files/4KiB" 4096
start_bench_server
start_nginx
export BENCH_ROOT=$root BENCH_BUILD=$build BENCH_WORK=$work BENCH_CLIENT_CORE=$((cpu_count >= 2 ? CLIENT_CORE : 0))
export SINK_PLAIN SINK_TLS NGINX_PLAIN NGINX_TLS
python3 "$root/benches/compare.py" "$other/target/benches" "${@:2}"
