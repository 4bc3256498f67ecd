#!/usr/bin/env bash
# JupyterLab into .lab/venv. Its TypeScript kernel is in this folder and needs no installation.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
wanted="$LAB_ROOT/setup/jupyter/requirements.txt" stamp="$LAB/venv/.installed-jupyter"
lab_python
is_installed "$stamp" "$wanted" && exit 0
# Node takes JupyterLab's own scripts for ES modules otherwise: the project around .lab/ says that all of its are.
printf '{ "private": true }\n' >"$LAB/package.json"
fetch "JupyterLab" 58 400 lab_pip -r "$wanted"
# It asks nobody for news, and nothing of the internet.
settings="$LAB/venv/share/jupyter/lab/settings"
mkdir -p "$settings"
cat >"$settings/overrides.json" <<'JSON'
{ "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false } }
JSON
mark_installed "$stamp" "$wanted"
