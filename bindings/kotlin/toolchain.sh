#!/bin/sh
# Installs the tools and libraries for building the Kotlin library in the directory $1, and with `tests` as $2 also those for its
# tests. Installs the needed Debian packages, too. Does nothing if everything is present. Fails if something cannot be installed.
#
# Sources: kotlin/ (the compiler, with kotlinx-coroutines and kotlin-test) from npm; android.jar (the classes of Android
# 6, API 23) from Debian's libandroid-23-java; JUnit 5, Rhino and Android's org.json from Debian.
set -eu

directory=$1
purpose=${2:-build}
KOTLIN=2.4.20
# The compiler makes what an app ships, so its archive must be the expected one.
KOTLIN_SHA512=205e4854cecba4f840fe7b47410a5a56dd72c6969a428bed11560bcaa58cb9a2ebd177a52cf3e6effb0ce872e1b5c4638e3a12b0aec8ee53f693360990ccbbdf

fail() {
    echo "toolchain.sh: $*" >&2
    exit 1
}

# Concurrent runs of the tests take turns, because each may install something.
mkdir -p "$directory"
exec 9>"$directory/lock"
if command -v flock >/dev/null; then flock 9; fi

apt_install() {
    command -v apt-get >/dev/null || fail "missing, and there is no apt-get to install it: $*"
    [ "$(id -u)" = 0 ] || fail "missing: $*; install it, or run this as root"
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

missing=
command -v javac >/dev/null && command -v jar >/dev/null || missing="$missing openjdk-17-jdk-headless"
command -v npm >/dev/null || missing="$missing npm"
if [ "$purpose" = tests ]; then
    [ -e /usr/share/java/junit-platform-console.jar ] || missing="$missing junit5"
    [ -e /usr/share/java/rhino.jar ] || missing="$missing librhino-java"
    [ -e /usr/share/java/com.android.json.jar ] || missing="$missing libandroid-json-java"
fi
# shellcheck disable=SC2086 # a list
[ -z "$missing" ] || apt_install $missing

if [ ! -x "$directory/kotlin-$KOTLIN/bin/kotlinc" ]; then
    rm -rf "$directory/npm"
    mkdir "$directory/npm"
    npm pack --silent --pack-destination "$directory/npm" "kotlin-compiler@$KOTLIN"
    archive=$directory/npm/kotlin-compiler-$KOTLIN.tgz
    # Not every system has sha512sum.
    hash=$(node -p 'require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("hex")' "$archive")
    [ "$hash" = "$KOTLIN_SHA512" ] || fail "kotlin-compiler $KOTLIN from npm has the SHA-512 $hash instead of $KOTLIN_SHA512"
    tar -xzf "$archive" -C "$directory/npm"
    mv "$directory/npm/package" "$directory/kotlin-$KOTLIN"
    chmod +x "$directory/kotlin-$KOTLIN/bin/kotlinc"
    rm -rf "$directory/npm"
fi
ln -sfn "kotlin-$KOTLIN" "$directory/kotlin"

if [ ! -e "$directory/android.jar" ]; then
    command -v apt-get >/dev/null || fail "put the android.jar of API 23, from an Android SDK, into $directory"
    # No Debian release has the package, so it comes from sid. Separate lists keep sid out of this machine's apt.
    state=$directory/apt
    rm -rf "$state"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/sources"
    # shellcheck disable=SC2016 # expanded by apt-get
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
    [ -n "$mirror" ] || fail "no Debian mirror among this machine's package sources"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$state/sources/sid.list"
    private="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$state/sources -o Dir::State::lists=$state/lists \
        -o Dir::Cache=$state/cache -o APT::Sandbox::User=root"
    # shellcheck disable=SC2086 # a list
    apt-get $private update -q
    # shellcheck disable=SC2086 # a list
    (cd "$state" && apt-get $private download libandroid-23-java)
    dpkg -x "$state"/libandroid-23-java_*.deb "$state/files"
    jar=$(find "$state/files" -type f -name '*.jar' -size +1M | head -n 1)
    [ -n "$jar" ] || fail "libandroid-23-java has no classes"
    mv "$jar" "$directory/android.jar"
    rm -rf "$state"
fi
