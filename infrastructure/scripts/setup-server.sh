#!/usr/bin/env bash
# Makes a bare machine the server of a k3s cluster, ready for scripts/deploy-all.sh; running it again changes nothing.
set -euo pipefail

usage() {
    cat <<'END'
Usage: sudo infrastructure/scripts/setup-server.sh [options]

  1  checks the machine: system, cores, memory, disk, ports, all before anything changes
  2  installs what is missing of curl, jq and Docker
  3  installs k3s as a service, unless it runs already, and waits until the node is ready
  4  gives a user the file with which kubectl speaks to the cluster
  5  makes the namespaces, and looks for the storage that volumes are made of

Options:
  --check             check what is needed, change nothing
  --name NAME         name of the node                          (this machine's host name)
  --user USER         who gets the file for kubectl             (whoever called sudo)
  --installer FILE    k3s's install script, where it cannot be downloaded
  --ingress           keep k3s's own proxy, Traefik, on ports 80 and 443
  -h, --help          this

Environment: INSTALL_K3S_* (handed to k3s's installer; INSTALL_K3S_VERSION chooses a version), TIMEOUT (seconds to wait
for the node and the storage: 300), MINIMUM_CORES (2), MINIMUM_MEMORY_MB (7500), MINIMUM_DISK_GB (40, of /var/lib).

Afterwards:
  scripts/deploy-all.sh                       # the whole system
  infrastructure/scripts/add-worker.sh        # on further machines
END
}

what='This machine was not set up'
fail() { # fail WHY NEXT
    printf '✗ %s\n' "$what" >&2
    printf '  Why:  %s\n' "$1" >&2
    printf '  Next: %s\n' "$2" >&2
    exit 1
}

wrong() {
    printf '%s\n\n' "$1" >&2
    usage >&2
    exit 2
}

name='' user=${SUDO_USER:-} installer='' check_only=0 ingress=0
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --check) check_only=1 ;;
        --ingress) ingress=1 ;;
        --name | --user | --installer)
            [ $# -ge 2 ] || wrong "$1 needs a value"
            case $1 in
                --name) name=$2 ;;
                --user) user=$2 ;;
                --installer) installer=$2 ;;
            esac
            shift
            ;;
        *) wrong "unknown option: $1" ;;
    esac
    shift
done
name=${name:-$(hostname | tr '[:upper:]' '[:lower:]')}
if ! [[ $name =~ ^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$ ]]; then
    wrong "A node cannot be called $name: use small letters, digits and dashes (--name)."
fi
for variable in TIMEOUT MINIMUM_CORES MINIMUM_MEMORY_MB MINIMUM_DISK_GB; do
    [[ ${!variable:-0} =~ ^[0-9]{1,8}$ ]] || wrong "$variable is a whole number, not ${!variable}."
done
limit=${TIMEOUT:-300}

here=$(dirname "${BASH_SOURCE[0]}")
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
runs=0
if systemctl is-active --quiet k3s 2>/dev/null; then
    runs=1
fi

# --- 1: every check is made before anything changes ---------------------------------------------------------------

problems=()
remarks=()
missing=()

[ "$(uname -s)" = Linux ] || problems+=("this is $(uname -s); k3s runs on Linux")
case $(uname -m) in
    x86_64 | aarch64 | arm64) ;;
    *) problems+=("this processor is $(uname -m); the image is for x86_64 and aarch64") ;;
esac
[ "$(id -u)" -eq 0 ] || problems+=('this needs root: run it with sudo')
command -v systemctl >/dev/null || problems+=('there is no systemd, which k3s is a service of')
if systemctl is-active --quiet k3s-agent 2>/dev/null; then
    problems+=('this machine is a node of another server (k3s-agent runs here): take another machine, or k3s-agent-uninstall.sh')
fi
if [ -n "$installer" ] && [ ! -r "$installer" ]; then
    problems+=("the installer $installer cannot be read")
fi
if [ -n "$user" ] && ! id "$user" >/dev/null 2>&1; then
    problems+=("there is no user $user (--user)")
fi
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 0)
[ "$cores" -ge "${MINIMUM_CORES:-2}" ] ||
    problems+=("this machine has $cores cores; the system asks for ${MINIMUM_CORES:-2} (MINIMUM_CORES changes this check)")
