# Sourced by the test.sh of this binding and of bindings/harmony, which set $root.
# shellcheck shell=sh

# install_packages DIRECTORY: installs the packages of package.json into DIRECTORY, unless they are there.
install_packages() {
    sources=${root:?}/bindings/javascript/tests
    mkdir -p "$1"
    if ! cmp -s "$sources/package-lock.json" "$1/package-lock.json"; then
        cp "$sources/package.json" "$1"
        (cp "$sources/package-lock.json" "$1" && cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) ||
            { rm -f "$1/package-lock.json"; exit 1; }
    fi
}
