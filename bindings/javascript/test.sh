#!/bin/sh
# Tests the page's side, wx.js, in Node with the real library, and compares it with Tencent's types of the API, which npm
# installs. Needs Node 18 or newer and npm. Usage: test.sh [option of node...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/javascript

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "test.sh: $tool is missing" >&2; exit 1; }
done

(cd "$root" && cargo build --locked --example playground && cargo build --locked -p wxtransfer-test-server)
# shellcheck source=bindings/javascript/tests/install.sh
. "$here/tests/install.sh"
install_packages "$out"

# The time limit turns a test that waits forever into a failure.
WXTRANSFER_PLAYGROUND=$target/debug/examples/playground WXTRANSFER_TEST_SERVER=$target/debug/wxtransfer-test-server \
    WXTRANSFER_TYPINGS=$out/node_modules/miniprogram-api-typings \
    exec timeout --kill-after=10 600 node --test "$@" "$here"/tests/*.test.js
