#!/bin/bash
# How exactly max_bytes_per_second is kept over 10 s by one, three and ten tasks, down and up, with and without TLS, and how long
# an abort takes under it. Two and a half minutes.
#
#   benches/rates.sh [RATE]     bytes per second; 1,048,576 unless it is given
#
# Prints a line each, and fails where a rate is more than 5 % away. It installs nothing, and says what is missing.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"

rate=${1:-1048576}
missing=()
need "a C compiler" gcc command -v cc
need "openssl" openssl command -v openssl
need "OpenSSL with headers" libssl-dev has_header openssl/ssl.h
stop_where_something_is_missing
make_work_directory
mkdir -p "$build"
build_library staticlib
flags=(-O2 -std=gnu11 -Wall -Wextra "-I$root/include")
cc "${flags[@]}" "$root/benches/bench_rates.c" -o "$build/bench_rates" "$cargo_target/release/libwxtransfer.a" -lpthread -ldl -lm
cc "${flags[@]}" "$root/benches/bench_server.c" -o "$build/bench_server" -lssl -lcrypto -lpthread
make_certificates
start_bench_server
# For the aborts it has to be larger than what the sockets hold.
random_file "$work/file" $((rate * 10 > 50000000 ? rate * 10 : 50000000))
"$build/bench_rates" "$SINK_PLAIN" "$SINK_TLS" "$work/ca.pem" "$work/file" "$work/data" "$rate"
