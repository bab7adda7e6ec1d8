# Sourced by the other scripts of this directory.
# shellcheck shell=bash

# The directory in which cargo builds the packaged files.
export CARGO_TARGET_DIR=$ROOT/target

fail() {
    echo "error: $*" >&2
    exit 1
}

# Prints an absolute path. Must be called before the script changes its directory.
absolute() {
    if [[ $1 == /* ]]; then echo "$1"; else echo "$PWD/$1"; fi
}

need() {
    command -v "$1" >/dev/null || fail "$1 is missing${2:+: $2}"
}

# add_target TARGET: installs Rust's standard library for TARGET, or checks that it is installed.
add_target() {
    if command -v rustup >/dev/null; then
        rustup target add "$1" >&2 || fail "rustup cannot add the target $1"
    else
        [[ -d $(rustc --print target-libdir --target "$1") ]] ||
            fail "Rust has no library for $1: install rustup, or add this target to the Rust that is here"
    fi
}

# hide_paths SOURCES: has the compilers write "cargo" for cargo's directory and "wxtransfer" for that of the sources. Otherwise the
# library contains both, for its panic messages: they name a user of this machine, and the same sources give other bytes elsewhere.
# The standard library's files get the names that they have where its sources are not installed.
hide_paths() {
    local home=${CARGO_HOME:-$HOME/.cargo} map=--remap-path-prefix rust commit
    rust=$(rustc --print sysroot)/lib/rustlib/src/rust
    commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
    # Unlike RUSTFLAGS, this may contain spaces.
    export CARGO_ENCODED_RUSTFLAGS="$map=$home=cargo"$'\x1f'"$map=$rust=/rustc/$commit"$'\x1f'"$map=$1=wxtransfer"
    # A directory with a space stays, in the names of ring's C files.
    [[ $home == *[[:space:]]* ]] || export CFLAGS="${CFLAGS:+$CFLAGS }-ffile-prefix-map=$home=cargo"
}

# metadata KEY: prints a text of the section [package] in Cargo.toml.
metadata() {
    sed -n "/^\[lib\]/q; s/^$1 = \"\(.*\)\"\$/\1/p" "$ROOT/Cargo.toml"
}

# Prints the library's version.
version() {
    metadata version
}

# line_tables: has cargo write which line of the sources each address belongs to. strip removes the tables from what an app
# contains; docs/symbols.md describes their use.
line_tables() {
    export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
}

# zip_directory DIRECTORY ARCHIVE ENTRY...: writes a reproducible archive: the same files give the same bytes. Links stay links.
zip_directory() {
    local directory=$1 archive=$2
    shift 2
    rm -f "$archive"
    (
        cd "$directory"
        find "$@" -exec touch -h -t 202001010000 {} +
        find "$@" -type f -o -type l | LC_ALL=C sort | TZ=UTC zip -X -y -q "$archive" -@
    ) || fail "$archive is not written"
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}
