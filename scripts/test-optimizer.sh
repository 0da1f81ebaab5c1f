#!/usr/bin/env bash
# Tests a running deployment: both APIs, the workers, and a small optimization from its start to its ranked results.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/test-optimizer.sh

Prints a line for each check, ✓ or ✗ with the reason, and exits with 1 if any failed. The newest backtest is used for a
small optimization of stop_loss; where there is no backtest, bars made up for the purpose are uploaded and one is run.
What the test has made it deletes at its end.

Environment:
  OPTIMIZER_URL        the optimizer API                                  (http://localhost:30802)
  PIPELINE_URL         the pipeline API                                   (http://localhost:30800)
  TRADING_AI_API_KEY   key that is sent, if any; it needs scope run
  TIMEOUT              seconds that the optimization may take             (120)
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/api.sh
source "${here:-./}lib/api.sh"

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
limit=${TIMEOUT:-120}
if [ $# -ne 0 ] || ! [[ $limit =~ ^[0-9]+$ ]]; then
    wrong 'It takes no arguments, and TIMEOUT is a number of seconds.'
fi

connect 'Nothing was tested'
made_dataset=
made_backtest=
made_optimization=

# What the test has made and a later step has not deleted
clean_up() {
    if [ -n "$made_optimization" ]; then
        request POST "$optimizer/api/v1/optimize/$made_optimization/cancel" || true
        request DELETE "$optimizer/api/v1/optimize/$made_optimization" || true
    fi
    [ -z "$made_backtest" ] || request DELETE "$pipeline/api/v1/backtests/$made_backtest" || true
    [ -z "$made_dataset" ] || request DELETE "$pipeline/api/v1/datasets/$made_dataset" || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check_ready() {
    if request GET "$optimizer/ready"; then
        good "Ready: $(answer '[.checks | keys[]] | join(", ")')"
    else
        local missing
        missing=$(answer '[.checks | to_entries[] | select(.value != "ok") | "\(.key): \(.value)"] | join("; ")')
        bad 'Ready' "${missing:-$reason}"
    fi
}

check_workers() {
    if ! request GET "$optimizer/api/v1/workers/status"; then
        bad 'Workers' "$reason"
        return
    fi
    local online
    online=$(answer '.workers_online')
    if [[ $online =~ ^[1-9][0-9]*$ ]]; then
        good "Workers online: $online"
    else
        bad 'Workers' 'none is online'
    fi
}

# Bars of an hour of January 2024, without the weekends, on a few waves: enough for some dozen trades.
bars() {
    LC_ALL=C awk 'BEGIN {
        print "time,open,high,low,close,volume"
        price = 1.1
        for (day = 1; day <= 31; day++) {
            if (day % 7 == 6 || day % 7 == 0) continue
            for (hour = 0; hour < 24; hour++) {
                i++
                close_ = 1.1 + 0.006 * sin(i / 18) + 0.003 * sin(i / 5.3) + 0.001 * sin(i * 2.1)
                high = (price > close_ ? price : close_) + 0.0004 + 0.0003 * sin(i) ^ 2
                low = (price < close_ ? price : close_) - 0.0004 - 0.0003 * cos(i) ^ 2
                printf "2024-01-%02d %02d:00:00,%.5f,%.5f,%.5f,%.5f,%d\n", day, hour, price, high, low, close_, 1000 + i
                price = close_
            }
        }
    }'
}

make_backtest() {
    bars >"$work/bars.csv"
    request POST "$pipeline/api/v1/datasets" --form "file=@$work/bars.csv;filename=smoke-test.csv" --form symbol=EURUSD \
        --form timeframe=H1 --form timezone=UTC || give_up 'Upload of bars' "$reason"
    local dataset
    dataset=$(answer '.id')
    [ "$(answer '.already_known')" = true ] || made_dataset=$dataset
    good "Upload of bars: $(answer '.n_bars')"
    jq -nc --arg dataset "$dataset" '{dataset_id: $dataset, strategy: "sma_crossover", name: "smoke test"}' >"$work/request"
    request POST "$pipeline/api/v1/backtests" --header 'Content-Type: application/json' --data @"$work/request" ||
        give_up 'Backtest' "$reason"
    made_backtest=$(answer '.id')
    backtest=$made_backtest
    good "Backtest: $(answer '.metrics.total_trades') trades of sma_crossover"
}

find_backtest() {
    request GET "$pipeline/api/v1/backtests?limit=1" || give_up 'Backtests' "$reason"
    backtest=$(answer '.[0].id | strings')
    if [ -n "$backtest" ]; then
        good "Backtest: the newest, $backtest"
    else
        make_backtest
    fi
}

optimize() {
    # Earlier results are not taken over: the workers are to be tested.
    jq -nc --arg backtest "$backtest" '{
        backtest_id: $backtest, parameters: [{name: "stop_loss", min_value: 20, max_value: 60, step: 10}],
        objective: "net_profit", reuse: false, name: "smoke test"}' >"$work/request"
    request POST "$optimizer/api/v1/optimize" --header 'Content-Type: application/json' --data @"$work/request" ||
        give_up 'Start of an optimization' "$reason"
    made_optimization=$(answer '.optimization_id | strings')
    [ "$(answer '.total_tasks')" = 5 ] || give_up 'Start of an optimization' "5 combinations expected: $(<"$work/answer")"
    good 'Start of an optimization: 5 combinations'
}

wait_for_the_end() {
    local deadline=$((SECONDS + limit)) status
    while :; do
        request GET "$optimizer/api/v1/optimize/$made_optimization/status" || give_up 'Optimization' "$reason"
        status=$(answer '.status')
        case $status in
            completed) break ;;
            cancelled | failed) give_up 'Optimization' "it has $status: $(answer '.message')" ;;
        esac
        [ "$SECONDS" -lt "$deadline" ] || give_up 'Optimization' \
            "still $status after $limit s: $(answer '"\(.completed_tasks) / \(.total_tasks)"') tasks; see the workers' log"
        sleep 0.5
    done
    if [ "$(answer '[.completed_tasks, .total_tasks, .failed_tasks] | join(" ")')" = '5 5 0' ]; then
        good 'Optimization: 5 / 5 tasks'
    else
        bad 'Optimization' "$(answer '"\(.completed_tasks) / \(.total_tasks) tasks, \(.failed_tasks) failed"')"
    fi
}