if [ -r /proc/meminfo ]; then
    megabytes=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
    [ "$megabytes" -ge "${MINIMUM_MEMORY_MB:-7500}" ] ||
        problems+=("this machine has $megabytes MB of memory; the system asks for 6 GB, besides what runs here (MINIMUM_MEMORY_MB changes this check)")
fi
gigabytes=$(df -Pk /var/lib 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576) }')
[ "${gigabytes:-0}" -ge "${MINIMUM_DISK_GB:-40}" ] ||
    problems+=("/var/lib has ${gigabytes:-0} GB free; volumes and images want ${MINIMUM_DISK_GB:-40} (MINIMUM_DISK_GB changes this check)")
if [ -r /sys/fs/cgroup/cgroup.controllers ] && ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
    problems+=('the kernel counts no memory of containers: boot it with cgroup_enable=memory cgroup_memory=1')
fi
# Ports of k3s and of the services. Those of a k3s that runs already are its own.
if [ "$runs" -eq 0 ]; then
    wanted=(6443 10250 30800 30801 30802 30555 30300)
    [ "$ingress" -eq 0 ] || wanted+=(80 443)
    # Listening sockets as the kernel lists them: state 0A, the port in hexadecimal.
    listening=$(awk '$4 == "0A" { n = split($2, part, ":"); print part[n] }' "${PROC_NET:-/proc/net}"/tcp "${PROC_NET:-/proc/net}"/tcp6 2>/dev/null || true)
    for port in "${wanted[@]}"; do
        if grep -qix "$(printf '%04X' "$port")" <<<"$listening"; then
            problems+=("port $port is taken: sudo ss -ltnp 'sport = :$port' says by what")
        fi
    done
fi
for program in curl jq docker; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ "${#missing[@]}" -gt 0 ] && ! command -v apt-get >/dev/null && ! command -v dnf >/dev/null; then
    problems+=("${missing[*]} must be installed by hand: neither apt-get nor dnf is here")
fi
for firewall in firewalld ufw; do
    if systemctl is-active --quiet "$firewall" 2>/dev/null; then
        remarks+=("$firewall is active: it must let pods (10.42.0.0/16) and services (10.43.0.0/16) through, and further machines to port 6443")
    fi
done

if [ "${#problems[@]}" -gt 0 ]; then
    printf '✗ %s; nothing was changed\n' "$what" >&2
    printf '  Why:  %s\n' "${problems[@]}" >&2
    printf '  Next: put that right, then run this again; --check only checks\n' >&2
    exit 1
fi
printf '✓ This machine can be the server: %s cores, %s MB of memory, %s GB free\n' "$cores" "${megabytes:-?}" "$gigabytes"
[ "${#remarks[@]}" -eq 0 ] || printf '! %s\n' "${remarks[@]}"
if [ "$check_only" -eq 1 ]; then
    [ "${#missing[@]}" -eq 0 ] || printf '! To be installed: %s\n' "${missing[*]}"
    [ "$runs" -eq 0 ] || printf '✓ k3s runs here already\n'
    exit 0
fi

# --- 2: programs --------------------------------------------------------------------------------------------------

if [ "${#missing[@]}" -gt 0 ]; then
    printf 'Installing %s ...\n' "${missing[*]}"
    packages=("${missing[@]}")
    if command -v apt-get >/dev/null; then
        packages=("${packages[@]/#docker/docker.io}")
        if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"; } \
            >"$work/log" 2>&1; then
            tail -n 5 "$work/log" >&2
            fail "${missing[*]} could not be installed; apt-get's last lines are above" \
                "sudo apt-get update && sudo apt-get install ${packages[*]}"
        fi
    else
        packages=("${packages[@]/#docker/moby-engine}")
        if ! dnf install -y -q "${packages[@]}" >"$work/log" 2>&1; then
            tail -n 5 "$work/log" >&2
            fail "${missing[*]} could not be installed; dnf's last lines are above" "sudo dnf install ${packages[*]}"
        fi
    fi
fi
printf '✓ curl, jq and docker are installed\n'

# --- 3: k3s -------------------------------------------------------------------------------------------------------

if [ "$runs" -eq 1 ]; then
    printf '✓ k3s runs here already; nothing to install\n'
