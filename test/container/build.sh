#!/usr/bin/env bash
# Builds the image with podman's builder. BASE and TAG are arguments; the clients of package registries are set up as on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
base=$1 tag=$2
settings=$(mktemp -d)
trap 'rm -rf "$settings"' EXIT

# How this machine's clients reach their registries, and which authorities they trust. This is mounted while the image is built,
# and is not part of it.
options=()
mount() { [ ! -e "$1" ] || options+=(--volume "$1:$2:ro"); }
authorities=/etc/ssl/certs/ca-certificates.crt inside=/run/authorities.crt
mount "$authorities" "$inside"
mount /etc/ssl/certs/java/cacerts /etc/ssl/certs/java/cacerts
mount /etc/apt/apt.conf.d /etc/apt/apt.conf.d
mount "$HOME/.m2/settings.xml" /home/lab/.m2/settings.xml
{ grep -hv '^cert *=' /etc/pip.conf || echo '[global]'; } >"$settings/pip.conf" 2>/dev/null
echo "cert = $inside" >>"$settings/pip.conf"
{ grep -hv '^nodedir' "$HOME/.npmrc" || true; } >"$settings/npmrc" 2>/dev/null
echo "cafile=$inside" >>"$settings/npmrc"
chmod -R a+rX "$settings"
mount "$settings/pip.conf" /etc/pip.conf
mount "$settings/npmrc" /home/lab/.npmrc

buildah bud --isolation=chroot --network=host --format docker --layers "${options[@]}" \
  --build-arg "BASE=$base" --file setup/container/Containerfile --tag "$tag" .
