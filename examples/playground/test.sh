#!/bin/sh
# Clicks through the playground's page in Chromium, and checks the requests that its servers received. Needs Node 18 or newer
# and Chromium (Debian: nodejs, chromium). CHROMIUM is the browser's command; default: chromium.
#
# usage: test.sh [option of node...]
#        test.sh --screenshot    makes docs/playground.png
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}

for tool in node "${CHROMIUM:-chromium}"; do
    command -v "$tool" >/dev/null || { echo "test.sh: $tool is missing" >&2; exit 1; }
done

(cd "$root" && cargo build --locked --example playground)
PLAYGROUND=$target/debug/examples/playground
export PLAYGROUND

if [ "${1:-}" = --screenshot ]; then
    exec timeout --kill-after=10 120 node "$here/test/screenshot.mjs" "$root/docs/playground.png"
fi
# The time limit turns a test that waits forever into a failure.
exec timeout --kill-after=10 300 node --test "$@" "$here/test/page.test.mjs"
