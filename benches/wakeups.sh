#!/bin/bash
# Measures how often a transfer over a slow link wakes the processor, and by which system calls: 4 MiB down, with a length
# and chunked, and 1 MiB up over the slowest link of links.sh, with and without a progress callback, for this library and
# libcurl. Takes six minutes.
#
#   benches/wakeups.sh
#
# Prints tables, and exits non-zero if a goal is missed. Needs root. It installs nothing; it reports missing tools.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"
# shellcheck source=benches/link_setup.sh
. "$(dirname "$0")/link_setup.sh"

missing=()
need_for_a_link
need "strace" strace command -v strace
stop_where_something_is_missing
enter_namespace "$@"
start_servers_behind_link
run_measurement wakeups.py "$@"
