#!/usr/bin/env bash
# Runs the library that is built for Android on x86-64, in a JVM on this machine: `src/androidTest/c/bionic.c` replaces
# Android's C library, and classes of the test replace Android's. Tests the code that only this build contains: the
# initialisation, and the check of certificates by Android, with certificates made by OpenSSL. Needs what
# ffi-tests/mobile/build.sh and test.sh need, and openssl.
#
# usage: android-test.sh
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
TOOLS=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
TARGET=x86_64-linux-android
OUT=$ROOT/target/kotlin/android-test
# The directory that build.sh uses.
export CARGO_TARGET_DIR=$ROOT/target
RELEASE=$ROOT/target/phones/$TARGET/release

"$ROOT/ffi-tests/mobile/build.sh" --quick $TARGET
(cd "$ROOT" && cargo build --locked -p wxtransfer-test-server)
"$HERE/toolchain.sh" "$TOOLS" tests
"$HERE/build.sh"
rm -rf "$OUT"
mkdir -p "$OUT/lib" "$OUT/classes"

jdk=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
cc -std=gnu11 -Wall -Wextra -Werror -O1 -fPIC -shared -I"$jdk/include" -I"$jdk/include/linux" \
    "$HERE/src/androidTest/c/bionic.c" -o "$OUT/lib/libc.so" -Wl,-soname,libc.so -Wl,--no-as-needed -ldl -lgcc_s
# On Android the C library has this name, too, and the library links to it.
ln -s libc.so "$OUT/lib/libdl.so"

lib=$TOOLS/kotlin/lib
tests=$ROOT/target/kotlin/wxtransfer.jar:$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar
tests=$tests:$("$HERE/test-classpath.sh" "$TOOLS")
bash "$TOOLS/kotlin/bin/kotlinc" -Werror -no-stdlib -no-reflect -jvm-target 17 \
    -Xfriend-paths="$ROOT/target/kotlin/wxtransfer.jar" -classpath "$tests" -module-name wxtransfer-android-test \
    -d "$OUT/classes" "$HERE/src/androidTest/kotlin" "$HERE/src/test/kotlin/org/wxtransfer/Support.kt"

status=0
env "LD_LIBRARY_PATH=$OUT/lib" java -Xcheck:jni -Xmx256m --add-opens java.base/java.io=ALL-UNNAMED \
    -Djava.library.path="$RELEASE" -Dwxtransfer.library="$RELEASE/libwxtransfer_jni.so" \
    -Dwxtransfer.bionic="$OUT/lib/libc.so" -Dwxtransfer.server="$ROOT/target/debug/wxtransfer-test-server" \
    -Dwxtransfer.chains="$HERE/src/androidTest/chains.sh" \
    -classpath "$OUT/classes:$tests" org.junit.platform.console.ConsoleLauncher \
    --config "junit.jupiter.testclass.order.default=org.junit.jupiter.api.ClassOrderer\$OrderAnnotation" \
    --scan-classpath "$OUT/classes" --details tree --disable-banner --fail-if-no-tests >"$OUT/test.log" 2>&1 || status=$?
cat "$OUT/test.log"
((status == 0)) || exit "$status"
# -Xcheck:jni reports a misuse, but does not end the JVM.
if grep -E 'WARNING.*(JNI|native method)|FATAL ERROR in native' "$OUT/test.log"; then
    echo "android-test.sh: JNI was misused" >&2
    exit 1
fi
