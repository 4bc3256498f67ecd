#!/usr/bin/env bash
# A Chromium for what draws and looks at pages: npm run notebooks and the browser tests. Learners need none.
# From apt where apt has one; Ubuntu's is a snap, so there it is the one that Playwright fetches.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
for place in "$LAB/browser/chromium" /usr/bin/{chromium,google-chrome,chromium-browser} /snap/bin/chromium; do
  [ ! -x "$place" ] || exit 0
done
candidate=$(apt-cache policy chromium 2>/dev/null | sed -n 's/ *Candidate: //p')
case $candidate in
  "" | "(none)" | *snap*)
    mkdir -p "$LAB/browser"
    export PLAYWRIGHT_BROWSERS_PATH="$LAB/browser"
    quietly "fetching Chromium" node "$LAB_ROOT/node_modules/playwright-core/cli.js" install --with-deps chromium
    program=$(find "$LAB/browser" -type f -name chrome | head -n 1)
    [ -n "$program" ] || fail "Playwright fetched no Chromium; see .lab/setup.log"
    ln -sfn "$program" "$LAB/browser/chromium"
    ;;
  *) apt_install chromium ;;
esac
