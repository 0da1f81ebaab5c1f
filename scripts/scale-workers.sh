#!/usr/bin/env bash
# Sets how many workers the cluster runs.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/scale-workers.sh N

Scales the Deployment celery-worker to N pods and waits until they run. Where an autoscaler looks after the workers,
its lower bound is raised (or lowered) to N too, and its upper bound if N is above it; otherwise it would undo the
change within a minute. 0 is refused then: an autoscaler keeps at least one.

Workers that go finish the chunk they hold first; nothing is lost.

With Docker Compose instead:  docker compose up -d --scale worker=N

Environment:
  NAMESPACE   (trading-system)
  TIMEOUT     how long to wait for the pods (300s)
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

wanted=$1
namespace=${NAMESPACE:-trading-system}
limit=${TIMEOUT:-300s}
deployment=celery-worker

command -v kubectl >/dev/null || fail 'Nothing was scaled' 'kubectl is not installed' \
    'install kubectl, or run this on the server: on k3s it is part of k3s'

if ! before=$(kubectl --namespace "$namespace" get deployment "$deployment" --output 'jsonpath={.spec.replicas}' 2>&1); then
    fail 'Nothing was scaled' "$before" "kubectl get deployments --namespace $namespace"
fi
printf 'Scaling %s from %s to %s\n' "$deployment" "$before" "$wanted"

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

adjust scaledobjects.keda.sh minReplicaCount maxReplicaCount
# KEDA makes an autoscaler of its own and keeps it as it wants it; only ours is touched.
[ "$adjusted" -eq 1 ] || adjust horizontalpodautoscalers.autoscaling minReplicas maxReplicas

if ! message=$(kubectl --namespace "$namespace" scale deployment "$deployment" --replicas "$wanted" 2>&1); then
    fail 'Nothing was scaled' "$message" "kubectl --namespace $namespace describe deployment $deployment"
fi
if ! message=$(kubectl --namespace "$namespace" rollout status deployment "$deployment" --timeout "$limit" 2>&1); then
    fail "The workers did not all start within $limit" "$message" \
        "kubectl --namespace $namespace get pods --selector app=celery-worker; kubectl --namespace $namespace describe pods --selector app=celery-worker"
fi
printf '✓ %s workers\n' "$wanted"
