#!/bin/sh
# Runs third-party packages, which npm installs, with wx.js and the real library, and compares the results with
# docs/compatibility-with-packages.md. Needs Node 20 or newer and npm. Usage: test.sh [--write] [option of node...]; --write
# updates the page.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/javascript-packages

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "test.sh: $tool is missing" >&2; exit 1; }
done
if [ "${1:-}" = --write ]; then
    export WXTRANSFER_WRITE_PAGE=1
    shift
fi

(cd "$root" && cargo build --locked --example playground)
mkdir -p "$out"
if ! cmp -s "$here/package-lock.json" "$out/package-lock.json"; then
    cp "$here/package.json" "$out"
    # package.json names the needed peer dependencies. The packages' other peers are build tools, which no page contains.
    (cp "$here/package-lock.json" "$out" && cd "$out" && npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund) ||
        { rm -f "$out/package-lock.json"; exit 1; }
fi

# The time limit turns a test that waits forever into a failure.
WXTRANSFER_PLAYGROUND=$target/debug/examples/playground WXTRANSFER_PACKAGES=$out \
    exec timeout --kill-after=10 300 node --test "$@" "$here"/packages.test.js
