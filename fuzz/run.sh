#!/usr/bin/env bash
# Runs fuzz targets for a limited time each, as many at once as there are processors, and prints the executions and the coverage
# of each:
#   fuzz/run.sh [seconds each, 60 by default] [target …]           all targets, or the named ones
#   fuzz/run.sh --changed BASE [seconds each, 60 by default]       the targets whose files differ from the commit BASE
#   fuzz/run.sh --changed BASE --build                             only builds these, for a later run
#   fuzz/run.sh --minimise [target …]                              adds the fewest inputs that reach more code to fuzz/corpus
# New inputs are kept in fuzz/found and failures in fuzz/artifacts. `RUSTC_BOOTSTRAP=1 cargo fuzz run <target> <file>` repeats a
# failure.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=run
case ${1:-} in
  --changed) mode=changed base=${2:?a commit}; shift 2 ;;
  --minimise) mode=minimise; shift ;;
esac
build_only=
if [ "${1:-}" = --build ]; then
  build_only=1
  shift
fi
if [ "$mode" != minimise ]; then
  seconds=${1:-60}
  shift || true
fi

if [ "$mode" = changed ]; then
  # Uncommitted changes and new files count, too. In addition to subjects.txt, this lists the files that all targets share, and
  # each target's own check and inputs.
  set --
  git rev-parse --quiet --verify "$base^{commit}" >/dev/null || { echo "there is no commit $base"; exit 1; }
  changed() { ! git diff --quiet "$base" -- "$@" || [ -n "$(git ls-files --others --exclude-standard -- "$@")" ]; }
  while read -r target paths; do
    case $target in '#'* | '') continue ;; esac
    # shellcheck disable=SC2086 # several paths
    if changed $paths src/lib.rs src/fuzzing.rs Cargo.toml Cargo.lock fuzz/Cargo.toml fuzz/Cargo.lock fuzz/run.sh \
      fuzz/checks/Cargo.toml fuzz/checks/src/lib.rs fuzz/checks/src/input.rs \
      "fuzz/fuzz_targets/$target.rs" "fuzz/checks/src/$target.rs" "fuzz/checks/src/$target" "fuzz/corpus/$target"; then
      set -- "$@" "$target"
    fi
  done <fuzz/subjects.txt
  if [ $# -eq 0 ]; then
    echo "no target's files differ from $base"
    exit
  fi
fi

# The sanitizer needs unstable options; this variable enables them in stable Rust.
export RUSTC_BOOTSTRAP=1
if ! cargo fuzz --version >/dev/null 2>&1; then
  cargo install --locked cargo-fuzz@0.13.2
fi
if [ $# -eq 0 ]; then
  mapfile -t targets < <(cargo fuzz list)
  set -- "${targets[@]}"
fi

# `cargo fuzz run` has no --locked.
cargo metadata --locked --manifest-path fuzz/Cargo.toml --format-version 1 >/dev/null

# The directory is in memory if possible. A target that is killed leaves its directories there.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# Builds first, because a build of one target would wait for that of another.
for target in "$@"; do cargo fuzz build "$target"; done
[ -z "$build_only" ] || exit 0
export mode seconds=${seconds:-}

# fuzz TARGET: prints one block for the target, and keeps libFuzzer's output only if the target fails.
fuzz() {
  local target=$1 found=fuzz/found/$1 log=$TMPDIR/$1.log leaks=1 result
  local limits=(-max_len=4096 -timeout=60 -rss_limit_mb=4096)
  mkdir -p "$found"
  if [ "$mode" = minimise ]; then
    cargo fuzz run "$target" "fuzz/corpus/$target" "$found" -- -set_cover_merge=1 -use_counters=0 "${limits[@]}" >"$log" 2>&1 ||
      { tail -n 60 "$log"; return 1; }
    result="$(find "fuzz/corpus/$target" -type f | wc -l) inputs"
  else
    # Threads of these targets may be ending when libFuzzer looks for leaks. Memory of an ending thread would count as leaked. valgrind
    # looks for leaks in the C programs instead.
    case $target in c_interface | exchange | tls_records) leaks=0 ;; esac
    ASAN_OPTIONS=detect_leaks=$leaks cargo fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
      -max_total_time="$seconds" "${limits[@]}" -print_final_stats=1 >"$log" 2>&1 || { tail -n 100 "$log"; return 1; }
    # The last line of progress has the numbers of edges and of features that were reached.
    result=$(sed -n 's/^#\([0-9]*\).*cov: \([0-9]*\) ft: \([0-9]*\).*/\1 executions, \2 edges, \3 features/p' "$log" | tail -1)
  fi
  printf '== %s\n%s\n' "$target" "$result"
}
export -f fuzz
# FUZZ_JOBS targets run at once, by default one for each processor. xargs runs all targets, and fails if one fails.
printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-$(nproc)}" -I{} bash -euo pipefail -c 'fuzz {}'
