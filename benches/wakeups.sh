#!/bin/bash
# Measures how often a transfer over a slow link wakes the processor, and by which system calls: 4 MiB down, with a length
# and chunked, and 1 MiB up over the slowest link of links.sh, with and without a progress callback, for this library and
# libcurl; and how often an idle session does. Exits with 1 if the wake-ups per MiB have grown by more than 25 % over
# recorded-wakeups.txt, otherwise with 2 if a goal is missed.
#
#   benches/wakeups.sh                   everything; takes ten minutes
#   benches/wakeups.sh --only "1 MiB up" one of "4 MiB down", "4 MiB chunked down", "1 MiB up", "idle"
#   benches/wakeups.sh --record          also rewrites recorded-wakeups.txt, after a change that justifies its wake-ups
#
# Prints tables. Needs root. It installs nothing; it reports missing tools.
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
