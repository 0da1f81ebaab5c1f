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
deployments=(optimizer-api pipeline-api celery-worker flower)
line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step='Before step 1'
fail() { # fail WHY NEXT
    printf '\n✗ %s failed\n' "$step" >&2
    printf '  Why:  %s\n' "$1" >&2
    printf '  Next: %s\n' "$2" >&2
    exit 1
}

told() { # told WHAT: what a step is busy with
    printf '  %s ...\n' "$1"
}

begin() {
    step=$1
    printf '%s\n' "$step"
}

# try NEXT COMMAND...: shows what the command prints; if it fails, the last line of its errors is the reason.
try() {
    local next=$1
    shift
    if ! "$@" 2>"$work/errors"; then
        fail "$(reason "$1")" "$next"
    fi
}

reason() {
    local last
    last=$(grep -v '^[[:space:]]*$' "$work/errors" | tail -n 1 || true)
    printf '%s' "${last:-$1 failed without saying why}"
}

k() { kubectl --namespace "$namespace" "$@"; }
d() { kubectl --namespace "$databases" "$@"; }

# documents FILTER: those of the rendered manifests whose kind and name the awk condition takes.
documents() {
    awk '
        function flush() { if (kind != "" && ('"$1"')) printf "---\n%s", text; text = kind = name = where = "" }
        /^---/ { flush(); next }
        /^kind: / { kind = $2 }
        /^  name: / && name == "" { name = $2 }
        /^  namespace: / && where == "" { where = $2 }
        { text = text $0 "\n" }
        END { flush() }' "$work/manifests.yaml"
}

password() { # password NAMESPACE SECRET KEY: empty where there is none
    kubectl --namespace "$1" get secret "$2" --ignore-not-found --output "jsonpath={.data.$3}" | base64 -d
}

random_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# secret NAMESPACE NAME KEY VALUE [KEY VALUE]: made where it is absent; values go by standard input, never as arguments.
secret() {
    local where=$1 name=$2 found
    shift 2
    if ! found=$(kubectl --namespace "$where" get secret "$name" --ignore-not-found --output name 2>"$work/errors"); then
        fail "$(reason kubectl)" "kubectl --namespace $where get secrets"
    fi
    [ -z "$found" ] || return 0
    {
        printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\nstringData:\n' "$name" "$where"
        while [ $# -gt 0 ]; do
            printf '  %s: "%s"\n' "$1" "$2"
            shift 2
        done
    } >"$work/secret.yaml"
    try "kubectl --namespace $where get secrets" kubectl create --filename - <"$work/secret.yaml"
    rm -f "$work/secret.yaml"
}

database_password() { # database_password SECRET KEPT-IN KEY: what it is already, or a new one
    local found
    if ! found=$(password "$databases" "$1" password && password "$namespace" "$2" "$3") 2>"$work/errors"; then
        fail "$(reason kubectl)" "kubectl --namespace $databases get secret $1"
    fi
    if [ -n "$found" ]; then
        found=$(password "$databases" "$1" password 2>/dev/null || true)
        [ -n "$found" ] || found=$(password "$namespace" "$2" "$3" 2>/dev/null || true)
    elif [ -n "$(d get persistentvolumeclaims --ignore-not-found --output name 2>/dev/null | grep -e "-$1-0$" || true)" ]; then
        fail "there is data of $1, but the Secret $1 with its password is gone" \
            "put the old password back: kubectl --namespace $databases create secret generic $1 --from-literal=password=OLD"
    else
        found=$(random_password)
    fi
    printf '%s' "$found"
}

make_secrets() {
    local postgres redis
    postgres=$(database_password postgres trading-ai-database postgres-password) || exit 1
    redis=$(database_password redis trading-ai-broker redis-password) || exit 1
    secret "$databases" postgres password "$postgres"
    secret "$databases" redis password "$redis"
    secret "$namespace" trading-ai-database postgres-password "$postgres" \
        database-url "postgresql://trading:$postgres@postgres.$databases.svc.cluster.local:5432/trading"
    secret "$namespace" trading-ai-broker redis-password "$redis" \
        broker-url "redis://:$redis@redis.$databases.svc.cluster.local:6379/0"
    secret "$namespace" trading-ai-flower basic-auth "admin:$(random_password)"
    secret "$namespace" trading-ai-api admin-key "tai_$(random_password)"
}

wait_for_migration() {
    local deadline=$((SECONDS + limit)) state
    local next="kubectl --namespace $namespace logs job/migrate; kubectl --namespace $namespace describe job migrate"
    while :; do
        if ! state=$(k get job migrate --output 'jsonpath={.status.conditions[?(@.status=="True")].type}' 2>"$work/errors"); then
            fail "$(reason kubectl)" "$next"
        fi
        case $state in
            *Complete*) return ;;
            *Failed*)
                k logs job/migrate --tail 1 >"$work/errors" 2>&1 || true
                fail "the migration failed: $(reason 'the Job')" "$next"
                ;;
        esac
        [ "$SECONDS" -lt "$deadline" ] || fail "the migration has not ended within $limit s" "$next"
        sleep "${POLL_SECONDS:-2}"
    done
}

