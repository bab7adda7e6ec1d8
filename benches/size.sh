#!/bin/bash
# Reports what the shared library consists of: its stripped size, the minimum size of its dependencies without it, and the
# share of every crate. Prints Markdown.
#
#   benches/size.sh                      for this machine
#   benches/size.sh ARGUMENT…            with arguments for cargo, such as --target; STRIP is the target's strip
#
# A generic function counts for the first crate in its name other than the standard library, and inlined code counts for
# the function that contains it. The rows are therefore estimates; their sum is exact.
set -euo pipefail
# shellcheck source=benches/servers.sh
. "$(dirname "$0")/servers.sh"

missing=()
need "cargo" rustup command -v cargo
need "readelf" binutils command -v readelf
strip=${STRIP:-strip}
need "$strip" binutils command -v "$strip"
stop_where_something_is_missing

directory=$build/size
target=
for ((i = 1; i < $#; i++)); do
  [ "${!i}" = --target ] && j=$((i + 1)) && target=${!j}
done
output=$directory/${target:+$target/}release
library=$output/libwxtransfer.so
mkdir -p "$directory"

row() { # row TEXT LIBRARY
  "$strip" -o "$directory/stripped.so" "$2"
  echo "| $1 | $(stat -c %s "$directory/stripped.so") | $(gzip -9c "$directory/stripped.so" | wc -c) |"
}

# The size that no code of this project can reduce. Built in a separate directory, so that no lock file is written into
# the sources.
build_floor() { # build_floor FEATURES ARGUMENT…
  local features=$1
  shift
  rm -rf "$directory/floor"
  cp -r "$root/benches/floor" "$directory/floor"
  # The versions of the library. The first command only replaces the library's own packages by this one.
  cp "$root/Cargo.lock" "$directory/floor"
  (cd "$directory/floor" && cargo update --quiet --workspace &&
    cargo rustc --quiet --locked --release --lib --target-dir "$directory" --features "$features" "$@")
}

# Uses the v0 symbol names, which name every crate that a generic function consists of. Builds the linked library and an
# object file, in which each function and constant still has its own section.
build() {
  (cd "$root" && RUSTFLAGS="-C symbol-mangling-version=v0" cargo rustc --quiet --locked --release --lib --crate-type cdylib \
    --target-dir "$directory" "$@" -- --emit=link,obj)
}

echo "| library | bytes, stripped | compressed |"
echo "|---|---|---|"
build_floor "" "$@"
row "the standard library alone" "$output/libfloor.so"
build_floor tls "$@"
row "with rustls and ring" "$output/libfloor.so"
build_floor tls,text "$@"
row "and with url, encoding_rs and flate2" "$output/libfloor.so"
build_floor tls,text,http "$@"
row "and with ureq" "$output/libfloor.so"
build_floor tls,text,http,threads "$@"
row "and with crossbeam-channel" "$output/libfloor.so"
build_floor tls,text,http,threads,trust "$@"
row "and with rustls-platform-verifier" "$output/libfloor.so"
build --no-default-features "$@"
row "wxtransfer without any feature" "$library"
build "$@"
row "wxtransfer" "$library"

# Prints the name and size of each section of a file.
sections() {
  readelf --section-headers --wide "$1" |
    sed -n 's/^ *\[ *[0-9]*\] \(\.[^ ]*\)  *[A-Z_0-9]*  *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\) .*/\1 \2/p' |
    while read -r name size; do echo "$name $((16#$size))"; done
}

# An unnamed constant has the name of its codegen unit, which is also an object in its crate's library.
units() {
  local libraries=("$output"/deps/*.rlib "$(rustc --print sysroot)"/lib/rustlib/*/lib/*.rlib)
  grep -o 'Lanon\.[0-9a-f]*' "$directory/object" | sort -u | while IFS=. read -r _ unit; do
    file=$(grep -lF "$unit" "${libraries[@]}" | head -1 || true)
    file=${file##*/lib}
    echo "unit $unit ${file%%-*}"
  done
}

sections "$output/deps/wxtransfer.o" >"$directory/object"
units >"$directory/units"
sections "$library" | sed 's/^/linked /' >"$directory/linked"
echo
echo "| what | code | constants |"
echo "|---|---|---|"
awk -v total="$(stat -c %s "$directory/stripped.so")" '
  # Finds the crate names in a mangled name: `Cs`, a hash, `_`, the length of the name, the name.
  function crate_of(name,    found, length_of_name) {
    found = ""
    while (match(name, /Cs[0-9A-Za-z]+_[0-9]+/)) {
      length_of_name = substr(name, RSTART, RLENGTH)
      sub(/.*_/, "", length_of_name)
      found = substr(name, RSTART + RLENGTH, length_of_name)
      if (!is_std(found)) return found
      name = substr(name, RSTART + RLENGTH)
    }
    return found == "" ? "" : STD
  }
  function is_std(crate) {
    return crate ~ /^(core|alloc|std|std_detect|panic_unwind|unwind|gimli|addr2line|object|rustc_demangle|hashbrown|compiler_builtins)$/
  }
  BEGIN { STD = "std" }
  $1 == "unit" { unit[$2] = is_std($3) ? STD : $3; next }
  $1 == "linked" { linked[$2] = $3; next }
  $1 ~ /^\.(text|rodata|data\.rel\.ro)\./ {
    crate = crate_of($1)
    if (crate == "" && match($1, /Lanon\.[0-9a-f]+/)) crate = unit[substr($1, RSTART + 6, RLENGTH - 6)]
    # The functions of the C interface have unmangled names, and no other Rust functions do.
    if (crate == "" && $1 ~ /^\.text\.wxt_/) crate = "wxtransfer"
    if ($1 ~ /^\.text\./) { all_code += $2; code[crate] += $2 } else { constants[crate] += $2; all_constants += $2 }
  }
  END {
    for (crate in code) constants[crate] += 0
    # All C and assembly code belongs to ring, except for a few hundred bytes.
    code["ring"] += linked[".text"] - all_code
    for (crate in constants) {
      if (crate == "" || code[crate] + constants[crate] < 2048) { few_code += code[crate]; few += constants[crate] }
      else printf "%d %s | %d | %d\n", code[crate] + constants[crate], crate, code[crate], constants[crate]
    }
    rest = linked[".rodata"] + linked[".data.rel.ro"] - all_constants
    printf "0 others, and text without a name | %d | %d\n", few_code, few
    printf "0 ring'"'"'s tables, text that the linker merged | | %d\n", rest
    unwinding = linked[".eh_frame"] + linked[".eh_frame_hdr"] + linked[".gcc_except_table"]
    relocations = linked[".rela.dyn"] + linked[".rela.plt"] + linked[".relr.dyn"]
    printf "0 unwind tables | | %d\n", unwinding
    printf "0 relocations | | %d\n", relocations
    printf "0 headers, symbols, variables | | %d\n", total - linked[".text"] - linked[".rodata"] - linked[".data.rel.ro"] - unwinding - relocations
    printf "0 **all** | | %d\n", total
  }' "$directory/units" "$directory/linked" "$directory/object" |
  sort -s -k1,1nr | sed 's/^[0-9]* \(.*\)$/| \1 |/'
