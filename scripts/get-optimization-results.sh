#!/usr/bin/env bash
# Shows the best trials of an optimization and the best parameters.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/get-optimization-results.sh ID [N]
       scripts/get-optimization-results.sh ID --top N

Shows the N best trials (10), best first by what the optimization was to maximize, and the best parameters as JSON.
Works while an optimization runs, too: with the trials there are. What a trial does not have is shown as n/a.

ID is an id, a unique beginning of one, or latest.

Everything as a file:  curl -H 'Accept: text/csv' 'http://localhost:30802/api/v1/optimize/ID/results?limit=10000'

Environment:
  OPTIMIZER_URL        the optimizer API                                        (http://localhost:30802)
  PIPELINE_URL         the pipeline API, asked for the currency of the account  (http://localhost:30800)
  TRADING_AI_API_KEY   key that is sent, if any
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/api.sh
source "${here:-./}lib/api.sh"

words=()
top=
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --top)
            [ $# -gt 1 ] || wrong '--top takes a number.'
            top=$2
            shift
            ;;
        --top=*) top=${1#--top=} ;;
        -*) wrong "unknown option: $1" ;;
        *) words+=("$1") ;;
    esac
    shift
done
set -- ${words[@]+"${words[@]}"}
[ $# -ge 1 ] && [ $# -le 2 ] || wrong 'It takes the ID of an optimization.'
[[ $1 =~ ^[A-Za-z0-9-]+$ ]] || wrong "ID has letters, digits and dashes only: $1"
id=$1
top=${top:-${2:-10}}
[[ $top =~ ^[1-9][0-9]{0,4}$ ]] && [ "$top" -le 10000 ] || wrong "N is a number from 1 to 10000: $top"

connect 'There are no results'
trap 'rm -rf "$work"' EXIT

get() { # get PATH: of the optimizer
    request GET "$optimizer$1" ||
        fail 'There are no results' "$reason" "$(advice read "look which there are: curl $optimizer/api/v1/optimize")"
}

line='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
printf '🏆 Get Optimization Results\n%s\n\nFetching results for: %s\n\n' "$line" "$id"

get "/api/v1/optimize/$id"
state=$(jq -r '[.optimization_id, .backtest_id, .status, .completed_tasks, .total_tasks] | @tsv' "$work/answer" 2>/dev/null) ||
    fail 'There are no results' "what answers at $optimizer is not the optimizer" \
        "curl $optimizer/docs"
IFS=$'\t' read -r full backtest status completed total <<<"$state"

# Amounts are in the account's currency, which the backtest knows; without it they are bare numbers.
currency=
if request GET "$pipeline/api/v1/backtests/$backtest"; then
    currency=$(jq -r '.account_currency | strings' "$work/answer" 2>/dev/null) || true
fi

get "/api/v1/optimize/$full/results?limit=$top"
if [ "$(jq '.results | length' "$work/answer")" -eq 0 ]; then
    fail 'There are no results' "the optimization is $status, and no trial is finished" \
        "$(dirname "$0")/check-optimization-status.sh $full"
fi

printf '%s\nTop Results Summary\n%s\n\n' "$line" "$line"
if [ "$status" != completed ]; then
    printf 'The optimization is %s: %s / %s tasks\n\n' "$status" "$completed" "$total"
fi
jq -r --arg currency "$currency" '
    def zeros: . as $n | [range($n) | "0"] | join("");
    def digits($places): if . >= 1e15 then tostring else
        (. * pow(10; $places) | round | tostring) as $n | (($places + 1 - ($n | length) | zeros) + $n)
        | .[:-$places] + "." + .[-$places:] end;
    def shown($places; $before; $after): if . == null then "n/a" else
        (fabs | digits($places)) as $text
        | (if . < 0 and ($text | test("[1-9]")) then "-" else "" end) + $before + $text + $after end;
    def money: if $currency == "USD" then shown(2; "$"; "")
        else shown(2; ""; if $currency == "" then "" else " " + $currency end) end;
    .results[]
    | "Rank \(.rank): " + ([.parameters | to_entries[] | "\(.key)=\(.value)"] | join(", ")),
      "  → Profit: \(.net_profit | money) | Win Rate: \(.win_rate | shown(1; ""; "%")) | Sharpe: \(.sharpe_ratio | shown(2; ""; ""))"
          + if .error != null then " | Error: \(.error)" elif .feasible == false then " | breaks a constraint" else "" end,
      ""' "$work/answer"
jq -r '"By \(.objective); \(.note).",
    (select(.costs_stated) | "Costs: \(.costs_stated)."), (.warnings // [] | .[] | "Warning: \(.)"), ""' "$work/answer"
printf 'Best Parameters:\n'
jq .best_parameters "$work/answer"
