#!/usr/bin/env bash
# Compares the C interface with that of every release, for 64 and 32 bits: functions with their parameters, structs with the size and
# offset of each field. ffi-tests/releases/<version> contains a release's header, abidw's descriptions of it, and a host.
# `cargo test` runs that host with the current library (programs.rs). Nothing is released yet.
#
# The script also records the current state as if it were a release, and runs that host. It then changes copies of the header, and
# checks that changes that break a host are refused, and that all others are allowed.
#
# Also compares ffi-tests/numbers.txt with that of every release and, in a git repository, of every earlier commit: lines may only have
# been added. numbers.rs compares it with the header.
#
# usage: abi.sh            compares
#        abi.sh --record   adds the release of the version in Cargo.toml
# Needs Debian, which has abigail-tools and a compiler for 32 bit.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"

RELEASES=$ROOT/ffi-tests/releases
NUMBERS=$ROOT/ffi-tests/numbers.txt
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
install_packages abigail-tools gcc-arm-linux-gnueabihf libc6-dev-armhf-cross

compiler() { if [[ $1 == 64 ]]; then echo cc; else echo arm-linux-gnueabihf-gcc; fi; }

# describe HEADER-DIRECTORY BITS OUTPUT: describes the interface. layout.rs and symbols.rs compare the header with the library.
describe() {
    local stub=$WORK/stub-$2
    {
        echo '#include "wxtransfer.h"'
        awk '/^(WxtStatus|const char \*)/,/\);$/' "$1/wxtransfer.h" | sed 's/);$/) { __builtin_trap(); }/'
    } >"$stub.c"
    "$(compiler "$2")" -g -shared -fPIC -I"$1" "$stub.c" -o "$stub.so"
    abidw --no-comp-dir-path --no-corpus-path "$stub.so" >"$3"
}

# only_grows: succeeds if a report of abidiff, on standard input, contains only new fields at or behind the old end of structs that
# may grow. Structs whose first field is struct_size may grow, except the ones that docs/compatibility.md excludes. Every line that
# is not known to be harmless counts as a break.
only_grows() {
    awk -v "growing=$(awk '/^typedef struct \{/ { grows = 0 } /^  size_t struct_size;/ { grows = 1 }
            /^\} Wxt/ && grows && !/WxtFileInfo|WxtFileStats|WxtStatusDetail/ { gsub(/[};]/, ""); printf "%s ", $1 }' "$ROOT/include/wxtransfer.h")" '
        BEGIN { split(growing, names, " "); for (i in names) may_grow[names[i]] = 1 }
        function refuse() { refused = 1; print "breaks a host: " $0 }
        /^$|changes summary: 0 Removed|indirect sub-type change|reported earlier|data member (insertion|change)s?:$/ { next }
        /underlying type .struct Wxt/ { match($0, /struct Wxt[A-Za-z]*/); name = substr($0, RSTART + 7, RLENGTH - 7); end = -1; next }
        /type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { if (!(name in may_grow) || end != -1) refuse(); end = $5; next }
        /type size hasn.t changed$/ { next }
        /, at offset [0-9]+ \(in bits\)/ { match($0, /at offset [0-9]+/); at = substr($0, RSTART + 10, RLENGTH - 10)
            if (end == -1 || at + 0 < end + 0) refuse(); next }
        /(parameter [0-9]+ of type|in pointed to type|in unqualified underlying type|type of) .*:$/ { next }
        { refuse() }
        END { exit refused }'
}

# compatible HEADER-DIRECTORY RELEASE: succeeds if hosts of the release can use the header's library. New functions and fields are allowed.
compatible() {
    local bits status
    for bits in 64 32; do
        describe "$1" "$bits" "$WORK/now-$bits.abi"
        status=0
        abidiff --no-added-syms "$2/interface-$bits.abi" "$WORK/now-$bits.abi" >"$WORK/difference" || status=$?
        # The other bits of the status report a difference, also a harmless one.
        (((status & 3) == 0)) || fail "abidiff failed with $status"
        only_grows <"$WORK/difference" >"$WORK/breaks" || return 1
    done
}

# keeps_numbers OLD NEW: succeeds if the new list has each number of the old one. Comments may change.
keeps_numbers() {
    [[ -s $1 && -s $2 ]] || return 1
    ! grep -v '^#' "$1" | grep -vxFf "$2" >/dev/null
}

# record DIRECTORY: the current header, its descriptions, its numbers and a host.
record() {
    local bits symbol
    mkdir -p "$1/programs"
    cp "$ROOT/include/wxtransfer.h" "$NUMBERS" "$1/"
    for bits in 64 32; do
        describe "$1" "$bits" "$1/interface-$bits.abi"
        while read -r symbol; do
            # A library for Android has one function more than the others.
            [[ $symbol == '#'* || $symbol == wxt_android_init ]] || grep -q "name='$symbol'" "$1/interface-$bits.abi" ||
                fail "the description for $bits bit lacks $symbol"
        done <"$ROOT/ffi-tests/exported-symbols.txt"
    done
    cp -r "$ROOT/ffi-tests/stress" "$ROOT/ffi-tests/support.h" "$ROOT/ffi-tests/key_elsewhere.h" "$1/"
    cp "$ROOT/ffi-tests/programs/stress.c" "$1/programs/"
}

