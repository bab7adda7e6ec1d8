#!/bin/sh
# Makes pages with the documentation of all public names, as Java sees them, in target/kotlin/wxtransfer-javadoc and
# wxtransfer-testing-javadoc. Kotlin's compiler writes each class as a declaration in Java with the comments of its source, and the
# JDK's javadoc makes pages of these. A member whose name ends in $wxtransfer is internal. Needs the output of build.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
out=$root/target/kotlin
lib=$tools/kotlin/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=$tools/android.jar:$lib/kotlin-stdlib.jar:$lib/kotlinx-coroutines-core-jvm.jar

# pages MODULE CLASSPATH JAVA SOURCES...: makes the pages of a module. JAVA is a directory of classes in Java, or empty.
pages() {
    module=$1 classpath=$2 java=$3
    shift 3
    # kapt requires the name of an annotation processor. In the mode `stubs` it loads none.
    bash "$tools/kotlin/bin/kapt" -language-version 2.2 -api-version 2.2 -jvm-target 1.8 -no-stdlib -no-reflect -module-name "$module" \
        -classpath "$classpath" -Kapt-mode=stubs -Kapt-stubs="$work/$module" -Kapt-sources="$work/sources" -Kapt-classes="$work/classes" \
        -Kapt-processors=none -Kapt-classpath="$lib/kotlin-annotation-processing-runtime.jar" -d "$work/out" "$@"
    [ -z "$java" ] || cp -R "$java/." "$work/$module/"
    # The comments are KDoc: names are in backticks or brackets, and the comment of a class describes the constructor's parameters.
    # Annotations of Kotlin are removed, because a host in Java does not need them.
    find "$work/$module" -name '*.java' | while read -r file; do
        # shellcheck disable=SC2016 # backticks of KDoc
        sed -e '/^ *@kotlin\./d' -e 's/^ \* @param / * @parameter /' -e '/^ *\*/s/`\([^`{}]*\)`/{@code \1}/g' \
            -e '/^ *\*/s/\[\([A-Za-z][A-Za-z._]*\)\]/{@code \1}/g' "$file" >"$work/java"
        cp "$work/java" "$file"
    done
    # The declarations in Java do not show which classes are internal. The list of api.sh has the public ones.
    sed -n -e 's/^public .*class \(org[A-Za-z.]*\).*/\1/p' -e 's/^public .*interface \(org[A-Za-z.]*\).*/\1/p' "$here/api/$module.api" |
        sort -u | tr . / | sed -e "s|^|$work/$module/|" -e 's|$|.java|' >"$work/files"
    rm -rf "$out/$module-javadoc"
    javadoc -quiet -Xdoclint:none -notimestamp -encoding UTF-8 -charset UTF-8 -docencoding UTF-8 -windowtitle "$module" \
        -tag 'constructor:t:Constructor:' -tag 'parameter:t:Parameter:' \
        -classpath "$classpath:$lib/annotations-13.0.jar" -sourcepath "$work/$module" -d "$out/$module-javadoc" "@$work/files"
}

pages wxtransfer "$libraries" "$here/src/android/java" "$here/src/main/kotlin" "$here/src/android/kotlin"
pages wxtransfer-testing "$out/wxtransfer.jar:$libraries" '' "$here/src/testing/kotlin"
