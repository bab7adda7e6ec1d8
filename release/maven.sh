#!/bin/sh
# Makes the Maven repository of the Android library, with the layout and the files that Maven Central requires, except the
# signatures:
#   org.wxtransfer:wxtransfer            the AAR of aar.sh
#   org.wxtransfer:wxtransfer-testing    the fake session for apps' tests, a jar
# An app can use target/maven by a file:// URL. Packs the same as wxtransfer-VERSION-maven.zip for an upload, and prints its path.
#
# usage: maven.sh        after aar.sh and bindings/kotlin/build.sh. Needs a JDK, openssl and zip.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

GROUP=org.wxtransfer
VERSION=$(version)
URL=$(metadata repository)
KOTLIN=$ROOT/bindings/kotlin/src
REPOSITORY=$PACKAGES/maven
# The oldest versions that work: the classes have Kotlin's API version 2.2.
KOTLIN_VERSION=2.2.0
COROUTINES_VERSION=1.8.0

# dependency GROUP ARTIFACT VERSION [TYPE]
dependency() {
    printf '    <dependency>\n      <groupId>%s</groupId>\n      <artifactId>%s</artifactId>\n      <version>%s</version>\n' "$1" "$2" "$3"
    [ -z "${4:-}" ] || printf '      <type>%s</type>\n' "$4"
    printf '      <scope>compile</scope>\n    </dependency>\n'
}

# pom ARTIFACT PACKAGING DESCRIPTION: prints the description of an artefact. Its dependencies are on standard input.
pom() {
    cat <<POM
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <groupId>$GROUP</groupId>
  <artifactId>$1</artifactId>
  <version>$VERSION</version>
  <packaging>$2</packaging>
  <name>$1</name>
  <description>$3</description>
  <url>$(metadata homepage)</url>
  <licenses>
    <license>
      <name>MIT</name>
      <url>https://opensource.org/license/mit</url>
    </license>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
  <developers>
    <developer>
      <name>The wxtransfer developers</name>
      <url>$URL</url>
    </developer>
  </developers>
  <scm>
    <connection>scm:git:$URL</connection>
    <url>$URL</url>
    <tag>$VERSION</tag>
  </scm>
  <dependencies>
$(cat)
  </dependencies>
</project>
POM
}

# publish ARTIFACT PACKAGING FILE DESCRIPTION SOURCES...: adds an artefact with the sources of its classes. The POM's dependencies
# are on standard input.
publish() (
    artifact=$1 packaging=$2 file=$3 description=$4 directory=$REPOSITORY/org/wxtransfer/$1/$VERSION work=$WORK/$1
    shift 4
    name=$directory/$artifact-$VERSION
    mkdir -p "$directory" "$work/sources" "$work/javadoc"
    cp "$file" "$name.$packaging"
    pom "$artifact" "$packaging" "$description" >"$name.pom"
    for sources in "$@"; do cp -R "$sources/." "$work/sources/"; done
    zip_directory "$work/sources" "$name-sources.jar" .
    cp -R "$ROOT/target/kotlin/$artifact-javadoc/." "$work/javadoc/"
    zip_directory "$work/javadoc" "$name-javadoc.jar" .
    for file in "$name"*; do
        for kind in md5 sha1; do
            sum=$(openssl dgst "-$kind" -r "$file")
            echo "${sum%% *}" >"$file.$kind"
        done
    done
)

need openssl
need zip
AAR=$PACKAGES/aar/wxtransfer-$VERSION.aar
TESTING=$ROOT/target/kotlin/wxtransfer-testing.jar
[ -f "$AAR" ] || fail "run aar.sh first: there is no $AAR"
[ -f "$TESTING" ] || fail "run bindings/kotlin/build.sh first: there is no $TESTING"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
rm -rf "$REPOSITORY"
"$ROOT/bindings/kotlin/javadoc.sh" >&2

{
    dependency org.jetbrains.kotlin kotlin-stdlib $KOTLIN_VERSION
    dependency org.jetbrains.kotlinx kotlinx-coroutines-core $COROUTINES_VERSION
} | publish wxtransfer aar "$AAR" "$(metadata description)" "$KOTLIN/main/kotlin" "$KOTLIN/android/kotlin" "$KOTLIN/android/java"
{
    dependency $GROUP wxtransfer "$VERSION" aar
    dependency org.jetbrains.kotlin kotlin-stdlib $KOTLIN_VERSION
    dependency org.jetbrains.kotlinx kotlinx-coroutines-core $COROUTINES_VERSION
} | publish wxtransfer-testing jar "$TESTING" "A fake session of wxtransfer, for the tests of apps" "$KOTLIN/testing/kotlin"

archive=$PACKAGES/wxtransfer-$VERSION-maven.zip
zip_directory "$REPOSITORY" "$archive" org
echo "$archive"