if [[ ${1:-} == --record ]]; then
    release=$RELEASES/$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml" | head -1)
    [[ ! -e $release ]] || fail "$release exists already: a release does not change"
    record "$release"
    echo "recorded $release"
    exit
fi
[[ $# == 0 ]] || { sed -n '/^# usage/,/^#        abi/s/^# //p' "$0" >&2; exit 2; }

# Changes of a copy, each with the expected result. The current header is the release that they are compared with.
record "$WORK/releases/current"
# change EXPECTED WHAT SED-PROGRAM: checks one change
change() {
    local result=refused
    mkdir -p "$WORK/changed"
    sed -E "$3" "$ROOT/include/wxtransfer.h" >"$WORK/changed/wxtransfer.h"
    ! cmp -s "$ROOT/include/wxtransfer.h" "$WORK/changed/wxtransfer.h" || fail "no change: $2"
    if compatible "$WORK/changed" "$WORK/releases/current"; then result=allowed; fi
    [[ $result == "$1" ]] || { cat "$WORK/difference" "$WORK/breaks" >&2; fail "$2 is $result"; }
    echo "ok $1: $2"
}
compatible "$ROOT/include" "$WORK/releases/current" || { cat "$WORK/difference" "$WORK/breaks" >&2; fail "the header differs from itself"; }
change allowed 'a field behind the last one of the options' 's/^\} WxtSessionOptions;/  uint64_t added_later;\n&/'
change allowed 'a new function' 's/^const char \*wxt_version\(void\);/&\nWxtStatus wxt_added_later(void);/'
change refused 'a field before the others' 's/^  WxtStr app_id;/  uint64_t came_first;\n&/'
change refused 'a field in the padding at the end' 's/^\} WxtDownloadRequest;/  uint8_t added_later;\n&/'
change refused 'a field of another size' 's/^  uint32_t max_retries;/  uint64_t max_retries;/'
change refused 'a field that is gone' '/^  WxtStr proxy;/d'
change refused 'a function that is gone' '/^WxtStatus wxt_session_close\(/d'
change refused 'a parameter of another type' 's/^WxtStatus wxt_task_abort\(WxtSession \*session,/WxtStatus wxt_task_abort(uint32_t session,/'
change refused 'a struct without struct_size that grows' 's/^\} WxtUploadPart;/  uint64_t added_later;\n&/'
change refused 'the detail of a status that grows' 's/^\} WxtStatusDetail;/  uint64_t added_later;\n&/'

# change_numbers EXPECTED WHAT SED-PROGRAM: checks one change of the list of numbers
change_numbers() {
    local result=refused
    sed -E "$3" "$NUMBERS" >"$WORK/numbers.txt"
    ! cmp -s "$NUMBERS" "$WORK/numbers.txt" || fail "no change: $2"
    if keeps_numbers "$NUMBERS" "$WORK/numbers.txt"; then result=allowed; fi
    [[ $result == "$1" ]] || fail "$2 is $result"
    echo "ok $1: $2"
}
# shellcheck disable=SC2016 # $ is the last line
change_numbers allowed 'a number behind the last one' '$a WXT_ADDED_LATER 1'
change_numbers refused 'a number of another value' 's/^(WXT_ERRNO_TIMEOUT) .*/\1 6/'
change_numbers refused 'a number of another name' 's/^WXT_ERRNO_TIMEOUT /WXT_ERRNO_LATE /'
change_numbers refused 'a number that is gone' '/^WXT_ERRNO_TIMEOUT /d'

if git -C "$ROOT" rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    [[ $(git -C "$ROOT" rev-parse --is-shallow-repository) == false ]] || fail "earlier commits are missing: git fetch --unshallow"
    commits=$(git -C "$ROOT" rev-list HEAD -- ffi-tests/numbers.txt)
    for commit in $commits; do
        # A commit may have removed the list.
        git -C "$ROOT" show "$commit:./ffi-tests/numbers.txt" >"$WORK/numbers.txt" 2>/dev/null || continue
        keeps_numbers "$WORK/numbers.txt" "$NUMBERS" || fail "numbers.txt has another number than in $commit"
    done
    echo "ok numbers of $(wc -w <<<"$commits") earlier commits"
fi

# The recorded host runs with the current library, as that of a release would.
cd "$ROOT"
WXT_RELEASES=$WORK/releases WXT_STRESS_TASKS=${WXT_STRESS_TASKS:-500} \
    run_some_tests cargo test --locked --quiet --test ffi -- --exact programs::hosts_of_earlier_releases

for release in "$RELEASES"/*/; do
    [[ -e $release ]] || { echo 'nothing is released yet'; break; }
    compatible "$ROOT/include" "$release" || { cat "$WORK/difference" "$WORK/breaks" >&2; fail "$release: hosts break"; }
    keeps_numbers "$release/numbers.txt" "$NUMBERS" || fail "$release: numbers.txt has another number"
    echo "ok $release"
done
