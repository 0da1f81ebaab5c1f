#!/usr/bin/env bash
# Brings the whole system onto the cluster that kubectl speaks to; running it again updates what has changed.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/deploy-optimizer.sh [--skip-build]

  1  creates the databases and their passwords (once), and creates or migrates the tables
  2  builds the image and loads it into k3s, where that is the cluster
  3  applies the manifests
  4  waits until everything runs, then prints the addresses

Migrations are part of the image, so the image is made before step 1 uses it. Running the script again is safe:
passwords and data stay, and what has not changed is left alone.

Options:
  --skip-build   use the image as it is

Environment:
  IMAGE            name of the image, as in the manifests        (trading-ai/optimizer:latest)
  OVERLAY          folder that is applied                        (kubernetes/overlays/default)
  NAMESPACE        namespace of the services                     (trading-system)
  DATABASES        namespace of the databases                    (databases)
  TIMEOUT          seconds to wait for each roll-out             (300)
  CONTAINER_TOOL   docker or podman                              (docker)
  and those of scripts/build-optimizer.sh
END
}

build=1
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --skip-build) build=0 ;;
        *) printf 'unknown option: %s\n\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

if ! [[ ${TIMEOUT:-300} =~ ^[0-9]{1,6}$ ]]; then
    printf 'TIMEOUT is a number of seconds, such as 300, not %s.\n\n' "$TIMEOUT" >&2
    usage >&2
    exit 2
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=lib/cluster.sh
source scripts/lib/cluster.sh
image=${IMAGE:-trading-ai/optimizer:latest}
overlay=${OVERLAY:-kubernetes/overlays/default}
namespace=${NAMESPACE:-trading-system}
databases=${DATABASES:-databases}
limit=${TIMEOUT:-300}
tool=${CONTAINER_TOOL:-docker}
deployments=(optimizer-api pipeline-api celery-worker flower assistant-api)
line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
# shellcheck source=lib/deploying.sh
source scripts/lib/deploying.sh

printf '🚀 Deploying Optimizer Service\n%s\n\n' "$line"

prepare

begin 'Step 1: Creating database tables'
make_databases
printf '✓ Database tables created\n\n'

begin 'Step 2: Building Docker image'
if [ "$build" -eq 1 ]; then
    printf '✓ Docker image built successfully\n\n'
else
    printf '✓ Docker image taken as it is\n\n'
fi

begin 'Step 3: Deploying to Kubernetes'
try "kubectl diff --kustomize $overlay" kubectl apply --kustomize "$overlay"
look_at_image
restart_renewed "${deployments[@]}"
keep_image
echo

begin 'Step 4: Waiting for deployments...'
for name in "${deployments[@]}"; do
    enough=
    [ "$name" != celery-worker ] || enough=some
    await "$namespace" deployment "$name" "$enough"
done
tell_other_nodes
cat <<END
✓ Optimizer deployed successfully

Service Information:
  Optimizer API: http://localhost:30802
  Pipeline API: http://localhost:30800
  Assistant API: http://localhost:30801
$(tell_key)
  Flower (Monitoring): http://localhost:30555
    user and password: kubectl --namespace $namespace get secret trading-ai-flower --output 'jsonpath={.data.basic-auth}' | base64 -d

✅ Deployment Complete!
END
