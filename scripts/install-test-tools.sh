#!/usr/bin/env bash
# Try to provide jq, kubectl and promtool, which some tests use. Never fails: without one, those tests skip and say so.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 0

# program:package of Debian and Ubuntu
tools=(jq:jq kubectl:kubernetes-client promtool:prometheus)

find_tool() { # where the tests look too: this environment, then the system
    [ -x ".venv/bin/$1" ] || command -v "$1" >/dev/null 2>&1
}

missing=()
for tool in "${tools[@]}"; do
    find_tool "${tool%%:*}" || missing+=("${tool#*:}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing ${missing[*]} for the tests ..."
    log="$(mktemp)"
    for package in "${missing[@]}"; do
        # A stale package index is the usual reason for a first failure, so refresh it once before the second try.
        for attempt in install refresh; do
            [ "$attempt" = refresh ] && timeout 120 apt-get update -qq >>"$log" 2>&1
            # Without what a package recommends: promtool is wanted, a running Prometheus is not.
            DEBIAN_FRONTEND=noninteractive timeout 600 \
                apt-get install -y -qq --no-install-recommends "$package" >>"$log" 2>&1 && break
        done || echo "$package could not be installed (last line: $(tail -n 1 "$log"))."
    done
    rm -f "$log"
fi

# Debian 12 has one of 2021, which does not know all that our manifests use.
case " ${missing[*]} " in
    *' kubernetes-client '*)
        if find_tool kubectl && ! kubectl kustomize kubernetes/overlays/default >/dev/null 2>&1; then
            echo "This system's kubectl is too old (1.27 is needed): the tests of the manifests will be skipped."
        fi
        ;;
esac
for tool in "${tools[@]}"; do
    find_tool "${tool%%:*}" || echo "No ${tool%%:*} found: the tests that need it will be skipped."
done
exit 0
