#!/bin/bash
# What each dependency adds to the shared library: code and data by the crate that a symbol belongs to, its sections, and
# what it weighs with other features. Prints Markdown; benches/run.sh puts that into docs/performance.md.
#
# A generic function counts for the crate that defines it, and what the compiler inlined counts for the function that it
# was inlined into, so these are estimates; the totals are not.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"

missing=()
need "cargo" rustup command -v cargo
need "nm and strip" binutils command -v nm
stop_where_something_is_missing

library=$build/cargo/release/libwxtransfer.so
mkdir -p "$build"

stripped_bytes() {
  strip -o "$build/stripped.so" "$library"
  stat -c %s "$build/stripped.so"
}

with_features() { # with_features TEXT ARGUMENT…
  local what=$1
  shift
  (cd "$root" && cargo rustc --quiet --release --lib --crate-type cdylib --target-dir "$build/cargo" "$@")
  echo "| $what | $(stripped_bytes) | $(gzip -9c "$build/stripped.so" | wc -c) |"
}

echo "| features | bytes, stripped | compressed |"
echo "|---|---|---|"
with_features "none" --no-default-features
with_features "default (charset) and brotli" --features brotli
with_features "default (charset)"
echo
echo "| section | bytes |"
echo "|---|---|"
# Code, constants, what the loader adjusts, and how to unwind, without which no panic could be caught.
size -A "$build/stripped.so" | awk '
  $1 ~ /^\.(text|rodata|data\.rel\.ro|rela\.dyn|eh_frame|eh_frame_hdr|gcc_except_table)$/ { printf "| `%s` | %d |\n", $1, $2 }'
echo
echo "| crate | bytes |"
echo "|---|---|"
# A symbol is `crate::path`, `<crate::Type as other::Trait>::method`, or a C name; ring's C names have its version in them.
nm --demangle --print-size --radix=d "$library" | awk '
  NF >= 4 {
    size = $2 + 0
    name = $4
    for (i = 5; i <= NF; i++) name = name " " $i
    crate = "(C and other)"
    if (name ~ /ring_core/) crate = "ring"
    else if (match(name, /[a-z_][a-z0-9_]*::/)) crate = substr(name, RSTART, RLENGTH - 2)
    if (crate ~ /^(core|alloc|std|gimli|addr2line|rustc_demangle|object|miniz_oxide|hashbrown)$/ && crate != "miniz_oxide") crate = "the standard library"
    bytes[crate] += size
  }
  END { for (crate in bytes) if (bytes[crate] >= 1024) print bytes[crate], crate }' | sort -rn |
  awk '{ bytes = $1; $1 = ""; sub(/^ /, ""); printf "| %s | %d |\n", $0, bytes }'
