#!/bin/bash
# Measures the accuracy of max_bytes_per_second over 10 s with one, three and ten tasks, down and up, with and without TLS, and
# the duration of an abort under a limit. Takes two and a half minutes.
#
#   benches/rates.sh [RATE]     bytes per second; default: 1,048,576
#
# Prints one line per measurement. Fails if a rate deviates by more than 5 %. It installs nothing; it reports missing tools.
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
library=$("$root/release/library.sh" staticlib)
flags=(-O2 -std=gnu11 -Wall -Wextra "-I$root/include")
cc "${flags[@]}" "$root/benches/bench_rates.c" -o "$build/bench_rates" "$library" -lpthread -ldl -lm
cc "${flags[@]}" "$root/benches/bench_server.c" -o "$build/bench_server" -lssl -lcrypto -lpthread
make_certificates
start_bench_server
# For the aborts, the file must exceed the sockets' buffers.
random_file "$work/file" $((rate * 10 > 50000000 ? rate * 10 : 50000000))
"$build/bench_rates" "$SINK_PLAIN" "$SINK_TLS" "$work/ca.pem" "$work/file" "$work/data" "$rate"
