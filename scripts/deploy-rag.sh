#!/usr/bin/env bash
# Brings the assistant onto the cluster that kubectl speaks to, with what it needs; running it again updates it.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/deploy-rag.sh [--ollama] [--skip-build]

  1  creates the databases, ChromaDB among them, and their passwords (once), and creates or migrates the tables
  2  builds the image and loads it into k3s, where that is the cluster
  3  applies the assistant's manifests, and the language model's if it is asked for
  4  waits until they run, then prints the address

Everything works without a language model: answers then have the program's own sentences. With --ollama, one is fetched
from the internet (gigabytes) while the assistant answers already; it asks for a core and 4 GB of its own. Running the
script again is safe: passwords, data and models stay. Without --ollama, a language model that is there stays as it is;
to remove it:

  kubectl delete --kustomize kubernetes/services/ollama
  kubectl --namespace trading-system rollout restart deployment assistant-api

Options:
  --ollama       a language model too
  --skip-build   use the image as it is

Environment:
  IMAGE            name of the image, as in the manifests        (trading-ai/optimizer:latest)
  OVERLAY          folder that the assistant's part is taken of  (kubernetes/overlays/default)
  OLLAMA           folder of the language model                  (kubernetes/services/ollama)
  NAMESPACE        namespace of the services                     (trading-system)
  DATABASES        namespace of the databases                    (databases)
  TIMEOUT          seconds to wait for each roll-out             (300)
  CONTAINER_TOOL   docker or podman                              (docker)
  and those of scripts/build-optimizer.sh
END
}

build=1
with_ollama=0
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --ollama) with_ollama=1 ;;
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
ollama=${OLLAMA:-kubernetes/services/ollama}
namespace=${NAMESPACE:-trading-system}
databases=${DATABASES:-databases}
limit=${TIMEOUT:-300}
tool=${CONTAINER_TOOL:-docker}
line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
# shellcheck source=lib/deploying.sh
source scripts/lib/deploying.sh

printf '🧠 Deploying Assistant (RAG) Service\n%s\n\n' "$line"

prepare

begin 'Step 1: Creating databases'
make_databases
await "$databases" statefulset chroma
printf '✓ PostgreSQL and ChromaDB run, tables created\n\n'

begin 'Step 2: Building Docker image'
if [ "$build" -eq 1 ]; then
    printf '✓ Docker image built successfully\n\n'
else
    printf '✓ Docker image taken as it is\n\n'
fi

begin 'Step 3: Deploying to Kubernetes'
apply_part "kubectl diff --kustomize $overlay" 'name == "assistant-api"'
look_at_image
# Whatever is of this image, and not the assistant alone: that it is another one is noticed once.
restart_renewed optimizer-api pipeline-api celery-worker flower assistant-api
keep_image
[ "$with_ollama" -eq 0 ] || deploy_ollama
echo

begin 'Step 4: Waiting for deployments...'
await "$namespace" deployment assistant-api
[ "$with_ollama" -eq 0 ] || await "$namespace" statefulset ollama
tell_other_nodes
printf '✓ Assistant deployed successfully\n\n'
if [ "$with_ollama" -eq 1 ]; then
    printf 'The language model is being fetched; the assistant answers meanwhile:\n  kubectl --namespace %s logs --follow job/ollama-model\n\n' "$namespace"
fi
cat <<END
Service Information:
  Assistant API: http://localhost:30801
$(tell_key)

Test it:
  scripts/test-rag.sh

✅ Deployment Complete!
END
