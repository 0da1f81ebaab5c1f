#!/usr/bin/env bash
# Starts an optimization: every combination of a backtest's parameters within ranges.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/run-optimization.sh [--yes] BACKTEST_ID PARAM MIN MAX STEP [PARAM MIN MAX STEP]...

Shows what would be tested, asks, and starts it. MIN and MAX are both tested, where STEP leads to MAX.

  scripts/run-optimization.sh latest stop_loss 20 80 2
  scripts/run-optimization.sh latest stop_loss 20 80 2 take_profit 40 200 10

BACKTEST_ID is an id, a unique beginning of one, or latest. Backtests there are:
  curl -s http://localhost:30800/api/v1/backtests | jq -r '.[] | [.id, .name, .strategy] | @tsv'

Options:
  -y, --yes   start without asking

Environment:
  OPTIMIZER_URL        the optimizer API                   (http://localhost:30802)
  PIPELINE_URL         the pipeline API, named in advice   (http://localhost:30800)
  TRADING_AI_API_KEY   key that is sent, if any; it needs scope run
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/api.sh
source "${here:-./}lib/api.sh"

yes=0
words=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        -y | --yes) yes=1 ;;
        --*) wrong "unknown option: $1" ;;
        *) words+=("$1") ;;
    esac
    shift
done
set -- ${words[@]+"${words[@]}"}
[ $# -ge 5 ] && [ $((($# - 1) % 4)) -eq 0 ] ||
    wrong 'It takes a backtest, and for each parameter its name, MIN, MAX and STEP.'

backtest=$1
shift
if [ -z "$backtest" ] || [ "$backtest" = null ]; then
    wrong 'There is no backtest: BACKTEST_ID is empty. Make one first: trading-ai backtest run --help'
fi
[[ $backtest =~ ^[A-Za-z0-9-]+$ ]] || wrong "BACKTEST_ID has letters, digits and dashes only: $backtest"
i=0
for word in "$@"; do
    case $((i++ % 4)) in
        0)
            name=$word
            [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || wrong "PARAM must be a parameter's name, such as stop_loss: $name"
            ;;
        *) [[ $word =~ ^-?[0-9]+(\.[0-9]+)?$ ]] || wrong "$name: must be a number, such as 20 or 0.5: $word" ;;
    esac
done

connect 'Nothing was started'
trap 'rm -rf "$work"' EXIT

parameters='[]'
counts=()
shown=
while [ $# -gt 0 ]; do
    # Counted in whole units of the last decimal place: (0.3 - 0.1) / 0.1 is a little below 2 in binary.
    count=$(jq -nr --arg min "$2" --arg max "$3" --arg step "$4" '
        pow(10; [$min, $max, $step | split(".")[1] // "" | length] | max) as $unit
        | [$min, $max, $step | tonumber * $unit | round] as [$min, $max, $step]
        | if $step <= 0 then "step" elif $min > $max then "order" else ($max - $min) / $step | floor + 1 end')
    case $count in
        step) wrong "$1: STEP must be above zero: $4" ;;
        order) wrong "$1: MIN must not be above MAX: $2, $3" ;;
    esac
    counts+=("$count")
    shown="${shown}Parameter: $1"$'\n'"Range: $2 to $3 (step: $4)"$'\n'
    parameters=$(jq -c --arg name "$1" --arg min "$2" --arg max "$3" --arg step "$4" '
        . + [{name: $name, min_value: ($min | tonumber), max_value: ($max | tonumber), step: ($step | tonumber)}]
        ' <<<"$parameters")
    shift 4
done

printf '⚡ Run Parameter Optimization\n━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n'
request GET "$optimizer/health" || fail 'Nothing was started' "$reason" "$(advice run "curl $optimizer/health")"
printf 'Backtest ID: %s\n%s' "$backtest" "$shown"

total=$(printf '%s\n' "${counts[@]}" | jq -s 'reduce .[] as $n (1; . * $n)')
printf '\nTotal combinations to test: %s' "$total"
if [ ${#counts[@]} -gt 1 ]; then
    printf ' (%s' "${counts[0]}"
    printf ' × %s' "${counts[@]:1}"
    printf ')'
fi
printf '\n\n'

if [ "$yes" -eq 0 ]; then
    printf 'Continue? (yes/no): '
    if ! read -r answer && [ -z "$answer" ]; then
        printf '\n'
        fail 'Nothing was started' 'there was no answer' 'answer yes, or start without a question: --yes'
    fi
    [ -t 0 ] || printf '%s\n' "$answer" # a terminal has shown it already
    case $answer in
        [Yy] | [Yy][Ee][Ss]) ;;
        *) printf 'Nothing was started.\n'; exit 0 ;;
    esac
    printf '\n'
fi

printf 'Starting optimization...\n\n'
jq -nc --arg backtest "$backtest" --argjson parameters "$parameters" \
    '{backtest_id: $backtest, parameters: $parameters, optimization_type: "grid_search"}' >"$work/request"
if ! request POST "$optimizer/api/v1/optimize" --header 'Content-Type: application/json' --data @"$work/request"; then
    next="look which parameters there are: curl $pipeline/api/v1/strategies"
    [ "$code" != 404 ] || next="look which backtests there are: curl $pipeline/api/v1/backtests"
    fail 'Nothing was started' "$reason" "$(advice run "$next")"
fi
id=$(jq -r '.optimization_id | strings' "$work/answer" 2>/dev/null) || true
[ -n "$id" ] || fail 'It is unknown whether anything was started' "what answers at $optimizer is not the optimizer" \
    "curl $optimizer/docs"

printf 'Response:\n'
jq . "$work/answer"
cat <<END

✅ Optimization started!

Optimization ID: $id

Monitor progress:
  $(prefix)$(dirname "$0")/check-optimization-status.sh $id
END
