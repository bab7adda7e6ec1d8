#!/bin/sh
# Builds the Kotlin library and its tests and runs them: in a JVM that checks the use of JNI, against the real library and
# the project's test servers. Installs missing tools in ${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}.
# Usage: test.sh [option of JUnit's ConsoleLauncher...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
out=$root/target/kotlin
java=/usr/share/java

(cd "$root" && cargo build --locked -p wxtransfer-jni -p wxtransfer-test-server)
"$here/toolchain.sh" "$tools" tests
"$here/build.sh"
"$here/api.sh"

lib=$tools/kotlin/lib
library=$out/wxtransfer.jar:$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar
kotlinc() { bash "$tools/kotlin/bin/kotlinc" -Werror -no-stdlib -no-reflect "$@"; }

# print_guide LANGUAGE GUIDE: prints a guide's last page of code in a language.
print_guide() {
    awk -v "start=\`\`\`$1" '$0 == start { code = ""; inside = 1; next } /^```$/ { inside = 0 }
        inside { code = code $0 "\n" } END { printf "%s", code }' "$2" | grep . || { echo "test.sh: $2 has no page of code in $1" >&2; exit 1; }
}

# A developer must be able to copy the code of a guide unchanged.
compile_guide() { # compile_guide NAME GUIDE [FILE]: compiles a guide's code, together with FILE
    name=$1
    mkdir -p "$out/guide"
    print_guide kotlin "$2" >"$out/guide/$name.kt"
    rm -rf "$out/guide/$name-classes"
    kotlinc -jvm-target 1.8 -no-jdk -classpath "$tools/android.jar:$library" -d "$out/guide/$name-classes" "$out/guide/$name.kt" ${3:+"$3"}
}
compile_guide kotlin "$here/README.md" "$here/src/guide/kotlin/Android7.kt"
compile_guide javascript "$here/../javascript.md"
compile_guide react-native "$root/docs/react-native.md"
print_guide java "$here/README.md" >"$out/guide/JavaMiniProgramActivity.java"
rm -rf "$out/guide/java-classes"
# Lambdas need classes that Android's build tools add to Android's. Here they come from the JDK, whose classes precede Android's.
javac -Xlint:all,-options,-classfile -Werror --release 8 -classpath "$tools/android.jar:$library" \
    -d "$out/guide/java-classes" "$out/guide/JavaMiniProgramActivity.java"

tests=$library:$out/wxtransfer-testing.jar:$("$here/test-classpath.sh" "$tools"):$java/rhino.jar:$java/com.android.json.jar
rm -rf "$out/test-classes"
kotlinc -jvm-target 17 -opt-in=kotlin.ExperimentalStdlibApi -Xfriend-paths="$out/wxtransfer.jar" -classpath "$tests" \
    -module-name wxtransfer-test -d "$out/test-classes" "$here/src/test/kotlin"
# The host in Java, which uses the helpers of the tests in Kotlin.
javac -Xlint:all,-path,-processing -Werror -classpath "$out/test-classes:$tests" -d "$out/test-classes" \
    "$here"/src/test/java/org/wxtransfer/*.java
cp "$here"/src/test/resources/* "$out/test-classes"

status=0
# Compiler threads, and the methods that they compile, hold global references, which a test counts.
# The time limit turns a test that waits forever into a failure.
timeout --kill-after=10 1200 java -Xcheck:jni -XX:-UseDynamicNumberOfCompilerThreads -XX:CICompilerCount=2 -Xmx512m --add-opens java.base/java.io=ALL-UNNAMED \
    -Djava.library.path="${CARGO_TARGET_DIR:-$root/target}/debug" \
    -Dwxtransfer.server="${CARGO_TARGET_DIR:-$root/target}/debug/wxtransfer-test-server" -Dwxtransfer.root="$root" \
    -classpath "$out/test-classes:$tests" org.junit.platform.console.ConsoleLauncher \
    --scan-classpath "$out/test-classes" --details tree --disable-banner --fail-if-no-tests "$@" \
    >"$out/test.log" 2>&1 || status=$?
cat "$out/test.log"
[ "$status" = 0 ] || exit "$status"
# -Xcheck:jni reports a misuse, but does not end the JVM.
if grep -E 'WARNING.*(JNI|native method)|FATAL ERROR in native' "$out/test.log"; then
    echo "test.sh: JNI was misused" >&2
    exit 1
fi
"$here/compatibility-test.sh"
