#!/usr/bin/env bash
# Installs Maven into .lab/maven. Maven downloads the jars of Kafka, HDFS and Spark; setup removes it when it ends.
# The npm package mvn contains Maven's own archive and needs no administrator, unlike apt's package (228 MB).
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# The checksum of apache-maven-3.5.0-bin.zip on Maven Central.
SHA256=a6866b0a0dd5abe3a51124a758a0a842a24edd0bea42ebc74dbf93ad44eb1960

[ -x "$LAB/java/bin/java" ] || bash "$LAB_ROOT/setup/java/install.sh"
[ ! -x "$LAB/maven/bin/mvn" ] || exit 0
ensure_venv
# shellcheck source=../node.sh
source "$LAB_ROOT/setup/node.sh"

unpack_maven() {
  cd "$TMPDIR" && npm pack --silent mvn@3.5.0 && tar -xzf mvn-3.5.0.tgz &&
    echo "$SHA256  package/src/apache-maven-3.5.0-bin.zip" | sha256sum --check &&
    python3 -m zipfile -e package/src/apache-maven-3.5.0-bin.zip . &&
    chmod +x apache-maven-3.5.0/bin/mvn && mv apache-maven-3.5.0 "$LAB/maven"
}
rm -rf "$LAB/maven"
fetch "Maven" 9 40 unpack_maven
