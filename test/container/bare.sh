#!/usr/bin/env bash
# Runs the README's first command and setup on a bare Debian 12, as a user who is not an administrator: without Node,
# pip and venv, with 200 MB in /tmp, a home folder that is not writable, LANG=C, and a path with spaces and umlauts.
# Ends with a table of the steps: outcome, seconds, and the megabytes that the lab then takes.
# Takes some minutes and 3 GB of disk. As root, on Debian: apt-get install mmdebstrap, then
#   bash test/container/bare.sh [--stack]    --stack runs the pipeline on the real systems too
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BARE=${BARE_FOLDER:-/var/tmp/lab-bare}
LAB="/srv/Übung mit Leerzeichen/läb"
passed=0 failed=0 table=()

if [ "${1:-}" != --inside ]; then
  command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2 && exit 1; }
  mkdir -p "$BARE"
  if [ ! -e "$BARE/root/made" ]; then
    rm -rf "$BARE/root"
    echo "creating a bare Debian 12 in $BARE/root (300 MB) ..."
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,sudo,python3,git,adduser,procps bookworm "$BARE/root"
    chroot "$BARE/root" useradd -m -s /bin/bash learner # may use sudo
    chroot "$BARE/root" useradd -m -s /bin/bash guest   # may not
    echo 'learner ALL=(ALL) NOPASSWD:ALL' >"$BARE/root/etc/sudoers.d/learner"
    touch "$BARE/root/made"
  fi
  exec unshare --mount --pid --fork --kill-child bash "${BASH_SOURCE[0]}" --inside "$@"
fi
shift

# In its own mount namespace: an overlay receives all writes and is discarded by the next run.
rm -rf "$BARE/written" "$BARE/work"
mkdir -p "$BARE/written" "$BARE/work" "$BARE/machine"
MACHINE="$BARE/machine"
mount -t overlay overlay -o "lowerdir=$BARE/root,upperdir=$BARE/written,workdir=$BARE/work" "$MACHINE"
mount -t proc proc "$MACHINE/proc"
mount --rbind /sys "$MACHINE/sys"
mount --rbind /dev "$MACHINE/dev"
mount -t tmpfs -o size=200m,mode=1777 tmpfs "$MACHINE/tmp"
# It uses the certificates and the apt, pip and npm settings of this machine to reach the package registries.
cp /etc/resolv.conf "$MACHINE/etc/resolv.conf"
echo "127.0.0.1 localhost $(hostname)" >"$MACHINE/etc/hosts"
for path in /usr/local/share/ca-certificates /etc/ssl/certs/java /etc/pip.conf /etc/apt/apt.conf.d/99*; do
  [ ! -e "$path" ] || { mkdir -p "$MACHINE${path%/*}" && cp -rL "$path" "$MACHINE${path%/*}/"; }
done
chroot "$MACHINE" update-ca-certificates >/dev/null 2>&1
echo "cafile=/etc/ssl/certs/ca-certificates.crt" | tee "$MACHINE/home/guest/.npmrc" >"$MACHINE/home/learner/.npmrc"
chroot "$MACHINE" chown root:root /home/guest
mkdir -p "$MACHINE$LAB" "$MACHINE/home/learner/lab"
git -C "$ROOT" archive HEAD | tar -x -C "$MACHINE$LAB"
git -C "$ROOT" archive HEAD | tar -x -C "$MACHINE/home/learner/lab"
chroot "$MACHINE" chown -R guest:guest "${LAB%/*}"
chroot "$MACHINE" chown -R learner:learner /home/learner

# as USER FOLDER SCRIPT: runs it in a new terminal of that user.
as() {
  chroot "$MACHINE" setpriv --reuid="$1" --regid="$1" --init-groups \
    env -i HOME="/home/$1" USER="$1" LANG=C TERM=dumb PATH=/usr/local/bin:/usr/bin:/bin bash -c 'cd "$0" && eval "$1"' "$2" "$3" 2>&1
}
# check WHAT STATUS PATTERN USER FOLDER SCRIPT: its exit code must be STATUS and its output match PATTERN.
check() {
  local what=$1 wanted=$2 pattern=$3 output outcome code=0 began=$SECONDS
  shift 3
  echo "== $what"
  output=$(as "$@") || code=$?
  if [ "$code" -eq "$wanted" ] && grep -qE "$pattern" <<<"$output"; then
    passed=$((passed + 1)) outcome=ok
    echo "   ok, in $((SECONDS - began)) s"
  else
    failed=$((failed + 1)) outcome=FAILED
    printf '%s\n' "$output" | tail -n 25
    echo "FAILED: exit code $code instead of $wanted, or the output does not match: $pattern"
  fi
  table+=("$(printf '%-60s %-8s %8s %6s' "$what" "$outcome" "$((SECONDS - began))" "$(du -sm "$MACHINE$2" 2>/dev/null | cut -f1)")")
}

check "no npm at first" 127 "npm: command not found" guest "$LAB" "npm test"
check "the README's first command" 0 "report: .*/report.html" guest "$LAB" \
  "source setup/node.sh && npm ci && npx tsx scripts/run-pipeline.ts"
check "a new terminal" 0 "nothing left to do" guest "$LAB" "source setup/node.sh && npx tsx scripts/run-pipeline.ts"
check "sh instead of bash" 0 "^v22" guest "$LAB" "sh -c '. setup/node.sh && node --version'"
check "setup" 0 "^Next: " guest "$LAB" "bash setup/ubuntu-24.04.sh"
check "setup again: nothing to do" 0 "^Installed in [0-9] s" guest "$LAB" "bash setup/ubuntu-24.04.sh"
check "a removed component is downloaded again" 0 "downloading JupyterLab" guest "$LAB" "rm -rf .lab/venv && bash setup/jupyter/install.sh"
check "nothing is left in .lab/tmp" 2 "cannot access" guest "$LAB" "ls .lab/tmp"
if [ "${1:-}" = --stack ]; then
  check "Spark, which was removed with it, is downloaded again" 0 "downloading Spark" guest "$LAB" "bash setup/spark/install.sh"
  check "the pipeline on the real systems" 0 "report: .*/report.html" guest "$LAB" "source setup/node.sh && npx tsx scripts/run-pipeline.ts --stack"
  check "the stack stops" 0 "" guest "$LAB" "source setup/node.sh && npx tsx scripts/stack.ts down"
fi
check "sudo is refused" 1 "Run this without sudo" learner /home/learner/lab "sudo bash setup/ubuntu-24.04.sh"
check "no packages yet: no stack trace" 1 "npm packages are not installed" learner /home/learner/lab \
  "PATH='$LAB/.lab/node/bin':\$PATH; npm test"
check "no packages yet: npx does not ask" 1 "npx canceled" learner /home/learner/lab \
  "PATH='$LAB/.lab/node/bin':\$PATH; npx tsx scripts/run-pipeline.ts"
mkdir -p "$MACHINE/home/learner/lab/.lab"
mount -t tmpfs -o size=300m,mode=1777 tmpfs "$MACHINE/home/learner/lab/.lab"
check "a disk that is too small" 1 "needs [0-9]+ MB in .*, but only [0-9]+ MB are free" learner /home/learner/lab "bash setup/ubuntu-24.04.sh"
printf '\n%-60s %-8s %8s %6s\n' step outcome seconds MB
printf '%s\n' "${table[@]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
