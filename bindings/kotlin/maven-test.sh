#!/bin/sh
# Resolves the artefacts of release/maven.sh by their coordinates, as an app's build tool does, and compiles an app with the
# resolved files. Apache Ivy reads the POMs and compares the checksums. Needs the output of release/maven.sh and toolchain.sh, ivy and
# unzip.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${WXT_KOTLIN_ROOT:-/var/cache/wxtransfer/kotlin}
packages=${WXT_PACKAGES:-$root/target}
ivy=/usr/share/java/ivy.jar

fail() {
    echo "maven-test.sh: $*" >&2
    exit 1
}

[ -e "$ivy" ] || fail "missing: Apache Ivy (Debian: ivy)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)

# central GROUP ARTIFACT VERSION JAR: adds a library to a repository that replaces Maven Central, which not every machine can reach.
central() {
    directory=$work/central/$(echo "$1" | tr . /)/$2/$3
    mkdir -p "$directory"
    cp "$4" "$directory/$2-$3.jar"
    echo "<project><modelVersion>4.0.0</modelVersion><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></project>" \
        >"$directory/$2-$3.pom"
}
central org.jetbrains.kotlin kotlin-stdlib 2.2.0 "$tools/kotlin/lib/kotlin-stdlib.jar"
central org.jetbrains.kotlinx kotlinx-coroutines-core 1.8.0 "$tools/kotlin/lib/kotlinx-coroutines-core-jvm.jar"

cat >"$work/settings.xml" <<SETTINGS
<ivysettings>
  <settings defaultResolver="all"/>
  <caches defaultCacheDir="$work/cache"/>
  <resolvers>
    <chain name="all">
      <ibiblio name="maven" m2compatible="true" root="file://$packages/maven/" checksums="sha1"/>
      <ibiblio name="central" m2compatible="true" root="file://$work/central/" checksums=""/>
    </chain>
  </resolvers>
</ivysettings>
SETTINGS
# resolve DIRECTORY ARTIFACT [OPTION...]: fetches an artefact with its dependencies.
resolve() {
    directory=$1 artifact=$2
    shift 2
    java -jar "$ivy" -error -settings "$work/settings.xml" -dependency org.wxtransfer "$artifact" "$version" "$@" \
        -retrieve "$directory/[artifact]-[type].[ext]" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$artifact is not resolved"; }
    (cd "$directory" && echo ./*)
}

all=$(resolve "$work/all" wxtransfer)
[ "$all" = './kotlin-stdlib-jar.jar ./kotlinx-coroutines-core-jar.jar ./wxtransfer-aar.aar ./wxtransfer-javadoc.jar ./wxtransfer-source.jar' ] ||
    fail "wxtransfer comes with other files: $all"
app=$(resolve "$work/app" wxtransfer-testing -confs default)
[ "$app" = './kotlin-stdlib-jar.jar ./kotlinx-coroutines-core-jar.jar ./wxtransfer-aar.aar ./wxtransfer-testing-jar.jar' ] ||
    fail "wxtransfer-testing comes with other files: $app"

# Every source of the classes is in the jar of sources, unchanged.
mkdir "$work/sources"
(cd "$work/sources" && unzip -q "$work/all/wxtransfer-source.jar")
for directory in main/kotlin android/kotlin android/java; do
    (cd "$here/src/$directory" && find . -type f) | while read -r file; do
        cmp "$here/src/$directory/$file" "$work/sources/$file" || fail "the jar of sources has another $file"
    done
done

# Each public class has a page, and no internal class has one.
mkdir "$work/pages"
(cd "$work/pages" && unzip -q "$work/all/wxtransfer-javadoc.jar")
grep -q 'One launch of one mini program' "$work/pages/org/wxtransfer/WXTransferSession.html" || fail "the page of the session has no documentation"
sed -n 's/^public .*\(class\|interface\) org\.wxtransfer\.\([A-Za-z]*\).*/\2/p' "$here/api/wxtransfer.api" | while read -r class; do
    [ -e "$work/pages/org/wxtransfer/$class.html" ] || fail "$class has no page"
done
[ ! -e "$work/pages/org/wxtransfer/Native.html" ] || fail "an internal class has a page"

# A build tool passes the classes of the AAR and the jars to the compiler.
(cd "$work/app" && unzip -q wxtransfer-aar.aar classes.jar)
cat >"$work/App.kt" <<'KOTLIN'
import java.io.File
import kotlinx.coroutines.runBlocking
import org.wxtransfer.WXTransferDownloadRequest
import org.wxtransfer.WXTransfers
import org.wxtransfer.testing.WXTransferFakeSession
import org.wxtransfer.testing.WXTransferFakeTransfer

fun main(words: Array<String>) = runBlocking {
    val session = WXTransferFakeSession(File(words[0]))
    session.answerNext(WXTransferFakeTransfer.success("photo"))
    val transfers: WXTransfers = session
    println(transfers.downloadFile(WXTransferDownloadRequest("https://example.com/photo.jpg")).dataLength)
}
KOTLIN
classpath=$(cd "$work/app" && printf "$work/app/%s:" *.jar)
bash "$tools/kotlin/bin/kotlinc" -Werror -no-stdlib -no-reflect -jvm-target 1.8 -classpath "$classpath" -d "$work/classes" "$work/App.kt"
[ "$(java -classpath "$work/classes:$classpath" AppKt "$work")" = 5 ] || fail "the app does not get its photo"
echo "maven-test.sh: all passed"
