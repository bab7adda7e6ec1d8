#!/bin/bash
# Benchmarks this library against libcurl over emulated phone links on one machine: wall and CPU time.
#
#   benches/links.sh               three runs of each on every link, about half an hour; writes its block of
#                                  docs/performance.md, and docs/links.svg
#   benches/links.sh --quick       one run of each on two links; writes nothing
#   benches/links.sh --only 3G     three runs of each on one link (benches/link.py lists them); writes nothing
#
# Prints the ratios, and exits non-zero if a goal is missed. Needs root. It installs nothing; it reports missing tools.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"
# shellcheck source=benches/link_setup.sh
. "$(dirname "$0")/link_setup.sh"

missing=()
need_for_a_link
stop_where_something_is_missing
enter_namespace "$@"
start_servers_behind_link
random_file "$work/files/200MiB" $((200 << 20))
run_measurement links.py "$@"
