# What the set-up scripts share. Source it; it needs bash.

set -euo pipefail
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB="$LAB_ROOT/.lab"
LAB_SETUP_LOG="$LAB/setup.log"
mkdir -p "$LAB"

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Runs a command with its output in the log only; shows the end of the log where it fails.
quietly() {
  local what=$1
  shift
  say "$what ..."
  printf '\n== %s: %s\n' "$what" "$*" >>"$LAB_SETUP_LOG"
  if ! "$@" >>"$LAB_SETUP_LOG" 2>&1; then
    say "$what failed. The end of .lab/setup.log:" >&2
    grep -v '^ *$' "$LAB_SETUP_LOG" | tail -n 8 >&2
    fail "Run the same command again: it goes on from here."
  fi
}

# Installs Debian packages, saying so: the only thing that the lab puts outside of .lab/.
apt_install() {
  local sudo=""
  command -v apt-get >/dev/null || fail "$* is missing and there is no apt-get here: install it, then run the same command again."
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "$* is missing; as root: apt-get install $*"
    sudo=sudo
    say "$* is missing: installing it with sudo apt-get (it may ask for your password)"
  else
    say "$* is missing: installing it with apt-get"
  fi
  # shellcheck disable=SC2086
  [ -n "${LAB_APT_UPDATED:-}" ] || quietly "apt-get update" $sudo apt-get update
  export LAB_APT_UPDATED=1
  # shellcheck disable=SC2086
  quietly "apt-get install $*" $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# A component is installed when its stamp says the version that is wanted, so that a second run takes no time.
is_installed() { [ "$(cat "$LAB/$1/.installed" 2>/dev/null)" = "$2" ]; }
mark_installed() { printf '%s' "$2" >"$LAB/$1/.installed"; }

# Copies the jars that a pom names, with all that they need, into a folder.
copy_jars() {
  local name=$1 pom=$2 folder=$3
  command -v mvn >/dev/null || apt_install maven
  # -U: after a failed download Maven would not ask again for a day.
  quietly "fetching the jars of $name" mvn -B -U -f "$pom" -Dmaven.repo.local="$LAB/maven" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$folder"
}

# The Python environment that Spark and JupyterLab live in.
lab_python() {
  if [ ! -x "$LAB/venv/bin/pip" ]; then
    command -v python3 >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || apt_install python3 python3-venv
    rm -rf "$LAB/venv"
    quietly "making a Python environment" python3 -m venv "$LAB/venv"
  fi
}

lab_pip() {
  local name=$1
  shift
  lab_python
  # Its cache would go to the home folder.
  quietly "fetching the Python packages of $name" "$LAB/venv/bin/pip" install --no-cache-dir --disable-pip-version-check "$@"
}
