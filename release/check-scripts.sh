#!/bin/sh
# Checks the repository's shell scripts with shellcheck, and those for sh also with dash. The scripts of release and bindings run on
# a Mac, whose only bash is version 3.2. So they must be for sh, and Debian's, which is dash, runs them in the tests. Needs shellcheck
# and dash.
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

# A script for sh has it in its first line, or is sourced and says so to shellcheck.
for script in $(git ls-files --cached --others --exclude-standard '*.sh'); do
    if grep -Eqx '#!/bin/sh|# shellcheck shell=sh' "$script"; then
        dash -n "$script" || fail "$script asks for sh, and dash cannot read it"
    else
        case $script in
        # For Debian alone.
        bindings/kotlin/android-test.sh) ;;
        release/* | bindings/*) fail "$script runs on a Mac, so it must be for sh" ;;
        esac
    fi
done

if [ "$status" = 0 ]; then echo "check-scripts.sh: all passed"; fi
exit "$status"
