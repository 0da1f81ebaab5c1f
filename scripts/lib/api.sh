# shellcheck shell=bash
# What the scripts that talk to the APIs share; sourced by them, not run.

fail() { # fail WHAT WHY NEXT
    printf '✗ %s\n' "$1" >&2
    printf '  Why:  %s\n' "$2" >&2
    printf '  Next: %s\n' "$3" >&2
    exit 1
}

wrong() { # wrong WHAT: wrong arguments; the script's own usage says which are right
    printf '%s\n\n' "$1" >&2
    usage >&2
    exit 2
}

# connect WHAT: finds the programs and addresses that are needed, and a place for answers; WHAT is what fails without.
connect() {
    local command
    for command in curl jq; do
        command -v "$command" >/dev/null || fail "$1" "$command is not installed" \
            "install it: sudo apt-get install $command, sudo dnf install $command or brew install $command"
    done
    optimizer=${OPTIMIZER_URL:-http://localhost:30802}
    optimizer=${optimizer%/}
    pipeline=${PIPELINE_URL:-http://localhost:30800}
    pipeline=${pipeline%/}
    assistant=${ASSISTANT_URL:-http://localhost:30801}
    assistant=${assistant%/}
    work=$(mktemp -d)
}

# request METHOD URL [CURL OPTIONS]: leaves the answer in $work/answer, its HTTP status in $code (000 without an answer)
# and why it is not a good one in $reason.
request() {
    local method=$1 address=$2 rc=0 server
    shift 2
    server=$(sed -E 's,/(api/v1/.*|api/health|healthcheck|health|ready|docs|openapi\.json)$,,' <<<"$address")
    : >"$work/answer"
    # The key goes by standard input: everybody on a machine sees the arguments of its processes.
    code=$(printf '%s' "${TRADING_AI_API_KEY:+X-API-Key: $TRADING_AI_API_KEY}" |
        curl --silent --show-error --globoff --connect-timeout 5 --max-time 120 --header @- --request "$method" \
            --output "$work/answer" --write-out '%{http_code}' "$@" "$address" 2>"$work/errors") || rc=$?
    case $rc in
        0) reason=$(jq -r '.detail | strings' "$work/answer" 2>/dev/null) || true ;;
        6 | 7) reason="nothing answers at $server" ;;
        *) reason="no answer from $server: $(tail -n 1 "$work/errors")" ;;
    esac
    [ "$rc" -eq 0 ] || code=000
    [ -n "$reason" ] || reason="$server answered with HTTP status $code"
    [[ $code == 2?? ]]
}

# advice SCOPE OTHERWISE: what to do about the last answer; SCOPE is what a key needs.
advice() {
    case $code in
        000) printf 'start it (trading-ai serve, or scripts/deploy-optimizer.sh), or say where it is: OPTIMIZER_URL=http://HOST:PORT' ;;
        401 | 403) printf 'set TRADING_AI_API_KEY to a key of scope %s: trading-ai keys create NAME --scope %s' "$1" "$1" ;;
        *) printf '%s' "$2" ;;
    esac
}

# prefix: what a command that is advised must begin with to reach the same server
prefix() {
    [ -z "${OPTIMIZER_URL:-}" ] || printf 'OPTIMIZER_URL=%q ' "$optimizer"
}

# --- for the scripts that test: a line for each check ---------------------------------------------------------------

n_good=0
n_bad=0

good() {
    printf '✓ %s\n' "$1"
    n_good=$((n_good + 1))
}

bad() { # bad WHAT WHY
    printf '✗ %s: %s\n' "$1" "$2"
    n_bad=$((n_bad + 1))
}

summary() {
    if [ "$n_bad" -eq 0 ]; then
        printf '\n✅ All %s checks passed\n' "$n_good"
    else
        printf '\n✗ %s of %s checks failed\n' "$n_bad" $((n_good + n_bad))
    fi
    [ "$n_bad" -eq 0 ]
}

# Gives up: the checks that are left need what has failed.
give_up() {
    bad "$1" "$2"
    summary || exit 1
}

answer() { jq -r "$1" "$work/answer" 2>/dev/null || true; }

check_health() { # check_health NAME URL
    if ! request GET "$2/health"; then
        bad "$1 API" "$reason"
    elif [ "$(answer '.status')" != ok ]; then
        bad "$1 API" "what answers at $2 is not this API"
    else
        good "$1 API: $2, version $(answer '.version')"
    fi
}

check_docs() { # check_docs NAME URL
    if ! request GET "$2/docs"; then
        bad "$1 documentation" "$reason"
    elif ! grep -qi '<html' "$work/answer"; then
        bad "$1 documentation" "$2/docs is not a page"
    else
        good "$1 documentation: $2/docs"
    fi
}
