#!/usr/bin/env bash
# Provides what `make test-deploy` needs beside the test tools: a container engine, Compose, a way to make a base image.
set -euo pipefail

packages=()
command -v dockerd >/dev/null || packages+=(docker.io)
command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || packages+=(docker-compose)
command -v debootstrap >/dev/null || packages+=(debootstrap)
command -v jq >/dev/null || packages+=(jq)
command -v curl >/dev/null || packages+=(curl)
[ "${#packages[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    printf 'These are missing: %s. Installing them needs root on Debian or Ubuntu.\n' "${packages[*]}" >&2
    exit 1
fi
printf 'Installing %s ...\n' "${packages[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
