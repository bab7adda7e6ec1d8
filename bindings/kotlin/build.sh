#!/bin/sh
# Compiles the Kotlin library, the parts for Android included, to target/kotlin/wxtransfer.jar, and the fake session for apps'
# tests to target/kotlin/wxtransfer-testing.jar. For apps and for the tests; the native library is built by cargo. The public part
# of the classes goes to target/kotlin/wxtransfer-api and wxtransfer-testing-api, for api.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
out=$root/target/kotlin

"$here/toolchain.sh" "$tools"
lib=$tools/kotlin/lib
plugin=org.jetbrains.kotlin.jvm.abi

# compile MODULE CLASSES SOURCES...
# Against Android's classes alone, so that nothing of the JDK slips in that a phone does not have. A Kotlin compiler reads
# the metadata of the version after its own: version 2.2 is what apps with Kotlin 2.1 and newer can use.
compile() {
    module=$1 classes=$2
    shift 2
    rm -rf "${out:?}/$classes" "$out/$module-api"
    mkdir -p "$out/$classes/org/wxtransfer"
    bash "$tools/kotlin/bin/kotlinc" -Werror -Xexplicit-api=strict -language-version 2.2 -api-version 2.2 -jvm-target 1.8 \
        -no-jdk -no-stdlib -no-reflect -module-name "$module" \
        -classpath "$classpath" \
        -Xplugin="$lib/jvm-abi-gen.jar" -P "plugin:$plugin:outputDir=$out/$module-api" \
        -P "plugin:$plugin:treatInternalAsPrivate=true" -P "plugin:$plugin:removePrivateClasses=true" \
        -d "$out/$classes" "$@"
}

classpath=$tools/android.jar:$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar
compile wxtransfer classes "$here/src/main/kotlin" "$here/src/android/kotlin"
# Java's part needs Android's classes alone, which the empty class path holds it to.
javac -Xlint:all,-options -Werror -source 8 -target 8 -bootclasspath "$tools/android.jar" -classpath '' \
    -d "$out/classes" "$here"/src/android/java/org/wxtransfer/*.java
cp "$root/bindings/javascript/wx.js" "$out/classes/org/wxtransfer/wx.js"
jar --create --file "$out/wxtransfer.jar" -C "$out/classes" .

# For the tests of an app alone.
classpath=$out/wxtransfer.jar:$classpath
compile wxtransfer-testing testing-classes "$here/src/testing/kotlin"
jar --create --file "$out/wxtransfer-testing.jar" -C "$out/testing-classes" .
