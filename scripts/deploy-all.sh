#!/usr/bin/env bash
# Brings the whole system onto the cluster that kubectl speaks to, part by part; running it again updates what has changed.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/deploy-all.sh [--only PART[,PART]] [--ollama] [--without-monitoring] [--skip-build]

In this order, each part once the one before it runs:

  image        built, and loaded into k3s where that is the cluster
  databases    PostgreSQL, Redis and ChromaDB with their passwords (made once), settings, network policies, the tables
  pipeline     data pipeline API, on 30800
  optimizer    optimizer API on 30802, workers, Flower on 30555
  assistant    assistant API on 30801, and with --ollama a language model of its own
  monitoring   Prometheus, and Grafana on 30300

A part that fails says why and what to look at, and those after it are not begun. Running the script again is safe:
passwords, data and models stay, and what has not changed is left alone. On a bare machine run
infrastructure/scripts/setup-server.sh first; scripts/test-all.sh then tests everything.

Options:
  --only PART            these parts only, comma-separated; the image is made with those that run it
  --ollama               a language model too (a core, 4 GB of memory, gigabytes from the internet)
  --without-monitoring   where there is a Prometheus already
  --skip-build           use the image as it is

Environment:
  IMAGE            name of the image, as in the manifests        (trading-ai/optimizer:latest)
  OVERLAY          folder that is applied                        (kubernetes/overlays/default)
  OLLAMA           folder of the language model                  (kubernetes/services/ollama)
  MONITORING       folder of Prometheus and Grafana              (kubernetes/monitoring)
  NAMESPACE        namespace of the services                     (trading-system)
  DATABASES        namespace of the databases                    (databases)
  TIMEOUT          seconds to wait for each roll-out             (300)
  CONTAINER_TOOL   docker or podman                              (docker)
  and those of scripts/build-optimizer.sh
END
}

wrong() {
    printf '%s\n\n' "$1" >&2
    usage >&2
    exit 2
}

build=1
with_ollama=0
every=(databases pipeline optimizer assistant monitoring)
parts=("${every[@]}")
without=
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --ollama) with_ollama=1 ;;
        --skip-build) build=0 ;;
        --without-monitoring) without=monitoring ;;
        --only)
            [ $# -ge 2 ] || wrong '--only needs a value'
            IFS=, read -r -a parts <<<"$2"
            shift
            ;;
        *) wrong "unknown option: $1" ;;
    esac
    shift
done
[ "${#parts[@]}" -gt 0 ] || wrong '--only names no part'
for part in "${parts[@]}"; do
    case " ${every[*]} " in
        *" $part "*) ;;
        *) wrong "there is no part $part: choose of ${every[*]}" ;;
    esac
done
[[ ${TIMEOUT:-300} =~ ^[0-9]{1,6}$ ]] || wrong "TIMEOUT is a number of seconds, such as 300, not $TIMEOUT."

wanted() { # wanted PART
    [ "$1" != "$without" ] || return 1
    case " ${parts[*]} " in
        *" $1 "*) return 0 ;;
    esac
    return 1
}
if [ "$with_ollama" -eq 1 ] && ! wanted assistant; then
    wrong '--ollama is of the part assistant, which --only leaves out'
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=lib/cluster.sh
source scripts/lib/cluster.sh
image=${IMAGE:-trading-ai/optimizer:latest}
overlay=${OVERLAY:-kubernetes/overlays/default}
ollama=${OLLAMA:-kubernetes/services/ollama}
monitoring=${MONITORING:-kubernetes/monitoring}
namespace=${NAMESPACE:-trading-system}
databases=${DATABASES:-databases}
limit=${TIMEOUT:-300}
tool=${CONTAINER_TOOL:-docker}
line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
# shellcheck source=lib/deploying.sh
source scripts/lib/deploying.sh

n_steps=0
for part in "${every[@]}"; do
    ! wanted "$part" || n_steps=$((n_steps + 1))
done
n=0
part() { # part TITLE
    n=$((n + 1))
    begin "Step $n/$n_steps: $1"
}

