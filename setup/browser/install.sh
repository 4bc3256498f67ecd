#!/usr/bin/env bash
# Installs Chromium for `npm run notebooks` and the browser tests. Learners do not need it.
# It comes from apt, or from Playwright on Ubuntu, whose Chromium is a snap.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Ubuntu's chromium-browser is not used: a snap cannot read the temporary profile that a browser test creates.
for place in "$LAB/browser/chromium" /usr/bin/{chromium,google-chrome}; do
  [ ! -x "$place" ] || exit 0
done
# On a new machine apt's package lists are empty.
if command -v apt-get >/dev/null && can_be_root; then
  apt_has chromium || apt_update_once
fi
candidate=$(apt-cache policy chromium 2>/dev/null | sed -n 's/ *Candidate: //p')
case $candidate in
  "" | "(none)" | *snap*)
    # shellcheck source=../node.sh
    source "$LAB_ROOT/setup/node.sh"
    node "$LAB_ROOT/setup/ready.cjs"
    can_be_root || fail "Chromium needs libraries, which only an administrator can install: sudo bash -c 'npx playwright-core install-deps chromium'"
    [ ${#as_root[@]} -eq 0 ] || say "Playwright installs the libraries of Chromium with sudo apt-get (it may ask for your password)"
    export PLAYWRIGHT_BROWSERS_PATH="$LAB/browser"
    mkdir -p "$LAB/browser"
    fetch "Chromium" 180 900 node "$LAB_ROOT/node_modules/playwright-core/cli.js" install --with-deps chromium
    program=$(find "$LAB/browser" -type f -name chrome -print -quit)
    [ -n "$program" ] || fail "Playwright downloaded no Chromium; see .lab/setup.log"
    ln -sfn "$program" "$LAB/browser/chromium"
    ;;
  *) apt_install chromium ;;
esac
