# shellcheck shell=bash disable=SC2034,SC2154 # callers set what is named first, and read what is left for them
# What the scripts that bring the system onto a cluster share; sourced by them, not run.
#
# Callers set, before they source this: image, overlay, namespace, databases, limit (seconds for each roll-out), tool
# (docker or podman) and build (1: build the image).

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

# --- what every deployment does ---------------------------------------------------------------------------------

prepare() { # renders the manifests, after a look whether that can be worked with
    local command
    for command in kubectl "$tool"; do
        command -v "$command" >/dev/null || fail "$command is not installed" "install $command, then run this again"
    done
    kubectl get nodes --output name >/dev/null 2>"$work/errors" ||
        fail "the cluster does not answer: $(reason kubectl)" 'kubectl cluster-info; on k3s: export KUBECONFIG=/etc/rancher/k3s/k3s.yaml'
    kubectl kustomize "$overlay" >"$work/manifests.yaml" 2>"$work/errors" ||
        fail "the manifests do not render: $(reason kubectl)" "kubectl kustomize $overlay"
}

apply_part() { # apply_part NEXT FILTER: those documents of the rendered manifests that a filter takes
    documents "$2" >"$work/part.yaml"
    [ -s "$work/part.yaml" ] || fail "$overlay has nothing of what this step deploys" "kubectl kustomize $overlay"
    try "$1" kubectl apply --filename "$work/part.yaml"
}

make_databases() { # databases, passwords, settings and policies, and the tables; the image must be there
    local here=$step name policy
    make_image
    step=$here
    apply_part "kubectl get namespaces" 'kind == "Namespace"' >/dev/null
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
    apply_part "kubectl --namespace $databases get events --sort-by=.lastTimestamp" \
        'where == "'"$databases"'" || kind ~ /^(ServiceAccount|ConfigMap|NetworkPolicy|PriorityClass)$/' >/dev/null
    for name in postgres redis; do
        await "$databases" statefulset "$name"
    done
    told 'migration'
    apply_part "kubectl --namespace $namespace describe job migrate" 'kind == "Job" && name == "migrate"' >/dev/null
    wait_for_migration
}

await() { # await NAMESPACE KIND NAME [some]: until its pods run; `some` are enough where the rest lack only room
    roll_out "$1" "$2" "$3" "$limit" "${4:-}" && return
    if [ $? -eq 2 ]; then
        printf '! %s of %s workers run, the others start when there is room: %s\n' "$running" "$wanted" "$why"
        return
    fi
    fail "$3 does not run: $why" \
        "kubectl --namespace $1 describe $2 $3; kubectl --namespace $1 describe pods --selector app=$3; kubectl --namespace $1 logs $2/$3 --all-containers"
}

# The tag stays the same when the image changes, so pods would keep the old one: they are told.
renewed=0
other_nodes=0
look_at_image() { # whether the pods that run have another image, and how many nodes besides have to be given it
    local now before
    now=$(image_id)
    before=$(kubectl get namespace "$namespace" --output 'jsonpath={.metadata.annotations.trading-ai-image}' 2>/dev/null || true)
    [ -n "$now" ] && [ "$now" != "$before" ] || return 0
    other_nodes=$(kubectl get nodes --output name 2>/dev/null | grep -c . || true)
    other_nodes=$((other_nodes - 1))
    [ -z "$before" ] || renewed=1
}

restart_renewed() { # restart_renewed NAME...: those of these Deployments that are there, where the image is another one
    local name
    [ "$renewed" -eq 1 ] || return 0
    for name in "$@"; do
        if [ -n "$(k get deployment "$name" --ignore-not-found --output name 2>/dev/null || true)" ]; then
            try "kubectl --namespace $namespace describe deployment $name" k rollout restart deployment "$name"
        fi
    done
}

keep_image() { # notes which image the pods have now been given
    local now
    now=$(image_id)
    [ -n "$now" ] || return 0
    try "kubectl describe namespace $namespace" \
        kubectl annotate namespace "$namespace" "trading-ai-image=$now" --overwrite >/dev/null
}

tell_other_nodes() {
    [ "$other_nodes" -gt 0 ] || return 0
    cat <<END
! The image is new, and $other_nodes other nodes keep the one they have, unless a registry serves it. On each of them:
    k3s ctr images import optimizer.tar        # made here by: $tool save --output optimizer.tar $image
  and then here: kubectl --namespace $namespace rollout restart deployment
END
}

tell_key() {
    cat <<END
    API key: export TRADING_AI_API_KEY=\$(kubectl --namespace $namespace get secret trading-ai-api --output 'jsonpath={.data.admin-key}' | base64 -d)
END
}

deploy_ollama() { # the language model beside the assistant, whose settings are read again where they have changed
    local next="kubectl --namespace $namespace get events --sort-by=.lastTimestamp"
    kubectl kustomize "$ollama" >/dev/null 2>"$work/errors" ||
        fail "the manifests of the language model do not render: $(reason kubectl)" "kubectl kustomize $ollama"
    # A finished Job cannot be changed; one that still fetches is begun anew, and goes on with what has come.
    try "kubectl --namespace $namespace describe job ollama-model" k delete job ollama-model --ignore-not-found --wait=true >/dev/null
    try "$next" kubectl apply --kustomize "$ollama" >"$work/applied"
    cat "$work/applied"
    if grep -qE '^configmap/trading-ai-ollama (created|configured)' "$work/applied"; then
        try "kubectl --namespace $namespace describe deployment assistant-api" k rollout restart deployment assistant-api
    fi
}