check_results() {
    request GET "$optimizer/api/v1/optimize/$made_optimization/results" || give_up 'Results' "$reason"
    local found
    found=$(answer '
        if [.results[].rank] != [1, 2, 3, 4, 5] then "ranks 1 to 5 expected, \([.results[].rank]) found"
        elif [.results[].parameters.stop_loss] | sort != [20, 30, 40, 50, 60] then "other parameters than asked for"
        elif [.results[].net_profit | type] | unique != ["number"] then "a trial has no profit"
        elif [.results[].net_profit] != ([.results[].net_profit] | sort | reverse) then "they are not ranked by profit"
        elif .best_parameters != .results[0].parameters then "the best parameters are not those of rank 1"
        else "ranked" end')
    if [ "$found" = ranked ]; then
        good "Results: ranked, best stop_loss=$(answer '.best_parameters.stop_loss')"
    else
        bad 'Results' "${found:-what answers is not JSON}"
    fi
}

check_deletion() {
    if ! request DELETE "$optimizer/api/v1/optimize/$made_optimization"; then
        bad 'Deletion' "$reason"
        return
    fi
    made_optimization=
    if [ -n "$made_backtest" ]; then
        request DELETE "$pipeline/api/v1/backtests/$made_backtest" || { bad 'Deletion' "$reason"; return; }
        made_backtest=
    fi
    if [ -n "$made_dataset" ]; then
        request DELETE "$pipeline/api/v1/datasets/$made_dataset" || { bad 'Deletion' "$reason"; return; }
        made_dataset=
    fi
    good 'Deletion of what the test has made'
}

printf '🧪 Testing Optimizer Service\n━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n'
check_health Optimizer "$optimizer"
check_health Pipeline "$pipeline"
if [ "$n_bad" -gt 0 ]; then
    printf '  Start them: trading-ai serve, or scripts/deploy-optimizer.sh; or say where they are: OPTIMIZER_URL, PIPELINE_URL\n'
    summary || exit 1
fi
check_ready
check_docs Optimizer "$optimizer"
check_docs Pipeline "$pipeline"
check_workers
[ "$n_bad" -eq 0 ] || summary || exit 1
find_backtest
optimize
wait_for_the_end
check_results
check_deletion
summary
