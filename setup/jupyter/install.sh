#!/usr/bin/env bash
# Installs JupyterLab into .lab/venv. Its TypeScript kernel is in this folder and needs no installation.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
requirements="$LAB_ROOT/setup/jupyter/requirements.txt" stamp="$LAB/venv/.installed-jupyter"
ensure_venv
is_installed "$stamp" "$requirements" && exit 0
# Without this file, Node would load JupyterLab's own scripts as ES modules, as the lab's package.json says.
printf '{ "private": true }\n' >"$LAB/package.json"
fetch "JupyterLab" 58 400 venv_pip_install -r "$requirements"
# JupyterLab does not fetch news or check for updates.
settings="$LAB/venv/share/jupyter/lab/settings"
mkdir -p "$settings"
cat >"$settings/overrides.json" <<'JSON'
{ "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false } }
JSON
mark_installed "$stamp" "$requirements"
