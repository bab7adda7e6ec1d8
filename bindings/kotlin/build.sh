#!/bin/sh
# Compiles the Kotlin library, including the parts for Android, to target/kotlin/wxtransfer.jar, and the fake session for apps'
# tests to target/kotlin/wxtransfer-testing.jar. Cargo builds the native library. The public part of the classes goes to
# target/kotlin/wxtransfer-api and wxtransfer-testing-api, for api.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
out=$root/target/kotlin

"$here/toolchain.sh" "$tools"
lib=$tools/kotlin/lib
plugin=org.jetbrains.kotlin.jvm.abi

# compile MODULE CLASSES SOURCES...
# Compiles against Android's classes only, so that the code cannot use a class of the JDK that Android lacks. A Kotlin compiler can
# read the metadata of the version after its own, so apps with Kotlin 2.1 and newer can use classes of version 2.2.
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
# The Java class must use Android's classes only, which the empty class path enforces.
javac -Xlint:all,-options -Werror -source 8 -target 8 -bootclasspath "$tools/android.jar" -classpath '' \
    -d "$out/classes" "$here"/src/android/java/org/wxtransfer/*.java
cp "$root/bindings/javascript/wx.js" "$out/classes/org/wxtransfer/wx.js"
jar --create --file "$out/wxtransfer.jar" -C "$out/classes" .

# The fake session, for apps' tests.
classpath=$out/wxtransfer.jar:$classpath
compile wxtransfer-testing testing-classes "$here/src/testing/kotlin"
jar --create --file "$out/wxtransfer-testing.jar" -C "$out/testing-classes" .
