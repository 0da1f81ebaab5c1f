#!/usr/bin/env bash
# Tests the whole running system: every part's own test, then Flower and monitoring.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/test-all.sh [--without-monitoring]

Runs scripts/test-optimizer.sh and scripts/test-rag.sh, then looks whether Flower and Grafana answer. Every part is tested,
also after one that failed; it exits with 1 if any did.

Options:
  --without-monitoring   where Grafana is not deployed

Environment:
  OPTIMIZER_URL, PIPELINE_URL, ASSISTANT_URL   the APIs   (http://localhost:30802, :30800, :30801)
  FLOWER_URL           Flower                             (http://localhost:30555)
  GRAFANA_URL          Grafana                            (http://localhost:30300)
  TRADING_AI_API_KEY   key that is sent, if any; it needs scope run
  TIMEOUT              seconds that the optimization may take (120)
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
here=${here:-./}
# shellcheck source=lib/api.sh
source "${here}lib/api.sh"

monitoring=1
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --without-monitoring) monitoring=0 ;;
        *) wrong "unknown option: $1" ;;
    esac
    shift
done

connect 'Nothing was tested'
trap 'rm -rf "$work"' EXIT
flower=${FLOWER_URL:-http://localhost:30555}
grafana=${GRAFANA_URL:-http://localhost:30300}
failed=()

part() { # part NAME SCRIPT
    "$here$2" || failed+=("$1")
    echo
}

# page NAME URL ADVICE: the project's key is none of theirs, so it is not sent
page() {
    if TRADING_AI_API_KEY='' request GET "$2"; then
        good "$1: ${2%/*}"
    else
        bad "$1" "$reason"
        printf '  Next: %s\n' "$3"
    fi
}

part pipeline,optimizer test-optimizer.sh
part assistant test-rag.sh

printf '🧪 Testing Flower and monitoring\n━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n'
page Flower "${flower%/}/healthcheck" 'kubectl --namespace trading-system logs deployment/flower; or: docker compose logs flower'
[ "$monitoring" -eq 0 ] || page Grafana "${grafana%/}/api/health" \
    'kubectl --namespace monitoring logs statefulset/grafana; or: docker compose logs grafana; or --without-monitoring'
summary || failed+=(monitoring)

if [ "${#failed[@]}" -gt 0 ]; then
    printf '\n✗ Failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
printf '\n✅ The whole system works\n'
