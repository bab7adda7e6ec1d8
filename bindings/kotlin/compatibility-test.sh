#!/bin/sh
# Compiles an app (`src/compatibility`) against an older library, and runs it with the current one. The older library is made from the
# current sources, without the lines that name the newest field of each kind of value. So the test shows that a new field of the
# options, a request or a result breaks no compiled app. It does not compare with an earlier release; api.sh does that. Needs the
# output of test.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
out=$root/target/kotlin
older=$out/older
lib=$tools/kotlin/lib
libraries=$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar
sources=$older/main/kotlin/org/wxtransfer

rm -rf "$older"
mkdir -p "$older"
cp -r "$here/src/main" "$older/"

# without FIELD FILE...: removes the lines that name the field, including its setter.
without() {
    field=$1
    shift
    if [ $# = 0 ] || ! grep -qi "$field" "$@"; then
        echo "compatibility-test.sh: there is no $field" >&2
        exit 1
    fi
    for file in "$@"; do sed -i "/$field/Id" "$file"; done
}
cd "$sources"
for field in priority waitInBackground; do
    # shellcheck disable=SC2046 # no name has a space
    without "$field" $(grep -li "$field" -- *.kt)
done
without sha256 WXTransferSuccess.kt
without setSha256 TaskEvents.kt

kotlinc() { bash "$tools/kotlin/bin/kotlinc" -no-stdlib -no-reflect "$@"; }
kotlinc -language-version 2.2 -api-version 2.2 -jvm-target 1.8 -no-jdk -module-name wxtransfer \
    -classpath "$tools/android.jar:$libraries" -d "$older/classes" "$sources"
kotlinc -Werror -jvm-target 17 -classpath "$older/classes:$libraries" -d "$older/app" "$here"/src/compatibility/kotlin/*.kt \
    "$here"/src/compatibility/java/*.java
javac -Xlint:all -Werror -classpath "$older/classes:$libraries" -d "$older/app" "$here"/src/compatibility/java/*.java
timeout --kill-after=10 300 java -Djava.library.path="${CARGO_TARGET_DIR:-$root/target}/debug" \
    -classpath "$older/app:$out/wxtransfer.jar:$libraries" AppKt
