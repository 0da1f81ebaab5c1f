#!/usr/bin/env bash
# Builds the image of the optimizer: both APIs, workers, Flower and migrations are processes of it.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/build-optimizer.sh [--no-cache]

Builds trading-ai/optimizer:latest from docker/Dockerfile; anything after -- goes to `docker build`.

Environment:
  IMAGE            name of the image            (trading-ai/optimizer:latest)
  BASE_IMAGE       image with Python and venv   (python:3.12-slim)
  CONTAINER_TOOL   docker or podman             (docker)
  KERNEL_CPU       processor that the kernels are compiled for, e.g. x86-64-v3 (this machine's). Set it where the
                   cluster's machines differ: a pod on another processor compiles its kernels again when it starts.
  KERNEL_FEATURES  its features, with KERNEL_CPU, e.g. +avx2,+bmi2,+fma
  PIP_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX   where packages come from, where the public index is out of reach
END
}

line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'

fail() {
    printf '✗ %s\n' "$1" >&2
    printf '  Why:  %s\n' "$2" >&2
    printf '  Next: %s\n' "$3" >&2
    exit 1
}

extra=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --no-cache) extra+=(--no-cache) ;;
        --) shift; extra+=("$@"); break ;;
        *) printf 'unknown option: %s\n\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
image=${IMAGE:-trading-ai/optimizer:latest}
tool=${CONTAINER_TOOL:-docker}

printf '🔨 Building Optimizer Docker Image\n%s\n\n' "$line"

command -v "$tool" >/dev/null || fail 'The image was not built' "$tool is not installed" \
    'install Docker (Debian, Ubuntu: sudo apt-get install docker.io), or set CONTAINER_TOOL=podman'
if ! reason=$("$tool" info 2>&1 >/dev/null); then
    fail 'The image was not built' "$tool does not answer: ${reason:-no reason given}" \
        "sudo systemctl start docker; and: sudo usermod -aG docker $(id -un), then log in again"
fi

arguments=(--file docker/Dockerfile --tag "$image" --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)")
for name in BASE_IMAGE KERNEL_CPU KERNEL_FEATURES PIP_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX; do
    if [ -n "${!name:-}" ]; then
        arguments+=(--build-arg "$name=${!name}")
    fi
done

echo 'Building Docker image...'
if ! "$tool" build "${arguments[@]}" ${extra[@]+"${extra[@]}"} .; then
    fail 'The image was not built' "\`$tool build\` failed; its last lines above say where" \
        'scripts/build-optimizer.sh --no-cache'
fi
printf '✓ Docker image built successfully\n\nImage: %s\n' "$image"
bytes=$("$tool" image inspect --format '{{.Size}}' "$image" 2>/dev/null || true)
case $bytes in
    '' | *[!0-9]*) ;;
    *) printf 'Size:  %s MB\n' "$((bytes / 1000000))" ;;
esac
