#!/bin/sh
# Builds the Node-API module and tests it in Node.js, over the real library and the project's test servers. Needs Node.js 18 or
# newer with its headers, npm, which gets TypeScript, CMake, a C compiler and Python 3.
#
# usage: test.sh [--sanitize] [option of node...]    --sanitize builds the module with the address sanitizer
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/harmony
flags=
preload=
if [ "${1:-}" = --sanitize ]; then
    shift
    out=$out-sanitized
    flags='-fsanitize=address -fno-omit-frame-pointer'
    # Node.js does not free all its memory when it ends, so the leak check would report it.
    preload="LD_PRELOAD=$(cc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0"
fi

for tool in node npm cmake cc python3; do
    command -v "$tool" >/dev/null || { echo "test.sh: $tool is missing" >&2; exit 1; }
done
node=$(command -v node)
headers=
for directory in "$(dirname "$(dirname "$(readlink -f "$node")")")/include/node" /usr/include/node; do
    if [ -z "$headers" ] && [ -e "$directory/node_api.h" ]; then headers=$directory; fi
done
[ -n "$headers" ] || { echo "test.sh: node_api.h is missing; Debian has it in libnode-dev" >&2; exit 1; }

(cd "$root" && cargo rustc --locked --lib --crate-type staticlib && cargo build --locked -p wxtransfer-test-server)
cmake -S "$here" -B "$out" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS="-Werror $flags" -DNODE_INCLUDE="$headers" \
    -DWXTRANSFER_LIBRARY="$target/debug/libwxtransfer.a" >/dev/null
cmake --build "$out"
# shellcheck source=bindings/javascript/tests/install.sh
. "$root/bindings/javascript/tests/install.sh"
install_packages "$target/javascript"
# Node.js loads native modules only from files whose names end with .node.
cp "$out/libwxtransfer_napi.so" "$out/wxtransfer_napi.node"

# The time limit turns a test that waits forever into a failure.
# shellcheck disable=SC2086 # assignments, without spaces
env $preload "WXTRANSFER_HARMONY_MODULE=$out/wxtransfer_napi.node" "WXTRANSFER_TEST_SERVER=$target/debug/wxtransfer-test-server" \
    "WXTRANSFER_TYPESCRIPT=$target/javascript/node_modules/typescript" \
    timeout --kill-after=10 600 node --test "$@" "$here"/tests/*.test.js
