#!/bin/sh
# Checks the repository's shell scripts with shellcheck, and those for sh also with dash. The scripts of release and bindings also run on
# macOS, which has only bash 3.2. So they must be for sh. The tests run them with Debian's sh, which is dash. Needs shellcheck and dash.
#
# usage: check-scripts.sh
set -eu

cd "$(dirname "$0")/.."
status=0

fail() {
    echo "check-scripts.sh: $*" >&2
    status=1
}

for tool in shellcheck dash; do
    command -v "$tool" >/dev/null || { echo "check-scripts.sh: $tool is missing" >&2; exit 1; }
done

# In one call, so that shellcheck reads a script together with the scripts that it sources.
# shellcheck disable=SC2046 # no name has a space
shellcheck .ci/run $(git ls-files --cached --others --exclude-standard '*.sh') || fail "shellcheck has found something"

# A script for sh names sh in its first line. A sourced script names it in a directive for shellcheck.
for script in $(git ls-files --cached --others --exclude-standard '*.sh'); do
    if grep -Eqx '#!/bin/sh|# shellcheck shell=sh' "$script"; then
        dash -n "$script" || fail "$script asks for sh, and dash cannot read it"
    else
        case $script in
        # This script is only for Debian.
        bindings/kotlin/android-test.sh) ;;
        release/* | bindings/*) fail "$script runs on a Mac, so it must be for sh" ;;
        esac
    fi
done

if [ "$status" = 0 ]; then echo "check-scripts.sh: all passed"; fi
exit "$status"
