#!/usr/bin/env bash
# Watches an optimization until it ends.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/check-optimization-status.sh ID

Shows how far an optimization is, again every 5 seconds, until it ends. In a terminal the lines are redrawn in place;
elsewhere there is one line for each change. Ctrl-C stops watching; the optimization goes on.

ID is an id, a unique beginning of one, or latest.

A paused one is not watched: why it is paused and how it goes on is said instead.

Exit codes: 0 completed; 1 failed, cancelled, or its state cannot be read; 2 wrong arguments; 3 paused; 130 Ctrl-C.

Environment:
  OPTIMIZER_URL        the optimizer API                     (http://localhost:30802)
  TRADING_AI_API_KEY   key that is sent, if any
  POLL_SECONDS         seconds between two looks             (5)
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/api.sh
source "${here:-./}lib/api.sh"

case ${1:-} in
    -h | --help) usage; exit 0 ;;
    -*) wrong "unknown option: $1" ;;
esac
[ $# -eq 1 ] || wrong 'It takes the ID of an optimization.'
[[ $1 =~ ^[A-Za-z0-9-]+$ ]] || wrong "ID has letters, digits and dashes only: $1"
id=$1
seconds=${POLL_SECONDS:-5}
[[ $seconds =~ ^[0-9]+(\.[0-9]+)?$ ]] || wrong "POLL_SECONDS must be a number: $seconds"

connect 'The status is unknown'
live=0
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    live=1
fi
height=0    # lines that the next drawing replaces
watching=0  # whether its state was read before

leave() {
    [ "$live" -eq 0 ] || printf '\033[?7h\033[?25h' # lines wrap again, the cursor is seen again
    rm -rf "$work"
}
trap leave EXIT
trap 'printf "\nStopped watching; the optimization goes on.\n"; exit 130' INT
trap 'exit 143' TERM

# look: reads the state into variables. A server that has answered before may be away for a minute, as in an update.
look() {
    local missed=0 fields
    until request GET "$optimizer/api/v1/optimize/$id/status"; do
        if ! [[ $code == 000 || $code == 5?? ]] || [ "$watching" -eq 0 ] || [ "$missed" -ge 12 ]; then
            fail 'The status is unknown' "$reason" \
                "$(advice read "look which there are: curl $optimizer/api/v1/optimize")"
        fi
        [ "$missed" -gt 0 ] || printf 'Trying again: %s\n' "$reason"
        missed=$((missed + 1))
        height=0
        sleep "$seconds"
    done
    fields=$(jq -r '
        [.optimization_id, .status, (.progress_percent * 10 | round | "\(. / 10 | floor).\(. % 10)"),
         (.progress_percent / 2 | floor), .completed_tasks, .total_tasks, .failed_tasks, .message // ""] | @tsv
        ' "$work/answer" 2>/dev/null) ||
        fail 'The status is unknown' "what answers at $optimizer is not the optimizer" \
            "curl $optimizer/docs"
    IFS=$'\t' read -r full status percent marks completed total failed message <<<"$fields"
    watching=1
}

bar() {
    local full_part rest
    printf -v full_part '%*s' "$marks" ''
    printf -v rest '%*s' $((50 - marks)) ''
    printf '[%s%s]' "${full_part// /=}" "$rest"
}

draw() { # draw WHETHER-IT-GOES-ON
    local text
    text=$(
        printf '\nStatus: %s\nProgress: %s%%\nCompleted: %s / %s tasks\n' "$status" "$percent" "$completed" "$total"
        [ "$failed" -eq 0 ] || printf 'Failed: %s\n' "$failed"
        [ "$status" != running ] || [ -z "$message" ] || printf 'Message: %s\n' "$message"
        printf '\n%s %s%%\n' "$(bar)" "$percent"
        [ "$1" -eq 0 ] || printf '\nRefreshing in %s seconds... (Ctrl+C to stop)\n' "$seconds"
    )
    [ "$height" -eq 0 ] || printf '\033[%dA\033[J' "$height"
    printf '%s\n' "$text"
    height=$(wc -l <<<"$text")
}

said=
tell() {
    local text="Status: $status  Progress: $percent%  Completed: $completed / $total tasks"
    [ "$failed" -eq 0 ] || text="$text  Failed: $failed"
    [ "$status" != running ] || [ -z "$message" ] || text="$text  Message: $message"
    [ "$text" = "$said" ] || printf '%s  %s\n' "$text" "$(bar)"
    said=$text
}

show() {
    if [ "$live" -eq 1 ]; then draw "$1"; else tell; fi
}

look
line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
printf '%s\n📊 Optimization Status\n%s\n\nOptimization ID: %s\n' "$line" "$line" "$full"
[ "$live" -eq 0 ] || printf '\033[?7l\033[?25l' # a line that wraps would be two to redraw
while :; do
    case $status in
        completed)
            show 0
            printf '\n✅ Optimization completed!\n\nGet results:\n  %s%s/get-optimization-results.sh %s\n' \
                "$(prefix)" "$(dirname "$0")" "$full"
            exit 0
            ;;
        cancelled | failed)
            show 0
            printf '\n✗ Optimization %s%s\n' "$status" "${message:+: $message}" >&2
            exit 1
            ;;
        paused)
            show 0
            printf '\nOptimization paused%s\n\nGo on with it:\n  curl -X POST %s/api/v1/optimize/%s/resume\n' \
                "${message:+: $message}" "$optimizer" "$full" >&2
            exit 3
            ;;
    esac
    show 1
    sleep "$seconds"
    look
done
