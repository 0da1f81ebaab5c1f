#!/usr/bin/env bash
# Joins this machine to the k3s cluster as a node that workers run on.
set -euo pipefail

usage() {
    cat <<'END'
Usage: sudo infrastructure/scripts/add-worker.sh [SERVER [TOKEN]] [options]

Run on the new machine. SERVER is the address of the k3s server (https://10.0.0.5:6443, or just 10.0.0.5); TOKEN is
what the server keeps in /var/lib/rancher/k3s/server/node-token. Better than as an argument, which other users of
this machine can see, TOKEN is given in K3S_TOKEN or in a file.

Options:
  --token-file FILE   read the token from FILE
  --name NAME         name of the node                          (this machine's host name)
  --image FILE        load the image from FILE, made by `docker save -o FILE trading-ai/optimizer:latest` where it
                      was built; needed where no registry holds the image
  --installer FILE    k3s's install script, where it cannot be downloaded
  --check             check what is needed, change nothing
  -h, --help          this

Environment: K3S_URL (for SERVER), K3S_TOKEN (for TOKEN), INSTALL_K3S_* (handed to k3s's installer; choose the
server's version with INSTALL_K3S_VERSION).

The node gets the label trading-ai/worker=true. Afterwards, on the server:
  kubectl get nodes -l trading-ai/worker=true
  scripts/scale-workers.sh N

Without Kubernetes. A worker needs two URLs and nothing else; the database and the broker must be reachable from the
new machine. With Docker:

  docker run -d --restart unless-stopped --stop-timeout 120 --read-only --tmpfs /tmp:size=512m --memory 4g \
    -e TRADING_AI_DATABASE_URL=postgresql://trading:PASSWORD@SERVER:5432/trading \
    -e TRADING_AI_BROKER_URL=redis://:PASSWORD@SERVER:6379/0 \
    trading-ai/optimizer:latest trading-ai worker

or with Python 3.11 or newer, from a checkout:

  pip install . && python -m trading_ai.warm
  export TRADING_AI_DATABASE_URL=postgresql://trading:PASSWORD@SERVER:5432/trading
  export TRADING_AI_BROKER_URL=redis://:PASSWORD@SERVER:6379/0
  trading-ai worker
END
}

fail() {
    printf '✗ %s\n' "$1" >&2
    printf '  Why:  %s\n' "$2" >&2
    printf '  Next: %s\n' "$3" >&2
    exit 1
}

wrong() {
    printf '%s\n\n' "$1" >&2
    usage >&2
    exit 2
}

server='' token='' token_file='' name='' image='' installer='' check_only=0
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --check) check_only=1 ;;
        --token-file | --name | --image | --installer)
            [ $# -ge 2 ] || wrong "$1 needs a value"
            case $1 in
                --token-file) token_file=$2 ;;
                --name) name=$2 ;;
                --image) image=$2 ;;
                --installer) installer=$2 ;;
            esac
            shift
            ;;
        -*) wrong "unknown option: $1" ;;
        *)
            if [ -z "$server" ]; then
                server=$1
            elif [ -z "$token" ]; then
                token=$1
            else
                wrong "one argument too many: $1"
            fi
            ;;
    esac
    shift
done

server=${server:-${K3S_URL:-}}
if [ -n "$token_file" ]; then
    [ -r "$token_file" ] || fail 'This machine was not joined' "the token file $token_file cannot be read" "ls -l $token_file"
    token=$(tr -d '[:space:]' <"$token_file")
fi
token=${token:-${K3S_TOKEN:-}}
name=${name:-$(hostname | tr '[:upper:]' '[:lower:]')}

[ -n "$server" ] || wrong 'The address of the server is missing: give it as the first argument or in K3S_URL.'
[ -n "$token" ] || wrong 'The token is missing: give it in K3S_TOKEN, with --token-file, or as the second argument.'

