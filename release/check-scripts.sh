#!/bin/sh
# Checks the repository's shell scripts with shellcheck, and those for sh also with dash. Scripts that run on a Mac must not use
# constructs that are newer than its bash 3.2. Needs shellcheck and dash.
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
shellcheck $(git ls-files --cached --others --exclude-standard '*.sh') || fail "shellcheck has found something"

for script in $(git ls-files --cached --others --exclude-standard '*.sh'); do
    case $(head -n 1 "$script") in
    '#!/bin/sh') dash -n "$script" || fail "$script asks for sh, and dash cannot read it" ;;
    esac
done

# newer NAME PATTERN: fails if a line of a Mac's scripts, except comments, matches the extended regular expression.
newer() {
    # shellcheck disable=SC2046 # no name has a space
    if grep -nE "$2" $(git ls-files --cached --others --exclude-standard 'release/*.sh' 'bindings/*.sh') /dev/null |
        grep -vE '^[^:]*:[0-9]+:[[:space:]]*(#|newer )'; then
        fail "not for bash 3.2: $1"
    fi
}

# From the file CHANGES of bash, 4.0 to 5.2.
newer 'case modification' '\$\{[A-Za-z_][A-Za-z0-9_]*(\[[^]]*\])?(\^|,)'
newer 'transformation of parameters' '\$\{[^}]*@[A-Za-z]\}'
newer 'associative array, name reference or global declaration' '(declare|local|typeset|readonly) -[A-Za-z]*[Agnlu]'
newer 'mapfile, readarray or coproc' '(^|[^A-Za-z_])(mapfile|readarray|coproc)([^A-Za-z_]|$)'
newer '&>> or |&' '&>>|\|&'
newer ';& or ;;&' ';&'
newer 'wait -n' 'wait -[A-Za-z]*[nfp]'
newer 'test -v or -R' '\[\[? (! )?-[vR] '
newer 'negative index' '\$\{[A-Za-z_][A-Za-z0-9_]*\[ *-[0-9]'
newer 'negative length' '\$\{[A-Za-z_][A-Za-z0-9_]*(\[[@*]\])?:[^}:]*: *-[0-9]'
newer 'time of printf' '%\([^)]*\)T'
newer 'read -N or -i' '(^|[^A-Za-z_])read -[A-Za-z]*[Ni]'
newer 'descriptor in a variable' '\{[A-Za-z_]+\}[<>]'
newer 'step of a range' '\{[^{}. ]+\.\.[^{}. ]+\.\.'
newer 'BASHPID, EPOCHSECONDS, EPOCHREALTIME or SRANDOM' 'BASHPID|EPOCHSECONDS|EPOCHREALTIME|SRANDOM'
newer 'globstar, lastpipe or inherit_errexit' 'globstar|lastpipe|inherit_errexit'
# Not new, but before bash 4.4 its expansion is an error with `set -u`.
newer 'empty array' '[A-Za-z_]=\( *\)'

if [ "$status" = 0 ]; then echo "check-scripts.sh: all passed"; fi
exit "$status"
