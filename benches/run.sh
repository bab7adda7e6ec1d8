#!/bin/bash
# Benchmarks this library against libcurl on this machine.
#
#   benches/run.sh --quick   5 runs of most workloads, one line per goal; exits non-zero if a goal is missed. Takes under
#                            five minutes once it is built
#   benches/run.sh           9 runs of most workloads and larger sizes; also writes docs/performance.md and
#                            docs/performance.svg
#   benches/run.sh --only downloads,abort   some sections of the quick run (benches/measure.py lists them)
#
# It installs nothing; it reports missing tools.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"

missing=()
need "a C compiler" gcc command -v cc
need "cargo" rustup command -v cargo
need "libcurl's headers" libcurl4-openssl-dev has_header curl/curl.h
need "OpenSSL's headers" libssl-dev has_header openssl/ssl.h
need "openssl" openssl command -v openssl
need "nginx" nginx-light command -v nginx
need "perf, with the right to count system calls" linux-perf perf stat -e raw_syscalls:sys_enter true
need "python3" python3 command -v python3
need "taskset" util-linux command -v taskset
need "setpriv" util-linux command -v setpriv
need "a tmpfs at /dev/shm" "mount -t tmpfs" test -d /dev/shm
stop_where_something_is_missing

make_work_directory
build_programs
build_in_rust rustls
# Only a full run measures the cipher alone.
[ $# -gt 0 ] || build_in_rust aead
make_certificates
random_file "$work/files/200MiB" $((200 << 20))
random_file "$work/files/256KiB" $((256 << 10))
random_file "$work/files/4KiB" 4096
start_bench_server
start_fault_server
start_nginx
export BENCH_ROOT=$root BENCH_BUILD=$build BENCH_WORK=$work BENCH_CLIENT_CORE=$((cpu_count >= 2 ? CLIENT_CORE : 0))
export SINK_PLAIN SINK_TLS FAULT_PLAIN FAULT_TLS NGINX_PLAIN NGINX_TLS
python3 "$root/benches/measure.py" "$@"
