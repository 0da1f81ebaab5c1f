#!/bin/sh
# Starts a process of the image: hands it compiled kernels that it may add to, then becomes it.
#
# Numba wants to write where it caches, and the image cannot be written to. So the kernels that were compiled when
# the image was built are copied to a folder of this container, where kernels of new strategies join them.
set -eu

if [ "${1:-}" = health ]; then
    exec python -c '
import os, sys, urllib.request
url = os.environ.get("HEALTH_URL")
try:
    sys.exit(bool(url) and urllib.request.urlopen(url, timeout=4).status != 200)
except OSError as error:
    sys.exit(f"{url}: {error}")
'
fi

kernels=${TRADING_AI_KERNELS:-/opt/trading-ai/kernels}
if [ -r "$kernels/processor" ]; then
    { read -r cpu || true; read -r features || true; } < "$kernels/processor"
    export NUMBA_CPU_NAME="${NUMBA_CPU_NAME:-$cpu}" NUMBA_CPU_FEATURES="${NUMBA_CPU_FEATURES:-$features}"
fi
# Empty means the processor of this machine, which Numba takes when neither is set.
[ -n "${NUMBA_CPU_NAME:-}" ] || unset NUMBA_CPU_NAME NUMBA_CPU_FEATURES

if [ -n "${NUMBA_CACHE_DIR:-}" ] && [ ! -w "$NUMBA_CACHE_DIR" ]; then
    own=$(mktemp -d "${TMPDIR:-/tmp}/kernels.XXXXXX")
    cp -R "$NUMBA_CACHE_DIR/." "$own/"
    chmod -R u+w "$own"
    export NUMBA_CACHE_DIR="$own"
fi

exec "$@"
