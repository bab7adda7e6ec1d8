# Sourced by the scripts beside it: installs what they build with, and ends them when something cannot be had.
# shellcheck shell=bash

fail() {
    echo "error: $*" >&2
    exit 1
}

# Installs Debian packages that are not there yet.
install_packages() {
    local missing=() package
    for package in "$@"; do
        # No output and a failure both mean "not installed".
        [[ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" == 'install ok installed' ]] || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq)
    "${apt[@]}" update || fail "the package lists cannot be fetched"
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 || fail "cannot install: ${missing[*]}"
}

# Gives rustc the sources of its own standard library, without which it builds for no target but its own.
# rustup's component cannot be fetched on every machine; Debian packages the same sources by rustc's exact version.
install_rust_sources() {
    local sysroot version sources
    sysroot=$(rustc --print sysroot)
    version=$(rustc -V | cut -d' ' -f2)
    sources=$sysroot/lib/rustlib/src/rust
    [[ -e $sources/library/std/Cargo.toml ]] && return
    local cache
    cache=$(mktemp -d "$sysroot/lib/rustlib/rust-src.XXXXXX")
    mkdir -p "$cache/sources" "$cache/lists/partial"
    # The mirror that the machine already uses, with one suite more, in a package state of its own: the machine's own
    # lists and preferences stay as they are.
    local mirror
    mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
    [[ -n $mirror ]] || fail "no Debian mirror in /etc/apt/sources.list.d/debian.sources"
    cat >"$cache/sources/backports.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: trixie-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    local apt=(apt-get -qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$cache/sources"
        -o "Dir::State::lists=$cache/lists" -o "APT::Sandbox::User=root" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
    "${apt[@]}" update || fail "the package list of trixie-backports cannot be fetched"
    (cd "$cache" && "${apt[@]}" download "rust-src=$version*") || fail "no package rust-src $version"
    dpkg -x "$cache"/rust-src_*.deb "$cache"
    [[ -e $cache/usr/src/rustc-$version/library/std/Cargo.toml ]] || fail "rust-src has no sources of rustc $version"
    mkdir -p "$(dirname "$sources")"
    # Moved there whole in one step, so that no other build sees half of it; a link that leads nowhere makes way.
    [[ ! -L $sources ]] || rm "$sources"
    mv "$cache/usr/src/rustc-$version" "$sources"
    rm -rf "$cache"
}