else
    if [ -z "$installer" ]; then
        installer=$work/install.sh
        curl --silent --show-error --fail --location --proto '=https' --max-time 60 \
            --output "$installer" https://get.k3s.io ||
            fail 'the installer of k3s could not be downloaded' \
                'download https://get.k3s.io elsewhere and give it with --installer FILE'
    fi
    arguments=(server --node-name "$name" --write-kubeconfig-mode 600)
    # Nothing of the system uses it, and it wants ports 80 and 443.
    [ "$ingress" -eq 1 ] || arguments+=(--disable traefik)
    sh "$installer" "${arguments[@]}" ||
        fail "k3s's installer failed; its last lines above say why" 'journalctl -u k3s --no-pager --lines 50'
fi

kube() { k3s kubectl "$@"; }

what='k3s is installed, but the cluster is not ready'
last() { # the last line that was an error
    local found
    found=$(grep -v '^[[:space:]]*$' "$work/errors" 2>/dev/null | tail -n 1 || true)
    printf '%s' "${found:-no reason given}"
}

wait_for() { # wait_for WHY NEXT COMMAND...: until the command succeeds
    local why=$1 next=$2 deadline=$((SECONDS + limit))
    shift 2
    until "$@" 2>"$work/errors"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "$why within $limit s: $(last)" "$next"
        sleep "${POLL_SECONDS:-2}"
    done
}

is_ready() {
    local found
    found=$(kube get nodes --output 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}') ||
        return 1
    grep -q True <<<"$found" || { printf 'none says that it is\n' >&2; return 1; }
}
wait_for 'the node was not ready' \
    'systemctl status k3s; journalctl -u k3s --no-pager --lines 50; sudo k3s kubectl describe nodes' is_ready
printf '✓ The node %s is ready\n' "$name"

# --- 4: the file for kubectl --------------------------------------------------------------------------------------

source_file=${K3S_KUBECONFIG:-/etc/rancher/k3s/k3s.yaml}
[ -r "$source_file" ] || fail "$source_file, by which kubectl speaks to the cluster, is not there" 'systemctl status k3s'
if [ -n "$user" ]; then
    home=$(getent passwd "$user" | cut -d : -f 6)
    kubeconfig=$home/.kube/config
    if [ -e "$kubeconfig" ] && ! cmp -s "$source_file" "$kubeconfig"; then
        # It may lead to other clusters, which are not ours to lose.
        kubeconfig=$home/.kube/trading-ai
        printf '! %s is of another cluster and stays: export KUBECONFIG=%s\n' "$home/.kube/config" "$kubeconfig"
    fi
    mkdir -p "$home/.kube"
    install -m 600 "$source_file" "$kubeconfig"
    chown "$user" "$home/.kube" "$kubeconfig" 2>/dev/null ||
        fail "$kubeconfig could not be given to $user" "sudo chown $user $home/.kube $kubeconfig"
    printf '✓ kubectl of %s speaks to the cluster: %s\n' "$user" "$kubeconfig"
else
    printf '✓ kubectl speaks to the cluster with: export KUBECONFIG=%s\n' "$source_file"
fi

# --- 5: namespaces and storage ------------------------------------------------------------------------------------

for file in "$root/kubernetes/base/namespaces.yaml" "$root/kubernetes/monitoring/namespace.yaml"; do
    kube apply --filename "$file" >/dev/null 2>"$work/errors" ||
        fail "the namespaces could not be made: $(last)" "sudo k3s kubectl apply --filename $file"
done
printf '✓ Namespaces: trading-system, databases, monitoring\n'

storage=
has_storage() {
    storage=$(kube get storageclass --output \
        'jsonpath={range .items[?(@.metadata.annotations.storageclass\.kubernetes\.io/is-default-class=="true")]}{.metadata.name}{"\n"}{end}') ||
        return 1
    storage=$(head -n 1 <<<"$storage")
    [ -n "$storage" ] || { printf 'no storage class is the default\n' >&2; return 1; }
}
wait_for 'there was no storage for volumes' \
    'sudo k3s kubectl get storageclass; sudo k3s kubectl --namespace kube-system get pods' has_storage
printf '✓ Storage for volumes: %s\n' "$storage"

cat <<END

✅ The server is ready

Next:
  scripts/deploy-all.sh

Further machines, with the token of this one (sudo cat /var/lib/rancher/k3s/server/node-token):
  sudo infrastructure/scripts/add-worker.sh SERVER --token-file FILE
END