image_id() { "$tool" image inspect --format '{{.Id}}' "$image" 2>/dev/null || true; }

load_image() {
    local kubelets
    kubelets=$(kubectl get nodes --output 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}' 2>/dev/null || true)
    case $kubelets in
        *+k3s*) ;;
        *) return 0 ;;
    esac
    command -v k3s >/dev/null || fail 'the cluster is k3s, and the command k3s is not on this machine' \
        "run this on the server, or there: k3s ctr images import FILE (from: $tool save -o FILE $image)"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
    fi
    told 'loading the image into k3s'
    "$tool" save --output "$work/image.tar" "$image" 2>"$work/errors" || fail "$(reason "$tool")" "$tool image ls; df -h ${TMPDIR:-/tmp}"
    ${as_root[@]+"${as_root[@]}"} k3s ctr images import "$work/image.tar" >/dev/null 2>"$work/errors" ||
        fail "$(reason k3s)" 'sudo systemctl status k3s; df -h /var/lib/rancher'
    rm -f "$work/image.tar"
}

# --- the image: step 1 needs it, step 2 tells of it ---------------------------------------------------------------

make_image() {
    step='Step 2 (building the image, which step 1 needs)'
    if [ "$build" -eq 1 ]; then
        told 'building the image, which the migration is part of: minutes the first time'
        IMAGE=$image scripts/build-optimizer.sh >"$work/build.log" 2>&1 || {
            tail -n 15 "$work/build.log" >&2
            fail 'the image could not be built; the end of its log is above' 'scripts/build-optimizer.sh'
        }
    elif [ -z "$(image_id)" ]; then
        fail "there is no image $image on this machine" 'scripts/build-optimizer.sh'
    fi
    load_image
}

printf '🚀 Deploying Optimizer Service\n%s\n\n' "$line"

for command in kubectl "$tool"; do
    command -v "$command" >/dev/null || fail "$command is not installed" "install $command, then run this again"
done
kubectl get nodes --output name >/dev/null 2>"$work/errors" ||
    fail "the cluster does not answer: $(reason kubectl)" 'kubectl cluster-info; on k3s: export KUBECONFIG=/etc/rancher/k3s/k3s.yaml'
kubectl kustomize "$overlay" >"$work/manifests.yaml" 2>"$work/errors" ||
    fail "the manifests do not render: $(reason kubectl)" "kubectl kustomize $overlay"

begin 'Step 1: Creating database tables'
make_image
step='Step 1: Creating database tables'
documents 'kind == "Namespace"' >"$work/part.yaml"
try "kubectl get namespaces" kubectl apply --filename "$work/part.yaml" >/dev/null
told 'databases'
make_secrets >/dev/null
try "kubectl --namespace $namespace describe job migrate" k delete job migrate --ignore-not-found --wait=true >/dev/null
# Of an early version, and nothing that can be changed in place. Its pod and its data stay.
for name in postgres redis; do
    policy=$(d get statefulset "$name" --ignore-not-found --output 'jsonpath={.spec.podManagementPolicy}' 2>/dev/null || true)
    [ "$policy" != OrderedReady ] || try "kubectl --namespace $databases get statefulset $name" \
        d delete statefulset "$name" --cascade orphan >/dev/null
