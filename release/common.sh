# Sourced by the other scripts of this directory, which set ROOT. They also run on macOS, which has only bash 3.2. So they are for any
# POSIX shell.
# shellcheck shell=sh

# The directory in which cargo builds the packaged files.
export CARGO_TARGET_DIR="$ROOT/target"
fail() {
    echo "error: $*" >&2
    exit 1
}

# Prints an absolute path. Must be called before the script changes its directory.
absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
    esac
}

# The directory in which the packages are made. all.sh and ffi-tests/mobile/packages.sh each have their own, so that they do not use
# packages of each other or of an earlier run.
# shellcheck disable=SC2034 # used by the scripts that source this file
PACKAGES=$(absolute "${WXT_PACKAGES:-$ROOT/target}")

need() {
    command -v "$1" >/dev/null || fail "$1 is missing${2:+: $2}"
}

# add_target TARGET: installs Rust's standard library for TARGET, or checks that it is installed.
add_target() {
    if command -v rustup >/dev/null; then
        rustup target add "$1" >&2 || fail "rustup cannot add the target $1"
    else
        [ -d "$(rustc --print target-libdir --target "$1")" ] ||
            fail "Rust has no library for $1: install rustup, or add this target to the Rust that is here"
    fi
}

# hide_paths SOURCES: makes the compilers write "cargo" for cargo's directory and "wxtransfer" for SOURCES, the directory of the sources.
# Otherwise panic messages in the library would contain both paths. The paths would reveal a user of this machine, and builds in other
# directories would differ. Files of the standard library get the names that they have if its sources are not installed.
hide_paths() {
    cargo_home=${CARGO_HOME:-$HOME/.cargo}
    rust_sources=$(rustc --print sysroot)/lib/rustlib/src/rust
    rust_commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
    # Unlike RUSTFLAGS, this may contain spaces.
    CARGO_ENCODED_RUSTFLAGS=$(printf -- '--remap-path-prefix=%s\037--remap-path-prefix=%s\037--remap-path-prefix=%s' \
        "$cargo_home=cargo" "$rust_sources=/rustc/$rust_commit" "$1=wxtransfer")
    export CARGO_ENCODED_RUSTFLAGS
    case $cargo_home in
    # A path with a space cannot be passed in CFLAGS, so the names of ring's C files then contain it.
    *[[:space:]]*) ;;
    *) export CFLAGS="${CFLAGS:+$CFLAGS }-ffile-prefix-map=$cargo_home=cargo" ;;
    esac
}

# metadata KEY: prints a text of the section [package] in Cargo.toml.
metadata() {
    sed -n "/^\[lib\]/q; s/^$1 = \"\(.*\)\"\$/\1/p" "$ROOT/Cargo.toml"
}

# Prints the library's version.
version() {
    metadata version
}

# soversion: prints the part of the version whose change may break hosts (Semantic Versioning, as in cargo). On Linux it is part of the
# soname of the shared library.
soversion() {
    soversion=$(version)
    case $soversion in
    0.0.*) echo "$soversion" ;;
    0.*) echo "${soversion%.*}" ;;
    *) echo "${soversion%%.*}" ;;
    esac
}

# line_tables: makes cargo write line tables, which map each address to a line of the sources. strip removes them from the libraries of
# an app. docs/symbols.md describes their use.
line_tables() {
    export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
}

# is_elf FILE MACHINE: checks that a file is of the format ELF, and for a processor: `e_machine` of the System V ABI's list.
is_elf() {
    [ "$(head -c 4 "$1")" = "$(printf '\177ELF')" ] && [ "$(od -An -tu2 -j18 -N2 "$1" | tr -d ' ')" = "$2" ]
}

# is_address_of_zip URL: checks that it is an https address that ends in .zip, without a character that a text in JSON, Swift or sed
# would have to escape.
is_address_of_zip() {
    case $1 in
    *[!A-Za-z0-9._~:/%@+-]*) return 1 ;;
    https://?*.zip) ;;
    *) return 1 ;;
    esac
}

# zip_directory DIRECTORY ARCHIVE ENTRY...: writes a reproducible archive: the same files give the same bytes. Links stay links.
zip_directory() (
    directory=$1 archive=$2
    shift 2
    rm -f "$archive"
    cd "$directory" || exit
    find "$@" -exec touch -h -t 202001010000 {} +
    entries=$(find "$@" -type f -o -type l)
    echo "$entries" | LC_ALL=C sort | TZ=UTC zip -X -y -q "$archive" -@ || fail "$archive is not written"
)

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}
