# Sourced by the scripts of ffi-tests/: installs their build tools. The scripts end if a tool cannot be installed.
# shellcheck shell=bash

fail() {
    echo "error: $*" >&2
    exit 1
}

# Runs a command that runs tests. Fails if a test fails, or if no test runs: `cargo test` succeeds if its filter matches no test.
run_some_tests() {
    "$@" 2>&1 | awk '{ print; fflush() } /^test result: ok\. [1-9]/ { some = 1 } END { exit !some }' || fail "failed or ran no test: $*"
}

# Installs Debian packages that are missing.
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

# Installs the sources of rustc's standard library, which rustc needs to build for other targets.
# rustup's component cannot be fetched on every machine. Debian has the same sources in a package of rustc's exact version.
install_rust_sources() {
    local sysroot version sources
    sysroot=$(rustc --print sysroot)
    version=$(rustc -V | cut -d' ' -f2)
    sources=$sysroot/lib/rustlib/src/rust
    [[ -e $sources/library/std/Cargo.toml ]] && return
    local cache
    cache=$(mktemp -d "$sysroot/lib/rustlib/rust-src.XXXXXX")
    mkdir -p "$cache/sources" "$cache/lists/partial"
    # Uses the machine's mirror with one more suite, in a separate package state: the machine's own lists and preferences
    # do not change.
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
    # Moved in one step, so that other builds never see an incomplete directory. A dangling link is replaced.
    [[ ! -L $sources ]] || rm "$sources"
    mv "$cache/usr/src/rustc-$version" "$sources"
    rm -rf "$cache"
}
