#!/usr/bin/env bash
# Sets how many workers the cluster runs.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/scale-workers.sh N

Sets how many workers run, on whichever of these runs them:
  Kubernetes       the Deployment celery-worker has N pods. Where an autoscaler looks after the workers, its lower
                   bound is raised (or lowered) to N too, and its upper bound if N is above it; otherwise it would
                   undo the change within a minute. 0 is refused then: an autoscaler keeps at least one.
  Docker Compose   the service worker has N containers.
  this machine     N processes `trading-ai worker`; TRADING_AI_DATABASE_URL and TRADING_AI_BROKER_URL say for whom.

Workers that go finish the chunk they hold first; nothing is lost.

Environment:
  WHERE       kubernetes, compose or local; otherwise the first that runs workers
  NAMESPACE   of Kubernetes (trading-system)
  TIMEOUT     seconds to wait for pods, or for processes that end (300s)
  LOG         where processes of this machine write (worker.log)
END
}

fail() {
    printf '✗ %s\n' "$1" >&2
    printf '  Why:  %s\n' "$2" >&2
    printf '  Next: %s\n' "$3" >&2
    exit 1
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
if [ $# -ne 1 ] || ! [[ $1 =~ ^(0|[1-9][0-9]{0,3})$ ]]; then
    printf 'N is a number from 0 to 9999.\n\n' >&2
    usage >&2
    exit 2
fi

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/cluster.sh
source "${here:-./}lib/cluster.sh"

if ! [[ ${TIMEOUT:-300s} =~ ^[0-9]{1,6}s?$ ]]; then
    printf 'TIMEOUT is a number of seconds, such as 300 or 300s, not %s.\n\n' "$TIMEOUT" >&2
    usage >&2
    exit 2
fi

wanted=$1
namespace=${NAMESPACE:-trading-system}
limit=${TIMEOUT:-300s}
deployment=celery-worker

compose() ( # where the Compose file and .env are
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    if docker compose version >/dev/null 2>&1; then
        docker compose "$@"
    else
        docker-compose "$@"
    fi
)

count() { # count THINGS: lines that are not empty
    grep --count . <<<"$1" || true
}

# --- Docker Compose ---------------------------------------------------------------------------------------------

compose_runs() {
    command -v docker >/dev/null && [ -n "$(compose ps --quiet worker 2>/dev/null)" ]
}

scale_compose() {
    local message
    printf 'Scaling worker from %s to %s\n' "$(count "$(compose ps --quiet worker 2>/dev/null)")" "$wanted"
    if ! message=$(compose up --detach --no-deps --no-recreate --scale "worker=$wanted" worker 2>&1); then
        fail 'Not all workers were scaled' "$message" 'docker compose ps; docker compose logs worker'
    fi
    printf '✓ %s workers\n' "$wanted"
}

# --- processes of this machine ----------------------------------------------------------------------------------

processes() {
    pgrep --euid "$(id -u)" --full '(^|/)trading-ai worker( |$)' || true
}

local_runs() {
    command -v pgrep >/dev/null && { [ -n "${TRADING_AI_BROKER_URL:-}" ] || [ -n "$(processes)" ]; }
}

scale_local() {
    local running n pid end log=${LOG:-worker.log}
    running=$(processes)
    n=$(count "$running")
    printf 'Scaling processes from %s to %s\n' "$n" "$wanted"
    if [ "$n" -lt "$wanted" ]; then
        [ -n "${TRADING_AI_BROKER_URL:-}" ] || fail 'No worker was started' 'TRADING_AI_BROKER_URL is not set' \
            'set it and TRADING_AI_DATABASE_URL as for the other workers'
        command -v trading-ai >/dev/null || fail 'No worker was started' 'trading-ai is not installed' \
            'source .venv/bin/activate'
        while [ "$n" -lt "$wanted" ]; do
            nohup trading-ai worker >>"$log" 2>&1 </dev/null &
            n=$((n + 1))
        done
        sleep 2
        n=$(count "$(processes)")
        [ "$n" -ge "$wanted" ] || fail "Only $n of $wanted workers run" "$(tail -n 3 "$log")" "less $log"
    else
        end=$((SECONDS + ${limit%s}))
        for pid in $(tail -n "+$((wanted + 1))" <<<"$running"); do
            kill -TERM "$pid"
        done
        for pid in $(tail -n "+$((wanted + 1))" <<<"$running"); do
            while kill -0 "$pid" 2>/dev/null; do
                [ "$SECONDS" -lt "$end" ] || fail "A worker did not end within $limit" \
                    "process $pid still finishes its chunk" "ps -p $pid; kill -KILL $pid loses no trial, the chunk runs again"
                sleep 0.2
            done
        done
    fi
    printf '✓ %s workers\n' "$wanted"
}

# --- Kubernetes -------------------------------------------------------------------------------------------------

deployed() {
    kubectl --namespace "$namespace" get deployment "$deployment" --output 'jsonpath={.spec.replicas}' 2>&1
}

kubernetes_runs() {
    command -v kubectl >/dev/null && deployed >/dev/null
}

# name, lower and upper bound of what scales the workers by itself; nothing where there is none
bounds() { # bounds KIND NAME-OF-LOWER NAME-OF-UPPER
    kubectl --namespace "$namespace" get "$1" --output \
        "jsonpath={range .items[?(@.spec.scaleTargetRef.name==\"$deployment\")]}{.metadata.name} {.spec.$2} {.spec.$3}{\"\\n\"}{end}" \
        2>/dev/null || true
}

adjusted=0
adjust() { # adjust KIND NAME-OF-LOWER NAME-OF-UPPER
    local found name upper message
    found=$(bounds "$@")
    [ -n "$found" ] || return 0
    read -r name _ upper <<<"$found"
    if [ "$wanted" -eq 0 ]; then
        fail 'Nothing was scaled' "the autoscaler $name keeps at least one worker" \
            "kubectl --namespace $namespace delete $1 $name; scripts/scale-workers.sh 0"
    fi
    if ! [[ $upper =~ ^[0-9]+$ ]] || [ "$upper" -lt "$wanted" ]; then
        upper=$wanted
    fi
    if ! message=$(kubectl --namespace "$namespace" patch "$1" "$name" --type merge \
        --patch "{\"spec\":{\"$2\":$wanted,\"$3\":$upper}}" 2>&1); then
        fail 'Nothing was scaled' "$message" "kubectl --namespace $namespace describe $1 $name"
    fi
    printf '✓ Autoscaler %s keeps %s to %s workers from now on\n' "$name" "$wanted" "$upper"
    adjusted=1
}

scale_kubernetes() {
    local before message
    command -v kubectl >/dev/null || fail 'Nothing was scaled' 'kubectl is not installed' \
        'install kubectl, or run this on the server: on k3s it is part of k3s'
    if ! before=$(deployed); then
        fail 'Nothing was scaled' "$before" "kubectl get deployments --namespace $namespace"
    fi
    printf 'Scaling %s from %s to %s\n' "$deployment" "$before" "$wanted"

    adjust scaledobjects.keda.sh minReplicaCount maxReplicaCount
    # KEDA makes an autoscaler of its own and keeps it as it wants it; only ours is touched.
    [ "$adjusted" -eq 1 ] || adjust horizontalpodautoscalers.autoscaling minReplicas maxReplicas

    if ! message=$(kubectl --namespace "$namespace" scale deployment "$deployment" --replicas "$wanted" 2>&1); then
        fail 'Nothing was scaled' "$message" "kubectl --namespace $namespace describe deployment $deployment"
    fi
    local n=$wanted rc=0
    roll_out "$namespace" deployment "$deployment" "${limit%s}" some || rc=$?
    case $rc in
        0) printf '✓ %s workers\n' "$n" ;;
        2) fail "$running of $n workers run, the others start when there is room" "$why" \
            'add a machine: infrastructure/scripts/add-worker.sh --help; or ask for fewer workers' ;;
        *) fail "The workers did not all start within $limit" "$why" \
            "kubectl --namespace $namespace get pods --selector app=celery-worker; kubectl --namespace $namespace describe pods --selector app=celery-worker" ;;
    esac
}

case ${WHERE:-} in
    kubernetes | compose | local) "scale_$WHERE" ;;
    '')
        if kubernetes_runs; then
            scale_kubernetes
        elif compose_runs; then
            scale_compose
        elif local_runs; then
            scale_local
        else
            scale_kubernetes # nothing runs workers here: it says what is missing
        fi
        ;;
    *)
        printf 'WHERE is kubernetes, compose or local, not %s.\n\n' "$WHERE" >&2
        usage >&2
        exit 2
        ;;
esac
