#!/bin/sh
# Holds the public classes of the Kotlin library against `api/*.api`: every class, function and constant that a compiled app may
# refer to. A line that disappears or changes breaks such an app; new lines do not. Needs what build.sh has made.
#
# usage: api.sh              fails where they differ, and shows how
#        api.sh --refresh    writes api/*.api, after a change that is meant
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/target/kotlin

# describe DIRECTORY: what javap says of the classes in it, which build.sh has stripped of all that is not public. Two things are left
# out: the class of a file without a public function, and the compiler's way to a private constructor. The one to a constructor with
# defaults, which has an `int` for what is left out, is part of what an app refers to.
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
    echo "api.sh: the library's public classes have changed. Where that is meant: api.sh --refresh" >&2
fi
exit "$status"
