# Puts a suitable Node.js on the PATH of this shell: run `source setup/node.sh` in each new terminal.
#
# If Node is missing or older than 20.19, Node 22 is downloaded into .lab/node, without root. If a suitable one is
# already there, nothing changes. Works in bash and zsh, and in sh from the lab's folder.

lab_node_is_suitable() {
  command -v node >/dev/null && command -v npm >/dev/null && node "$1/setup/ready.cjs" --version-only 2>/dev/null
}

lab_node() {
  # Only bash and zsh know the path of a sourced file; eval, because their syntax is an error in other shells.
  lab_node_file=setup/node.sh
  [ -z "${BASH_VERSION:-}" ] || eval 'lab_node_file=${BASH_SOURCE[0]}'
  [ -z "${ZSH_VERSION:-}" ] || eval 'lab_node_file=${(%):-%x}'
  if [ ! -f "$lab_node_file" ]; then
    echo "this shell does not know where the lab is: change to its folder first, then run: . setup/node.sh" >&2
    return 1
  fi
  lab_node_root=$(cd "$(dirname "$lab_node_file")/.." && pwd) || return 1
  if ! lab_node_is_suitable "$lab_node_root"; then
    [ -x "$lab_node_root/.lab/node/bin/node" ] || bash "$lab_node_root/setup/node/install.sh" >&2 || return 1
    PATH="$lab_node_root/.lab/node/bin:$PATH"
    export PATH
    hash -r
    if ! lab_node_is_suitable "$lab_node_root"; then
      echo "the Node in .lab/node does not start: rm -rf .lab/node, then source setup/node.sh again" >&2
      return 1
    fi
  fi
  # npm's cache is in the home folder, or in .lab/npm if the home folder is not writable.
  if [ -z "${npm_config_cache:-}" ] && ! { mkdir -p "${HOME:-}/.npm" && [ -w "${HOME:-}/.npm" ]; } 2>/dev/null; then
    export npm_config_cache="$lab_node_root/.lab/npm"
  fi
  if [ ! -d "$lab_node_root/node_modules" ] && [ -z "${LAB_SETUP_LOG:-}" ]; then # setup reports this itself
    lab_node_free=$(df -Pm "$lab_node_root" | awk 'NR == 2 { print $4 }')
    echo "npm ci downloads 240 MB and needs 900 MB of disk; $lab_node_free MB are free" >&2
    [ "$lab_node_free" -ge 900 ] || return 1
  fi
}

lab_node
