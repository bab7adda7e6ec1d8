#!/bin/bash
# The benchmark over links like those of phones: this library against libcurl, wall and CPU time, on one machine.
#
#   benches/links.sh               three runs of each on every link, about 25 minutes; writes the block of
#                                  docs/performance.md that is its own, and docs/links.svg
#   benches/links.sh --quick       one run of each on two links; nothing is written
#   benches/links.sh --only 3G     three runs of each on one link (benches/link.py lists them); nothing is written
#
# Prints the ratios, and fails while a goal is missed. Needs root. It installs nothing, and says what is missing.
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
run_measurement links.py "$@"
