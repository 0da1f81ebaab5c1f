#!/usr/bin/env bash
# Try to provide the browser that the page tests use. Never fails: without one, those tests skip and say so.
set -uo pipefail

find_browser() {
    for name in "${TRADING_AI_TEST_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

find_browser && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the page tests ..."
    log="$(mktemp)"
    # A stale package index is the usual reason for a first failure, so refresh it once before the second try.
    for attempt in install refresh; do
        [ "$attempt" = refresh ] && timeout 120 apt-get update -qq >>"$log" 2>&1
        DEBIAN_FRONTEND=noninteractive timeout 600 \
            apt-get install -y -qq --no-install-recommends chromium >>"$log" 2>&1
        if find_browser; then
            rm -f "$log"
            exit 0
        fi
    done
    echo "chromium could not be installed (last line: $(tail -n 1 "$log"))."
    rm -f "$log"
fi
echo "No browser found: the page tests will be skipped."
exit 0