done
# Everything but what uses the tables: that comes after them.
documents 'where == "'"$databases"'" || kind ~ /^(ServiceAccount|ConfigMap|NetworkPolicy|PriorityClass)$/' >"$work/part.yaml"
try "kubectl --namespace $databases get events --sort-by=.lastTimestamp" kubectl apply --filename "$work/part.yaml" >/dev/null
for name in postgres redis; do
    roll_out "$databases" statefulset "$name" "$limit" ||
        fail "$name does not run: $why" "kubectl --namespace $databases describe statefulset $name; kubectl --namespace $databases describe pods --selector app=$name"
done
told 'migration'
documents 'kind == "Job" && name == "migrate"' >"$work/part.yaml"
[ -s "$work/part.yaml" ] || fail "there is no Job migrate in $overlay" "kubectl kustomize $overlay"
try "kubectl --namespace $namespace describe job migrate" kubectl apply --filename "$work/part.yaml" >/dev/null
wait_for_migration
printf '✓ Database tables created\n\n'

begin 'Step 2: Building Docker image'
if [ "$build" -eq 1 ]; then
    printf '✓ Docker image built successfully\n\n'
else
    printf '✓ Docker image taken as it is\n\n'
fi

begin 'Step 3: Deploying to Kubernetes'
try "kubectl diff --kustomize $overlay" kubectl apply --kustomize "$overlay"
# The tag stays the same when the image changes, so pods would keep the old one: they are told.
now=$(image_id)
before=$(kubectl get namespace "$namespace" --output 'jsonpath={.metadata.annotations.trading-ai-image}' 2>/dev/null || true)
other_nodes=
if [ -n "$now" ] && [ "$now" != "$before" ]; then
    other_nodes=$(kubectl get nodes --output name 2>/dev/null | grep -c . || true)
    other_nodes=$((other_nodes - 1))
    if [ -n "$before" ]; then
        for name in "${deployments[@]}"; do
            try "kubectl --namespace $namespace describe deployment $name" k rollout restart deployment "$name"
        done
    fi
    try "kubectl describe namespace $namespace" \
        kubectl annotate namespace "$namespace" "trading-ai-image=$now" --overwrite >/dev/null
fi
echo

begin 'Step 4: Waiting for deployments...'
for name in "${deployments[@]}"; do
    enough=
    [ "$name" != celery-worker ] || enough=some
    roll_out "$namespace" deployment "$name" "$limit" "$enough" && continue
    if [ $? -eq 2 ]; then
        printf '! %s of %s workers run, the others start when there is room: %s\n' "$running" "$wanted" "$why"
        continue
    fi
    fail "$name does not run: $why" \
        "kubectl --namespace $namespace get pods; kubectl --namespace $namespace describe pods --selector app=$name; kubectl --namespace $namespace logs deployment/$name --all-containers"
done
if [ "${other_nodes:-0}" -gt 0 ]; then
    cat <<END
! The image is new, and $other_nodes other nodes keep the one they have, unless a registry serves it. On each of them:
    k3s ctr images import optimizer.tar        # made here by: $tool save --output optimizer.tar $image
  and then here: kubectl --namespace $namespace rollout restart deployment
END
fi
cat <<END
✓ Optimizer deployed successfully

Service Information:
  Optimizer API: http://localhost:30802
  Pipeline API: http://localhost:30800
    API key: export TRADING_AI_API_KEY=\$(kubectl --namespace $namespace get secret trading-ai-api --output 'jsonpath={.data.admin-key}' | base64 -d)
  Flower (Monitoring): http://localhost:30555
    user and password: kubectl --namespace $namespace get secret trading-ai-flower --output 'jsonpath={.data.basic-auth}' | base64 -d

✅ Deployment Complete!
END
