#!/bin/sh
# Compares the public classes of the Kotlin library with `api/*.api`, which list every class, function and constant that a compiled
# app may refer to. A line that disappears or changes breaks such an app. A new line does not. Needs the output of build.sh.
#
# usage: api.sh              fails if they differ, and prints the differences
#        api.sh --refresh    writes api/*.api, after an intended change
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/target/kotlin

# describe DIRECTORY: prints the classes in it as javap shows them. build.sh has removed everything that is not public. Two things are
# left out: the class of a file that has no public function, and the synthetic constructor by which the compiler calls a private one.
# The synthetic constructor with an `int` before the marker stays: apps call it for a constructor with default arguments.
describe() {
    [ -d "$1" ] || { echo "api.sh: $1 is missing; run build.sh" >&2; exit 1; }
    # shellcheck disable=SC2046 # no name has a space
    (cd "$1" && javap -protected -constants $(find . -name '*.class' | LC_ALL=C sort)) |
        awk '/^Compiled from/ || (/DefaultConstructorMarker\);$/ && !/ int, kotlin/) { next }
            held != "" { if ($0 != "}") print held "\n" $0; held = ""; next }
            / \{$/ { held = $0; next }
            { print }'
}

status=0
for module in wxtransfer wxtransfer-testing; do
    describe "$out/$module-api" >"$out/$module.api"
    if grep -n ' component1()' "$out/$module.api"; then
        echo "api.sh: a public class is a data class, whose constructor and copy change with each field" >&2
        status=1
    fi
    if [ "${1:-}" = --refresh ]; then
        cp "$out/$module.api" "$here/api/$module.api"
    else
        diff -u "$here/api/$module.api" "$out/$module.api" || status=1
    fi
done
if [ "$status" != 0 ]; then
    echo "api.sh: the library's public classes have changed. If this is intended: api.sh --refresh" >&2
fi
exit "$status"
