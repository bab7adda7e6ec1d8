#!/usr/bin/env bash
# Runs every fuzz target for a limited time: fuzz/run.sh [seconds each, 60 by default] [target …]
# New inputs are kept in fuzz/found and failures in fuzz/artifacts; `cargo fuzz run <target> <file>` repeats a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
# The sanitizer needs unstable options; this variable enables them in stable Rust.
export RUSTC_BOOTSTRAP=1

if ! cargo fuzz --version >/dev/null 2>&1; then
  cargo install --locked cargo-fuzz
fi
if [ $# -eq 0 ]; then
  mapfile -t targets < <(cargo fuzz list)
  set -- "${targets[@]}"
fi
for target in "$@"; do
  echo "== $target"
  mkdir -p "fuzz/found/$target"
  cargo fuzz run "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
