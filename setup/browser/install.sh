#!/usr/bin/env bash
# A Chromium for what draws and looks at pages: npm run notebooks and the browser tests. Learners need none.
# From apt where apt has one; Ubuntu's is a snap, so there it is the one that Playwright fetches.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Not Ubuntu's chromium-browser: that is a snap, which may not read the temporary profile that a browser test makes.
for place in "$LAB/browser/chromium" /usr/bin/{chromium,google-chrome}; do
  [ ! -x "$place" ] || exit 0
done
# A fresh machine does not know yet what apt has.
if command -v apt-get >/dev/null && can_be_root; then
  apt_has chromium || update_apt
fi
candidate=$(apt-cache policy chromium 2>/dev/null | sed -n 's/ *Candidate: //p')
case $candidate in
  "" | "(none)" | *snap*)
    # shellcheck source=../node.sh
    source "$LAB_ROOT/setup/node.sh"
    node "$LAB_ROOT/setup/ready.cjs"
    can_be_root || fail "Chromium needs libraries that only an administrator can install: sudo bash -c 'npx playwright-core install-deps chromium'"
    [ ${#as_root[@]} -eq 0 ] || say "Playwright installs the libraries that Chromium needs with sudo apt-get (it may ask for your password)"
    export PLAYWRIGHT_BROWSERS_PATH="$LAB/browser"
    mkdir -p "$LAB/browser"
    fetch "Chromium" 180 900 node "$LAB_ROOT/node_modules/playwright-core/cli.js" install --with-deps chromium
    program=$(find "$LAB/browser" -type f -name chrome -print -quit)
    [ -n "$program" ] || fail "Playwright fetched no Chromium; see .lab/setup.log"
    ln -sfn "$program" "$LAB/browser/chromium"
    ;;
  *) apt_install chromium ;;
esac
