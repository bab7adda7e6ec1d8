#!/bin/bash
# How often a transfer over a slow link wakes the processor, and by which system calls: 4 MiB down and 1 MiB up over the link
# of links.sh that is slowest, with and without a progress callback, this library and libcurl. Four minutes.
#
#   benches/wakeups.sh
#
# Prints tables, and fails while a goal is missed. Needs root. It installs nothing, and says what is missing.
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
