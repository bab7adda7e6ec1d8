#!/bin/sh
# Prints the class path of the tests, without the library and its dependencies: kotlin-test and JUnit 5. $1 is the directory of
# toolchain.sh.
set -eu

java=/usr/share/java
classpath=$1/kotlin/lib/kotlin-test.jar:$1/kotlin/lib/kotlin-test-junit5.jar
for jar in junit-jupiter-api junit-jupiter-engine junit-platform-commons junit-platform-engine junit-platform-launcher \
    junit-platform-console junit-platform-reporting opentest4j apiguardian-api picocli \
    opentest4j-reporting-events; do
    if [ -e "$java/$jar.jar" ]; then classpath=$classpath:$java/$jar.jar; fi
done
echo "$classpath"