# 10.0.0.5 -> https://10.0.0.5:6443
case $server in
    https://*) ;;
    *://*) wrong "The server's address begins with https://, not with ${server%%://*}://." ;;
    *) server=https://$server ;;
esac
server=${server%/}
if ! [[ $server =~ ^https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]+)?$ ]]; then
    wrong "This is no address of a server: $server"
fi
[ -n "${BASH_REMATCH[2]}" ] || server=$server:6443
if ! [[ $name =~ ^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$ ]]; then
    wrong "A node cannot be called $name: use small letters, digits and dashes (--name)."
fi

# --- prerequisites: every one is checked before anything changes --------------------------------------------------

problems=()
[ "$(uname -s)" = Linux ] || problems+=("this is $(uname -s); k3s runs on Linux")
case $(uname -m) in
    x86_64 | aarch64 | arm64) ;;
    *) problems+=("this processor is $(uname -m); the image is for x86_64 and aarch64") ;;
esac
[ "$(id -u)" -eq 0 ] || problems+=('this needs root: run it with sudo (sudo -E keeps K3S_TOKEN)')
command -v curl >/dev/null || problems+=('curl is not installed')
if [ -n "$image" ] && [ ! -r "$image" ]; then
    problems+=("the image file $image cannot be read")
fi
if [ -n "$installer" ] && [ ! -r "$installer" ]; then
    problems+=("the installer $installer cannot be read")
fi
if [ -r /proc/meminfo ]; then
    megabytes=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
    [ "$megabytes" -ge "${MINIMUM_MEMORY_MB:-3500}" ] ||
        problems+=("this machine has $megabytes MB of memory; a worker may take 4 GB (MINIMUM_MEMORY_MB changes this check)")
fi
if command -v curl >/dev/null &&
    ! curl --silent --insecure --max-time 10 --output /dev/null "$server/ping"; then
    problems+=("$server does not answer; is the address right, and port 6443 open in the firewall?")
fi
if systemctl is-active --quiet k3s 2>/dev/null; then
    problems+=('this machine is the k3s server: workers run on it already')
fi

if [ "${#problems[@]}" -gt 0 ]; then
    printf '✗ This machine was not joined; nothing was changed\n' >&2
    printf '  Why:  %s\n' "${problems[@]}" >&2
    printf '  Next: put that right, then run this again; --check only checks\n' >&2
    exit 1
fi
printf '✓ This machine can join %s as %s\n' "$server" "$name"
[ "$check_only" -eq 0 ] || exit 0

# --- join ---------------------------------------------------------------------------------------------------------

if systemctl is-active --quiet k3s-agent 2>/dev/null; then
    printf '✓ The k3s agent runs here already; nothing to install\n'
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if [ -z "$installer" ]; then
        installer=$work/install.sh
        curl --silent --show-error --fail --location --proto '=https' --max-time 60 \
            --output "$installer" https://get.k3s.io ||
            fail 'This machine was not joined' 'the installer of k3s could not be downloaded' \
                'download https://get.k3s.io elsewhere and give it with --installer FILE'
    fi
    # The token goes by the environment: arguments can be seen by every user of the machine.
    if ! K3S_URL=$server K3S_TOKEN=$token \
        sh "$installer" agent --node-name "$name" --node-label trading-ai/worker=true; then
        fail 'This machine was not joined' "k3s's installer failed; its last lines above say why" \
            'journalctl -u k3s-agent --no-pager --lines 50'
    fi
fi

if [ -n "$image" ] && ! k3s ctr images import "$image"; then
    fail 'The node has joined, but the image was not loaded' "k3s could not import $image" \
        "k3s ctr images import $image"
fi

cat <<END
✓ $name has joined $server with the label trading-ai/worker=true

On the server:
  kubectl get nodes -l trading-ai/worker=true
  kubectl label node $name trading-ai/worker=true --overwrite    # if the node was there before, without the label
  scripts/scale-workers.sh N
END
