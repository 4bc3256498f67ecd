#!/usr/bin/env bash
# Tries the image and the compose file with podman, on this machine's own network: builds the image, runs the pipeline and JupyterLab
# in it, starts the services, sends a tape through them, and compares the products with those that are made outside.
#
# The base image is BASE if it is set, or a Debian 12 that mmdebstrap makes: an image from a hub may be out of reach.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for program in podman buildah runc mmdebstrap; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed (apt-get install podman buildah runc mmdebstrap)" && exit 0; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: mmdebstrap and this set-up of podman need root" && exit 0; }

FOLDER=$PWD/.lab/container IMAGE=localhost/crypto-streaming-lab PROJECT=lab-container-test
mkdir -p "$FOLDER/tmp"
export TMPDIR=$FOLDER/tmp
# Images and containers stay in .lab/. The limits are those that a machine without systemd and cgroups allows.
cat >"$FOLDER/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$FOLDER/storage"
runroot = "$FOLDER/run"
CONF
cat >"$FOLDER/containers.conf" <<CONF
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=1000:1000"]
log_driver = "k8s-file"
CONF
export DISABLE_HC_SYSTEMD=true # there may be no systemd: the test runs the health checks itself
export CONTAINERS_STORAGE_CONF=$FOLDER/storage.conf CONTAINERS_CONF=$FOLDER/containers.conf

step() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }
fail() { printf 'FAILED: %s\n' "$*" && exit 1; }
compose() { "$FOLDER/venv/bin/podman-compose" -p "$PROJECT" -f setup/container/compose.yaml -f test/container/compose.host.yaml "$@"; }
cleanup() {
  if [ -n "${healthChecks:-}" ]; then kill "$healthChecks" 2>/dev/null || true; fi
  podman rm --force --ignore lab-test-jupyter >/dev/null 2>&1 || true
  if [ -x "$FOLDER/venv/bin/podman-compose" ]; then compose down --volumes >/dev/null 2>&1 || true; fi
  rm -rf "$FOLDER/tmp"
}
trap cleanup EXIT

step "base image"
if [ -z "${BASE:-}" ]; then
  BASE=localhost/debian-12
  podman image exists "$BASE" || mmdebstrap --quiet --variant=minbase bookworm - | podman import --quiet - "$BASE" >/dev/null
fi

step "build"
bash test/container/build.sh "$BASE" "$IMAGE" >"$FOLDER/build.log" 2>&1 || { tail -20 "$FOLDER/build.log" && fail "the build"; }
megabytes=$(($(podman image inspect --format '{{.Size}}' "$IMAGE") / 1000000))
echo "the image takes $megabytes MB"
[ "$megabytes" -le 2500 ] || fail "the image is larger than 2,500 MB"
[ "$(podman image inspect --format '{{.User}}' "$IMAGE")" = lab ] || fail "the image runs as another user than lab"

EVENTS=(--source market --events 5000)
products() { npx tsx test/container/rows.ts "$1"; }
step "the pipeline in a container"
rm -rf "$FOLDER/outside"
npx tsx scripts/run-pipeline.ts "${EVENTS[@]}" --out "$FOLDER/outside" >/dev/null 2>&1
products "$FOLDER/outside" >"$FOLDER/outside.rows"
podman run --rm --network=host "$IMAGE" bash -c \
  "tsx scripts/run-pipeline.ts ${EVENTS[*]} >/dev/null 2>&1 && tsx test/container/rows.ts .lab/out" >"$FOLDER/inside.rows"
[ "$(wc -l <"$FOLDER/outside.rows")" -gt 5000 ] || fail "the pipeline outside made too few rows"
cmp "$FOLDER/outside.rows" "$FOLDER/inside.rows" || fail "the products of the container differ"

step "JupyterLab in a container"
podman run --detach --name lab-test-jupyter --network=host "$IMAGE" \
  tsx scripts/lab.ts --no-browser --port 8888 >/dev/null
for _ in {1..60}; do
  podman healthcheck run lab-test-jupyter >/dev/null 2>&1 && healthy=yes && break || sleep 1
done
[ "${healthy:-}" = yes ] || { podman logs lab-test-jupyter 2>&1 | tail -5 && fail "JupyterLab does not become healthy"; }
[[ $(podman logs lab-test-jupyter 2>&1) == *'?token='* ]] || fail "JupyterLab asks for no token"
podman rm --force lab-test-jupyter >/dev/null

step "the compose file"
[ -x "$FOLDER/venv/bin/podman-compose" ] || {
  .lab/venv/bin/python -m venv "$FOLDER/venv"
  "$FOLDER/venv/bin/pip" install --quiet --disable-pip-version-check podman-compose==1.5.0
}
services=(zookeeper kafka namenode datanode spark registry lab)
(while sleep 2; do
  for service in "${services[@]}"; do
    podman healthcheck run "${PROJECT}_${service}_1" >/dev/null 2>&1 || true
  done
done) &
healthChecks=$!
compose up --detach >"$FOLDER/compose.log" 2>&1 || { tail -20 "$FOLDER/compose.log" && fail "compose up"; }
for service in "${services[@]}"; do
  for _ in {1..120}; do
    health=$(podman inspect --format '{{.State.Health.Status}}' "${PROJECT}_${service}_1" 2>/dev/null || true)
    [ "$health" = healthy ] && break || sleep 1
  done
  echo "$service is $health"
  [ "$health" = healthy ] || { podman logs "${PROJECT}_${service}_1" 2>&1 | tail -20 && fail "$service"; }
done
kill "$healthChecks"
unset healthChecks

step "a tape through Kafka, Spark and HDFS in their containers"
tape=(tsx scripts/run-pipeline.ts --stack)
npx tsx scripts/run-pipeline.ts --fresh --out "$FOLDER/outside" >/dev/null 2>&1
products "$FOLDER/outside" | grep -E '^(windows|changes|latest|prices|rejected) ' | cut -d, -f1-4 >"$FOLDER/outside.rows"
podman exec "${PROJECT}_lab_1" "${tape[@]}" >"$FOLDER/stack.log" 2>&1 || { tail -5 "$FOLDER/stack.log" && fail "the pipeline through the services"; }
podman exec "${PROJECT}_lab_1" tsx test/container/rows.ts hdfs://namenode:8020/lab/out |
  grep -E '^(windows|changes|latest|prices|rejected) ' | cut -d, -f1-4 >"$FOLDER/inside.rows"
cmp "$FOLDER/outside.rows" "$FOLDER/inside.rows" || fail "the products of the services differ"
wc -l <"$FOLDER/inside.rows" | xargs echo "equal rows:"
step "done"
