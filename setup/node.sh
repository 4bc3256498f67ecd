# Gives this shell a Node.js that the lab can use: `source setup/node.sh`, in each new terminal.
#
# Where Node is missing or older than 20.19, one is fetched into .lab/node, without root. Where a good one is
# there already, nothing happens. Works in bash and zsh, and in sh from the folder of the lab.

lab_node_good() {
  command -v node >/dev/null && command -v npm >/dev/null && node "$1/setup/ready.cjs" --version-only 2>/dev/null
}

lab_node() {
  # Which file is sourced only bash and zsh can tell; their ways to say it are errors in other shells.
  lab_node_file=setup/node.sh
  [ -z "${BASH_VERSION:-}" ] || eval 'lab_node_file=${BASH_SOURCE[0]}'
  [ -z "${ZSH_VERSION:-}" ] || eval 'lab_node_file=${(%):-%x}'
  if [ ! -f "$lab_node_file" ]; then
    echo "this shell cannot tell where the lab is: go to its folder first, then: . setup/node.sh" >&2
    return 1
  fi
  lab_node_root=$(cd "$(dirname "$lab_node_file")/.." && pwd) || return 1
  if ! lab_node_good "$lab_node_root"; then
    [ -x "$lab_node_root/.lab/node/bin/node" ] || bash "$lab_node_root/setup/node/install.sh" >&2 || return 1
    PATH="$lab_node_root/.lab/node/bin:$PATH"
    export PATH
    hash -r
    if ! lab_node_good "$lab_node_root"; then
      echo "the Node in .lab/node does not start: rm -rf .lab/node, then again" >&2
      return 1
    fi
  fi
  # npm's cache is in the home folder, where that can be written.
  if [ -z "${npm_config_cache:-}" ] && ! { mkdir -p "${HOME:-}/.npm" && [ -w "${HOME:-}/.npm" ]; } 2>/dev/null; then
    export npm_config_cache="$lab_node_root/.lab/npm"
  fi
  if [ ! -d "$lab_node_root/node_modules" ] && [ -z "${LAB_SETUP_LOG:-}" ]; then # the set-up says it by itself
    lab_node_free=$(df -Pm "$lab_node_root" | awk 'NR == 2 { print $4 }')
    echo "npm ci fetches 240 MB and needs 900 MB on the disk, of which $lab_node_free MB are free" >&2
    [ "$lab_node_free" -ge 900 ] || return 1
  fi
}

lab_node