apply_own() { # apply_own FILTER NAME...: what a filter takes, and pods of these Deployments where the image is another
    local filter=$1
    shift
    apply_part "kubectl diff --kustomize $overlay" "$filter"
    restart_renewed "$@"
}

deploy_monitoring() {
    local name
    kubectl kustomize "$monitoring" >"$work/monitoring.yaml" 2>"$work/errors" ||
        fail "the manifests do not render: $(reason kubectl)" "kubectl kustomize $monitoring"
    cp "$work/monitoring.yaml" "$work/manifests.yaml"
    apply_part 'kubectl get namespaces' 'kind == "Namespace"'
    secret monitoring grafana password "$(random_password)"
    try "kubectl diff --kustomize $monitoring" kubectl apply --filename "$work/monitoring.yaml"
    for name in prometheus grafana; do
        await monitoring statefulset "$name"
    done
}

printf '🚀 Deploying the whole system\n%s\n\n' "$line"

prepare
look_at_image_after=0
if wanted databases; then
    part 'databases'
    make_databases
    await "$databases" statefulset chroma
    printf '✓ PostgreSQL, Redis and ChromaDB run, tables created\n\n'
elif wanted pipeline || wanted optimizer || wanted assistant; then
    make_image
fi
if [ "$n_steps" -gt 1 ] || ! wanted monitoring; then
    look_at_image
    look_at_image_after=1
fi
if wanted pipeline; then
    part 'pipeline'
    apply_own 'name == "pipeline-api"' pipeline-api
    await "$namespace" deployment pipeline-api
    printf '✓ Pipeline API: http://localhost:30800\n\n'
fi
if wanted optimizer; then
    part 'optimizer'
    # With it whatever an overlay of your own adds.
    apply_own 'kind != "Job" && name !~ /^(pipeline|assistant)-api$/' optimizer-api celery-worker flower
    for name in optimizer-api flower; do
        await "$namespace" deployment "$name"
    done
    await "$namespace" deployment celery-worker some
    printf '✓ Optimizer API: http://localhost:30802, Flower: http://localhost:30555\n\n'
fi
if wanted assistant; then
    part 'assistant'
    apply_own 'name == "assistant-api"' assistant-api
    [ "$with_ollama" -eq 0 ] || deploy_ollama
    await "$namespace" deployment assistant-api
    [ "$with_ollama" -eq 0 ] || await "$namespace" statefulset ollama
    printf '✓ Assistant API: http://localhost:30801\n'
    [ "$with_ollama" -eq 0 ] ||
        printf '  The language model is being fetched: kubectl --namespace %s logs --follow job/ollama-model\n' "$namespace"
    echo
fi
if [ "$look_at_image_after" -eq 1 ]; then
    step='Noting the image'
    # Of parts that were left out too: that it is another one is noticed once.
    for part in pipeline optimizer assistant; do
        wanted "$part" && continue
        case $part in
            optimizer) restart_renewed optimizer-api celery-worker flower ;;
            *) restart_renewed "$part-api" ;;
        esac
    done
    keep_image
fi
if wanted monitoring; then
    part 'monitoring'
    deploy_monitoring
    printf '✓ Prometheus runs, Grafana: http://localhost:30300\n\n'
fi
tell_other_nodes
printf 'Service Information:\n'
! wanted pipeline || printf '  Pipeline API: http://localhost:30800\n'
! wanted assistant || printf '  Assistant API: http://localhost:30801\n'
! wanted optimizer || printf '  Optimizer API: http://localhost:30802\n'
tell_key
! wanted optimizer || cat <<END
  Flower (Monitoring): http://localhost:30555
    user and password: kubectl --namespace $namespace get secret trading-ai-flower --output 'jsonpath={.data.basic-auth}' | base64 -d
END
! wanted monitoring || cat <<END
  Grafana: http://localhost:30300
    password of admin: kubectl --namespace monitoring get secret grafana --output 'jsonpath={.data.password}' | base64 -d
END
cat <<END

Test it:
  scripts/test-all.sh

✅ Deployment Complete!
END
