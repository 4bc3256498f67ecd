# What the set-up scripts share. Source it; it needs bash.

set -euo pipefail
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB="$LAB_ROOT/.lab"
LAB_SETUP_LOG="$LAB/setup.log"
# Else Java and Python cannot read a path with letters beyond ASCII where the locale is C.
export LC_ALL=C.UTF-8
# How long to wait for another program that installs packages; a fresh virtual machine updates itself at first.
APT_LOCK_SECONDS=${APT_LOCK_SECONDS:-300}

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Files of root in a user's checkout would make every later command fail.
if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ] && [ -n "$(find "$LAB_ROOT" -maxdepth 0 ! -user root)" ]; then
  fail "Run this without sudo: $LAB_ROOT would be left with files of root. The set-up calls sudo where it needs it."
fi
mkdir -p "$LAB" 2>/dev/null || fail "$LAB_ROOT cannot be written by $(id -un): everything is installed in its folder .lab."
if [ ! -w "$LAB" ] || { [ -e "$LAB_SETUP_LOG" ] && [ ! -w "$LAB_SETUP_LOG" ]; }; then
  fail "$LAB has files that $(id -un) cannot write: sudo chown -R $(id -un) '$LAB'"
fi

# Temporary files go to .lab/tmp, since pip needs 1 GB for Spark and /tmp is often smaller. The script that was
# started first removes its folder at its end; a folder whose script was killed is removed by the next one.
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

# need_disk NAME MB: ends with the size where the disk has less.
need_disk() {
  local free
  free=$(free_mb)
  [ "$free" -ge "$2" ] || fail "$1 needs $2 MB in $LAB, and $free MB are free: free $(($2 - free)) MB, then run the same command again."
}

# Runs a command with its output in the log only; shows the end of the log where it fails.
quietly() {
  local what=$1 from words
  shift
  say "$what ..."
  printf '\n== %s: %s\n' "$what" "$*" >>"$LAB_SETUP_LOG"
  from=$(wc -c <"$LAB_SETUP_LOG")
  "$@" >>"$LAB_SETUP_LOG" 2>&1 && return
  words=$(tail -c "+$((from + 1))" "$LAB_SETUP_LOG" | grep -v '^ *$' || true)
  if grep -qE 'No space left on device|ENOSPC|Disk quota exceeded' <<<"$words"; then
    fail "$what failed: the disk is full${LAB_FETCH_MB:+; it needs $LAB_FETCH_MB MB}, and $(free_mb) MB are free in $LAB. Free some, then run the same command again."
  fi
  say "$what failed. The end of .lab/setup.log:" >&2
  tail -n 8 <<<"$words" >&2
  fail "Run the same command again: it goes on from here."
}

# fetch NAME MB DISK_MB COMMAND...: a download of so many MB, which needs so many on the disk while it is unpacked.
fetch() {
  local name=$1 size=$2
  LAB_FETCH_MB=$3
  shift 3
  need_disk "$name" "$LAB_FETCH_MB"
  quietly "fetching $name ($size MB)" "$@"
  unset LAB_FETCH_MB
}

# Sets `as_root` to what makes a command run as root; false where there is no way.
as_root=()
can_be_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  as_root=(sudo)
}

# DPkg::Lock::Timeout is how apt-get waits for the lock of packages; for the lock of lists it does not wait at all.
apt_update() {
  local deadline=$((SECONDS + APT_LOCK_SECONDS))
  until "${as_root[@]}" apt-get update 2>&1 | tee "$TMPDIR/apt-update"; do
    grep -q 'Could not get lock' "$TMPDIR/apt-update" && [ $SECONDS -lt $deadline ] || return 1
    echo "another program holds apt's lock: waiting"
    sleep 3
  done
}

# Asks Debian's servers what they have, once in a set-up: a fresh machine knows nothing yet.
update_apt() {
  [ -z "${LAB_APT_UPDATED:-}" ] || return 0
  quietly "apt-get update (it waits up to $APT_LOCK_SECONDS s if another program is installing)" apt_update
  export LAB_APT_UPDATED=1
}

# Installs Debian packages, saying so: the only thing that the lab puts outside of .lab/.
apt_install() {
  local package
  command -v apt-get >/dev/null || fail "$* is missing and there is no apt-get here: install it, then run the same command again."
  can_be_root || fail "$* is missing, and only an administrator can install it: apt-get update && apt-get install $*"
  say "$* is missing: installing it with ${as_root:+sudo }apt-get${as_root:+ (it may ask for your password)}"
  update_apt
  for package in "$@"; do
    apt_has "$package" || fail "apt has no package $package on this system: install what it stands for by hand, then run the same command again."
  done
  quietly "apt-get install $*" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout="$APT_LOCK_SECONDS" install -y --no-install-recommends "$@"
}

# Not through a pipe to grep -q: it stops reading at the first match, and the broken pipe then counts as a failure.
apt_has() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[0-9]* ]]; }

# A stamp says which list of packages was installed. It lies in the folder that it vouches for, and goes with it.
is_installed() { [ "$(cat "$1" 2>/dev/null)" = "$(cksum <"$2")" ]; }
mark_installed() { cksum <"$2" >"$1"; }

# copy_jars NAME MB COMPONENT: the jars that setup/COMPONENT/pom.xml names, with all that they need.
copy_jars() {
  local pom="$LAB_ROOT/setup/$3/pom.xml" folder="$LAB/$3/jars" certificates=/etc/ssl/certs/java/cacerts options=""
  is_installed "$folder/.installed" "$pom" && return
  bash "$LAB_ROOT/setup/maven/install.sh"
  # Where this machine keeps certificates for Java, a company's own among them, those are the ones to trust.
  [ ! -s "$certificates" ] || options="-Djavax.net.ssl.trustStore=$certificates"
  rm -rf "$folder"
  # -U: after a failed download Maven would not ask again for a day. -C: what arrives must match its checksum.
  fetch "the jars of $1" "$2" "$((3 * $2))" env JAVA_HOME="$LAB/java" MAVEN_OPTS="$options ${MAVEN_OPTS:-}" \
    "$LAB/maven/bin/mvn" -B -U -C -f "$pom" -Dmaven.repo.local="$LAB/maven/repository" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$folder"
  mark_installed "$folder/.installed" "$pom"
}

# Prints where pip's wheel is. Debian and Ubuntu keep it in a package of its own, which every user may download.
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

# A Python environment, also where Debian's package python3-venv is missing.
make_environment() {
  local wheel
  rm -rf "$1"
  if python3 -c 'import ensurepip' 2>/dev/null; then
    python3 -m venv "$1"
  else
    echo "this Python has no ensurepip: taking pip from apt's package python3-pip-whl"
    python3 -m venv --without-pip "$1" && wheel=$(pip_wheel) || return 1
    "$1/bin/python" "$wheel/pip" install --no-cache-dir --disable-pip-version-check pip
  fi
}

# The Python environment that Spark and JupyterLab live in, and whose pip fetches Node and Java. It is made again, and
# with it what it held, if the Python that it links to was removed.
lab_python() {
  [ ! -x "$LAB/venv/bin/pip" ] || ! "$LAB/venv/bin/python" -c 'import pip' 2>/dev/null || return 0
  command -v python3 >/dev/null || apt_install python3
  need_disk "a Python environment" 150
  quietly "making a Python environment in .lab/venv" make_environment "$LAB/venv"
}

# lab_pip ARGUMENTS...: pip install, without the cache that would go to the home folder.
lab_pip() { "$LAB/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --no-warn-script-location "$@"; }
